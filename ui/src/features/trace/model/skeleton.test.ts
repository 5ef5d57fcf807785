import { describe, expect, test } from "vitest";
import { type SpanLine, treeOf } from "./fixture";
import { parseSkeleton, transferables } from "./load";
import { buildSkeleton, idOf, ORPHAN, rowOf, selfSegments } from "./skeleton";

const build = (spans: SpanLine[]) => buildSkeleton(treeOf(spans));

describe("shape", () => {
  const skeleton = build([
    { name: "agent" },
    { name: "llm", parent: 0, start: 1, tokens: 100, cost: 0.5, model: "m" },
    { name: "tool", parent: 0, start: 5, status: 2 },
    { name: "http", parent: 2, start: 6, status: 2 },
    { name: "lost", parent: -2, start: 7 },
  ]);
  test("deltas, dictionaries and sparse columns are decoded", () => {
    expect([...skeleton.start]).toEqual([0, 1, 5, 6, 7]);
    expect([...skeleton.tokens]).toEqual([-1, 100, -1, -1, -1]);
    expect(skeleton.models[skeleton.model[1] ?? -1]).toBe("m");
    expect([...skeleton.model]).toEqual([-1, 0, -1, -1, -1]);
  });
  test("depth-first order, depths and ends of subtrees", () => {
    expect([...skeleton.order]).toEqual([0, 1, 2, 3, 4]);
    expect([...skeleton.depth]).toEqual([0, 1, 1, 2, 0]);
    expect([...skeleton.subtreeEnd]).toEqual([4, 2, 4, 4, 5]);
  });
  test("sums below: errors, tokens, cost", () => {
    expect([...skeleton.errorsBelow]).toEqual([2, 0, 2, 1, 0]);
    expect(skeleton.tokensBelow[0]).toBe(100);
    expect(skeleton.costBelow[0]).toBe(0.5);
  });
  test("ids are found both ways, and never across two ids", () => {
    expect(rowOf(skeleton, idOf(skeleton, 3))).toBe(3);
    expect(rowOf(skeleton, "0000000000000100")).toBe(-1);
  });
});

test("usage that a span above reports is not counted again", () => {
  const skeleton = build([
    { name: "wrapper", tokens: 100, cost: 1 },
    { name: "llm", parent: 0, tokens: 100, cost: 1, uncounted: true },
  ]);
  expect(skeleton.tokensBelow[0]).toBe(100);
  expect(skeleton.costBelow[0]).toBe(1);
});

describe("parents that are not a tree", () => {
  const check = (parents: number[], orphans: number[]) => {
    const skeleton = build(parents.map((parent) => ({ name: "s", parent })));
    expect([...skeleton.order].sort((a, b) => a - b)).toEqual(parents.map((_, row) => row));
    expect([...skeleton.parent].flatMap((up, row) => (up === ORPHAN ? [row] : []))).toEqual(orphans);
  };
  test("a span that is its own parent", () => check([0], [0]));
  test("a ring of three, and one hanging on it", () => check([1, 2, 0, 1], [2]));
  test("a parent out of range", () => check([-1, 99], [1]));
  test("a parent that comes later is fine", () => check([1, -1], []));
});

test("100,000 spans in one chain do not exhaust the stack", () => {
  const skeleton = build(Array.from({ length: 100_000 }, (_, row) => ({ name: "s", parent: row - 1 })));
  expect(skeleton.subtreeEnd[0]).toBe(100_000);
});

describe("self time", () => {
  const check = (spans: SpanLine[], self: number, segments: number[]) => {
    const skeleton = build(spans);
    expect(skeleton.self[0]).toBe(self);
    expect(selfSegments(skeleton, 0)).toEqual(segments);
  };
  const root = { name: "root", duration: 100 };
  test("a leaf is all self", () => check([root], 100, [0, 100]));
  test("gaps between children", () =>
    check(
      [root, { name: "a", parent: 0, start: 10, duration: 20 }, { name: "b", parent: 0, start: 50, duration: 10 }],
      70,
      [0, 10, 30, 50, 60, 100],
    ));
  test("overlapping children count once", () =>
    check(
      [root, { name: "a", parent: 0, start: 0, duration: 60 }, { name: "b", parent: 0, start: 20, duration: 60 }],
      20,
      [80, 100],
    ));
  test("a child that outlives its parent is clipped", () =>
    check([root, { name: "a", parent: 0, start: 90, duration: 60 }], 90, [0, 90]));
});

describe("critical path", () => {
  const check = (spans: SpanLine[], path: number[]) => {
    const { critical } = build(spans);
    expect([...critical].flatMap((on, row) => (on ? [row] : []))).toEqual(path);
  };
  const root = { name: "root", duration: 100 };
  test("one after the other are all on it", () =>
    check(
      [root, { name: "a", parent: 0, start: 0, duration: 40 }, { name: "b", parent: 0, start: 50, duration: 50 }],
      [0, 1, 2],
    ));
  test("of two at once the one that ends last", () =>
    check(
      [root, { name: "a", parent: 0, start: 0, duration: 40 }, { name: "b", parent: 0, start: 0, duration: 90 }],
      [0, 2],
    ));
  test("it descends into what it chose", () =>
    check(
      [
        root,
        { name: "a", parent: 0, start: 0, duration: 100 },
        { name: "a1", parent: 1, start: 20, duration: 80 },
        { name: "a2", parent: 1, start: 20, duration: 10 },
      ],
      [0, 1, 2],
    ));
  test("a child that outlives its parent counts to the parent's end", () =>
    check([root, { name: "a", parent: 0, start: 50, duration: 500 }], [0, 1]));
});

test("a call is a retry if the last sibling of its name failed", () => {
  const skeleton = build([
    { name: "root" },
    { name: "search", parent: 0, start: 1, status: 2 },
    { name: "think", parent: 0, start: 2 },
    { name: "search", parent: 0, start: 3 },
    { name: "search", parent: 0, start: 4 },
  ]);
  expect([...skeleton.retry]).toEqual([0, 0, 0, 1, 0]);
});

test("an open span lasts to the last known moment", () => {
  const skeleton = build([
    { name: "root", duration: -1 },
    { name: "done", parent: 0, start: 10, duration: 30 },
  ]);
  expect([skeleton.open, skeleton.end, skeleton.self[0]]).toEqual([1, 40, 10]);
});

test("what a worker hands over is what is built in place", () => {
  const tree = treeOf(
    Array.from({ length: 3000 }, (_, row) => ({
      name: `n${row % 7}`,
      parent: row === 0 ? -1 : (row * 7) % row,
      start: row,
      tokens: row % 3 ? undefined : row,
    })),
  );
  const here = buildSkeleton(tree);
  const there = parseSkeleton(new TextEncoder().encode(JSON.stringify(tree)).buffer as ArrayBuffer);
  const received = structuredClone(there, { transfer: transferables(there) });
  expect(received).toEqual(here);
});
