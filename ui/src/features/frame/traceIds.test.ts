import { expect, it } from "vitest";
import { idPrefix, maybeId, wholeId } from "./traceIds";

const HEX = "a3fdbf7b00112233445566778899aabb";

it.each([
  [HEX, `tr-${HEX}`, false, null],
  [`tr-${HEX.toUpperCase()}`, `tr-${HEX}`, false, null],
  ["a3fdbf7b", null, false, "tr-a3fdbf7b"],
  ["tr-A3FDBF", null, false, "tr-a3fdbf"],
  ["a3fdb", null, false, null],
  ["tr-a3", null, false, null],
  ["tr-nightly", null, true, null],
  ["request-42", null, true, null],
  ["theme", null, false, null],
  ["two words 2", null, false, null],
])("%s", (text, whole, maybe, prefix) => {
  expect([wholeId(text), maybeId(text), idPrefix(text)]).toEqual([whole, maybe, prefix]);
});
