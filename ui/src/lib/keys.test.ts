import { expect, it } from "vitest";
import { patternOf } from "./keys";

it.each([
  [{ key: "j" }, "j"],
  [{ key: "J", shiftKey: true }, "J"],
  [{ key: "k", metaKey: true }, "mod+k"],
  [{ key: "L", ctrlKey: true, shiftKey: true }, "mod+shift+l"],
  [{ key: "Enter", shiftKey: true }, "shift+Enter"],
  [{ key: "?", shiftKey: true }, "?"],
] as const)("%o is %s", (init, pattern) => {
  expect(patternOf(new KeyboardEvent("keydown", init))).toBe(pattern);
});
