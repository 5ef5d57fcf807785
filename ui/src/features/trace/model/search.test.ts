import { describe, expect, test } from "vitest";
import { treeOf } from "./fixture";
import { firstError, searchRows, stepThrough } from "./search";
import { buildSkeleton } from "./skeleton";
import { previousModelCall, tellStory, toldRows, toolSpanOf } from "./story";

const skeleton = buildSkeleton(
  treeOf([
    { name: "support agent", type: "AGENT", duration: 100 },
    { name: "chat", type: "LLM", parent: 0, start: 1, duration: 5, model: "gpt-4o", tokens: 10 },
    { name: "execute_tool search", type: "TOOL", parent: 0, start: 10, duration: 30, status: 2 },
    { name: "GET api", parent: 2, start: 11, duration: 4, status: 2 },
    { name: "GET cdn", parent: 2, start: 16, duration: 4 },
    { name: "chat", type: "LLM", parent: 0, start: 50, duration: 5, model: "gpt-4o-mini" },
    { name: "ChatOpenAI", type: "LLM", parent: 5, start: 51, duration: 3, model: "gpt-4o-mini" },
    { name: "search", type: "TOOL", parent: 0, start: 60, duration: 5 },
  ]),
);

describe("search", () => {
  const check = (text: string, rows: number[]) => expect([...searchRows(skeleton, text)]).toEqual(rows);
  test("by name, in any case", () => check("SUPPORT", [0]));
  test("by type", () => check("tool", [2, 7]));
  test("by model", () => check("4o-mini", [5, 6]));
  test("every word must match", () => check("chat mini", [5, 6]));
  test("nothing for nothing", () => check("  ", []));
});

describe("stepping", () => {
  const { errors } = skeleton;
  const check = (from: number, delta: 1 | -1, to: number) =>
    expect(stepThrough(skeleton, errors, from, delta)).toBe(to);
  test("to the next and the one before", () => {
    check(2, 1, 3);
    check(3, -1, 2);
  });
  test("from a row in between", () => {
    check(0, 1, 2);
    check(5, -1, 3);
  });
  test("round at the ends", () => {
    check(7, 1, 2);
    check(2, -1, 3);
  });
  test("nowhere if there is none", () => expect(stepThrough(skeleton, new Int32Array(0), 0, 1)).toBe(-1));
});

test("the first error is the innermost one that ended first", () => expect(firstError(skeleton)).toBe(3));

describe("story", () => {
  const told = (closed: number[] = []) =>
    tellStory(skeleton, new Set(closed)).map((item) => `${item.kind} ${item.row}`);
  test("question, steps and answer; plumbing only where it failed; wrapped model calls once", () =>
    expect(told()).toEqual(["asked 0", "group 0", "step 1", "step 2", "step 3", "step 5", "step 7", "answer 0"]));
  test("the keys step through what is told", () => expect([...toldRows(skeleton)]).toEqual([0, 1, 2, 3, 5, 7]));
  test("a folded group hides its steps and counts them", () => {
    expect(told([0])).toEqual(["asked 0", "group 0", "answer 0"]);
    expect(tellStory(skeleton, new Set([0]))[1]?.steps).toBe(5);
  });
  test("a trace without models and agents is told whole", () => {
    const plain = buildSkeleton(treeOf([{ name: "GET" }, { name: "SELECT", parent: 0 }]));
    expect(tellStory(plain, new Set()).map((item) => item.row)).toEqual([0, 0, 1, 0]);
  });
});

test("a tool call leads to the span that ran it", () => {
  expect(toolSpanOf(skeleton, 1, "search")).toBe(2);
  expect(toolSpanOf(skeleton, 1, "search", 1)).toBe(7);
  expect(toolSpanOf(skeleton, 6, "search")).toBe(7);
  expect(toolSpanOf(skeleton, 1, "unknown")).toBe(-1);
});

test("the model call before is not one that wraps this one", () => {
  expect(previousModelCall(skeleton, 5)).toBe(1);
  expect(previousModelCall(skeleton, 6)).toBe(1);
  expect(previousModelCall(skeleton, 1)).toBe(-1);
});
