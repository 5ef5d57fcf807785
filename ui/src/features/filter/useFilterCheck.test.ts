import { expect, it } from "vitest";
import type { FilterProblem } from "../../api/types";
import { fixed, worthShowing } from "./useFilterCheck";

function problem(start: number, end: number, suggestion: string | null = null): FilterProblem {
  return { message: "", start, end, expected: [], suggestion };
}

it("a problem at the cursor is not shown, one elsewhere is", () => {
  const text = "stauts = 'OK' AND session = ";
  expect(worthShowing(text, [problem(0, 6), problem(18, 27)], text.length)).toEqual([problem(0, 6)]);
  expect(worthShowing(text, [problem(0, 6)], 3)).toEqual([]);
  expect(worthShowing(text, [problem(18, 27)], 3)).toEqual([problem(18, 27)]);
});

it("a suggestion takes the place of its bytes, which are not the editor's units", () => {
  expect(fixed("name = 'é😀' AND stauts = 'OK'", problem(20, 26, "status"))).toBe("name = 'é😀' AND status = 'OK'");
  expect(fixed("stauts", problem(0, 6))).toBe("stauts");
});
