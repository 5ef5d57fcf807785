import { expect, it } from "vitest";
import type { Version, VersionColumn } from "../../api/types";
import { commonScores, compared, sideBySide, wayOf } from "./versions";

function column(kind: VersionColumn["kind"], mean: number, p_value: number | null): VersionColumn {
  const value = { count: 1, sum: 0, mean: 0 };
  return { name: "x", kind, values: [value, value], changes: [null, { mean, p_value }] };
}

it.each([
  ["pass_rate", 0.2, 0.01, "better"],
  ["pass_rate", -0.2, 0.01, "worse"],
  ["pass_rate", -0.2, 0.2, undefined],
  ["latency", -5, 0.01, "better"],
  ["error_rate", 0.1, 0.01, "worse"],
  ["cost", 1, null, undefined],
  ["score", 3, 0.001, undefined],
] as const)("%s by %d with p %d went %s", (kind, mean, p, way) => expect(wayOf(column(kind, mean, p), 1)).toBe(way));

it("of the first version there is nothing to say", () => expect(wayOf(column("latency", 1, 0.01), 0)).toBeUndefined());

it("what differs comes first", () => {
  const rows = sideBySide([
    { a: "1", b: "2" },
    { a: "1", b: "3", c: "4" },
  ]);
  expect(rows.map((row) => [row.key, row.differs])).toEqual([
    ["b", true],
    ["c", true],
    ["a", false],
  ]);
  expect(rows[1]?.values).toEqual([undefined, "4"]);
});

it("the scores that most have get a column", () => {
  const version = (...names: string[]) => ({ figures: { scores: names.map((name) => ({ name })) } }) as Version;
  expect(commonScores([version("b", "a"), version("b", "c")], 2)).toEqual(["a", "b"]);
});

it("ids stand in the URL", () => {
  expect(compared("m-1,m-2")).toEqual(["m-1", "m-2"]);
  expect(compared(undefined)).toEqual([]);
});
