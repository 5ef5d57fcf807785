import { expect, it } from "vitest";
import type { FilterProblem } from "../../api/types";
import { fixed, saysMore, searchOf, worthShowing } from "./useFilterCheck";

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

it("bare words are searched for at once, other faults are not guessed at", () => {
  const words = { ...problem(18, 24, "text ~ 'refund'"), message: "`refund` is no clause; to search for words, …" };
  const text = "status = 'OK' AND refund";
  expect(searchOf(text, [words])).toBe("status = 'OK' AND text ~ 'refund'");
  expect(searchOf(text, [words, problem(0, 6)])).toBeNull();
  expect(searchOf("stauts = 'OK'", [problem(0, 6, "status")])).toBeNull();
  expect(searchOf("status", [problem(0, 6)])).toBeNull();
});

it("what was expected is not said twice", () => {
  const listed = { ...problem(0, 3), message: "unknown field `foo`; fields are `name`, …", expected: ["name", "user"] };
  expect(saysMore(listed)).toBe(false);
  expect(saysMore({ ...listed, message: "`foo` is unknown" })).toBe(true);
  expect(saysMore({ ...listed, message: "`foo` is unknown", suggestion: "name" })).toBe(false);
  expect(saysMore(problem(0, 3))).toBe(false);
});
