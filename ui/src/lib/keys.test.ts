import { afterEach, expect, it, vi } from "vitest";
import { isCovered, isTyping, patternOf } from "./keys";

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

afterEach(() => vi.restoreAllMocks());

it("keys rest while a dialog or popover is open, and only then", () => {
  const asked = vi.spyOn(document, "querySelector").mockReturnValue(null);
  expect(isCovered()).toBe(false);
  expect(asked.mock.calls[0]?.[0]).toBe("dialog:modal, [popover=auto]:popover-open");
  asked.mockReturnValue(document.createElement("div"));
  expect(isCovered()).toBe(true);
});

it("keys belong to fields that are written in", () => {
  const input = (type: string) => Object.assign(document.createElement("input"), { type });
  expect(isTyping(input("text"))).toBe(true);
  expect(isTyping(document.createElement("textarea"))).toBe(true);
  expect(isTyping(input("radio"))).toBe(false);
  expect(isTyping(document.createElement("button"))).toBe(false);
  expect(isTyping(null)).toBe(false);
});
