import { expect, it } from "vitest";
import { tagProblem } from "./TagEditor";

it("a tag needs a value", () => {
  expect(tagProblem(" team ", "  ")).toBe("“team” needs a value.");
  expect(tagProblem("team", "search")).toBeNull();
});
