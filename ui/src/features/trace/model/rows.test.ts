import { describe, expect, test } from "vitest";
import { idFor, type SpanLine, treeOf } from "./fixture";
import {
  carryExpansion,
  defaultExpansion,
  type Expansion,
  flatten,
  foldMembers,
  lineOf,
  type Rows,
  reveal,
  setExpanded,
  setFold,
} from "./rows";
import { buildSkeleton, nameOf, type Skeleton } from "./skeleton";

const build = (spans: SpanLine[]) => buildSkeleton(treeOf(spans));

/** Lines as text: two spaces a level, and how many a fold stands for. */
function print(skeleton: Skeleton, rows: Rows): string[] {
  return Array.from({ length: rows.length }, (_, line) => {
    const fold = rows.fold[line] ?? 0;
    return `${"  ".repeat(rows.depth[line] ?? 0)}${nameOf(skeleton, rows.row[line] ?? 0)}${fold ? ` ×${fold}` : ""}`;
  });
}

const check = (skeleton: Skeleton, expansion: Expansion, lines: string[]) =>
  expect(print(skeleton, flatten(skeleton, expansion))).toEqual(lines);

const embeds = (count: number, parent: number, status: 1 | 2 = 1): SpanLine[] =>
  Array.from({ length: count }, (_, n) => ({ name: "embed", parent, start: n + 1, status }));

describe("expansion", () => {
  const small = build([{ name: "a" }, { name: "b", parent: 0 }, { name: "c", parent: 1 }, { name: "d", parent: 2 }]);
  test("a small trace opens whole", () => check(small, defaultExpansion(small), ["a", "  b", "    c", "      d"]));
  test("collapse hides what is below", () =>
    check(small, setExpanded(small, defaultExpansion(small), 1, false), ["a", "  b"]));
  test("a subtree opens at once", () => {
    const closed = setExpanded(small, defaultExpansion(small), 0, false, true);
    check(small, closed, ["a"]);
    check(small, setExpanded(small, closed, 0, true, true), ["a", "  b", "    c", "      d"]);
  });
  test("a large trace opens to depth 2 and along the path to an error", () => {
    const chain = (name: string, status: 1 | 2) =>
      [0, 1, 2].map((_, n) => ({ name: `${name}${n}`, status: n === 2 ? status : (1 as const) }));
    const spans: SpanLine[] = [{ name: "root" }];
    for (const [name, status] of [
      ["x", 1],
      ["y", 2],
    ] as const) {
      chain(name, status).forEach((span, n) => {
        spans.push({ ...span, parent: n === 0 ? 0 : spans.length - 1 });
      });
    }
    for (let n = 0; n < 200; n++) spans.push({ name: `pad${n}`, parent: 0 });
    const skeleton = build(spans);
    const lines = print(skeleton, flatten(skeleton, defaultExpansion(skeleton)));
    expect(lines.slice(0, 6)).toEqual(["root", "  x0", "    x1", "  y0", "    y1", "      y2"]);
  });
});

describe("folds", () => {
  test("more than twenty siblings of a name fold, twenty do not", () => {
    const twenty = build([{ name: "r" }, ...embeds(20, 0)]);
    expect(flatten(twenty, defaultExpansion(twenty)).length).toBe(21);
    const more = build([{ name: "r" }, ...embeds(21, 0), { name: "end", parent: 0, start: 99 }]);
    check(more, defaultExpansion(more), ["r", "  embed ×21", "  end"]);
  });
  test("an open fold shows its siblings one level deeper", () => {
    const skeleton = build([{ name: "r" }, ...embeds(22, 0)]);
    const rows = flatten(skeleton, setFold(defaultExpansion(skeleton), 1, true));
    expect(print(skeleton, rows).slice(0, 3)).toEqual(["r", "  embed ×22", "    embed"]);
    expect(rows.length).toBe(24);
  });
  test("a failed one stands outside of the fold", () => {
    const skeleton = build([{ name: "r" }, ...embeds(30, 0), { name: "embed", parent: 0, start: 50, status: 2 }]);
    check(skeleton, defaultExpansion(skeleton), ["r", "  embed ×30", "  embed"]);
  });
  test("a fold knows its members, below a parent and among the roots", () => {
    const below = build([{ name: "a" }, { name: "r" }, ...embeds(25, 1)]);
    expect(foldMembers(below, flatten(below, defaultExpansion(below)), 2).length).toBe(25);
    const roots = build(embeds(25, -1));
    expect([...foldMembers(roots, flatten(roots, defaultExpansion(roots)), 0)].slice(0, 2)).toEqual([0, 1]);
  });
});

test("revealing a hidden span opens what is above it, folds too", () => {
  const skeleton = build([
    { name: "r" },
    { name: "m", parent: 0 },
    ...embeds(300, 1),
    { name: "leaf", parent: 10, start: 400 },
  ]);
  const expansion = { rows: new Uint8Array(skeleton.count), folds: new Set<number>() };
  const row = skeleton.count - 1;
  expect(lineOf(flatten(skeleton, expansion), row)).toBe(-1);
  const revealed = reveal(skeleton, expansion, row);
  expect(lineOf(flatten(skeleton, revealed), row)).toBeGreaterThan(0);
  expect(reveal(skeleton, revealed, row)).toBe(revealed);
});

test("a newer skeleton keeps what was open and closed", () => {
  const before = build([{ name: "r" }, { name: "a", parent: 0 }, { name: "b", parent: 1 }]);
  const closed = setExpanded(before, defaultExpansion(before), 1, false);
  const after = build([
    { name: "r" },
    { name: "a", parent: 0 },
    { name: "b", parent: 1 },
    { name: "new", parent: 0, start: 50 },
  ]);
  expect(after.ids.startsWith(idFor(0))).toBe(true);
  check(after, carryExpansion(before, closed, after), ["r", "  a", "  new"]);
});

test("100,000 expanded rows flatten quickly enough for a key press", () => {
  const skeleton = build(
    Array.from({ length: 100_000 }, (_, row) => ({ name: `n${row}`, parent: row === 0 ? -1 : row >> 3 })),
  );
  const all = { rows: new Uint8Array(skeleton.count).fill(1), folds: new Set<number>() };
  expect(flatten(skeleton, all).length).toBe(100_000);
});
