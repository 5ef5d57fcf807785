import { expect, it } from "vitest";
import { ownFilter } from "./ownFilter";

it("a facet is counted without the clauses that include its values", () => {
  expect(ownFilter("model = 'a' AND status = 'OK'", "model")).toBe("status = 'OK'");
  expect(ownFilter("model IN ('a', 'b') AND NOT model = 'c'", "model")).toBe("NOT model = 'c'");
  expect(ownFilter("span(model IN ('a', 'b')) AND span(type = 'TOOL')", "model")).toBe("span(type = 'TOOL')");
  expect(ownFilter("span(model = 'a') AND span(type = 'TOOL')", "span.type")).toBe("span(model = 'a')");
  expect(ownFilter("span(model = 'a' AND type = 'TOOL')", "model")).toBeNull();
  expect(ownFilter("model = 'a' AND span.type = 'TOOL'", "model")).toBeNull();
  expect(ownFilter("status = 'OK' AND model = 'a'", "name")).toBeNull();
  expect(ownFilter("model = 'a' OR status = 'OK'", "model")).toBeNull();
});
