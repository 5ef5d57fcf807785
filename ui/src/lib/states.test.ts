import { expect, it } from "vitest";
import { spanStateName } from "./states";

it.each([
  [{ open: true, failed: false, ok: false }, "Running"],
  [{ open: true, failed: true, ok: false }, "Error"],
  [{ open: false, failed: false, ok: true }, "OK"],
  [{ open: false, failed: false, ok: false }, "–"],
])("a span %o is said to be %s", (span, word) => {
  expect(spanStateName(span)).toBe(word);
});
