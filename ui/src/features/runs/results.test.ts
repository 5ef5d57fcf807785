import { describe, expect, it } from "vitest";
import type { ResultPair, ResultRow, Run, Score } from "../../api/types";
import { chanceText, changeOf, commonMetrics, isOfKind, judging, numberText, scoreText } from "./results";

function score(name: string, value: unknown, number: number | null, error: string | null = null): Score {
  return { name, value, number, error, rationale: null, source: "CODE" } as Score;
}

function row(output: string, scores: Score[], state: ResultRow["state"] = "OK"): ResultRow {
  const rest = { trace_id: "tr-1", input: "q", duration_ns: 1, tokens: null, cost: null, expectations: {} };
  return { ...rest, output, scores, state };
}

describe("rows", () => {
  const pair: ResultPair = {
    run: row("new", [score("right", true, 1), score("short", 0.2, 0.2), score("tone", "warm", null)]),
    baseline: row("old", [score("right", false, 0), score("short", 0.5, 0.5), score("tone", "cold", null)]),
  };

  it("change by the mean of a scorer's numbers", () => {
    expect(changeOf(pair, "right")).toBe(1);
    expect(changeOf(pair, "short")).toBeCloseTo(-0.3);
    expect(changeOf(pair, "tone")).toBeNull();
    const two = { ...pair, run: row("new", [score("right", 1, 1), score("right", 0, 0)]) };
    expect(changeOf(two, "right")).toBe(0.5);
  });

  it("are judged by scorers that say yes, no or a share alone", () => {
    const longer = { run: row("x", [score("length", 40, 40), score("right", "yes", 1)]), baseline: null };
    expect(judging([pair, longer], ["right", "short", "tone", "length"])).toEqual(["right", "short", "tone"]);
  });

  it("are better, worse, changed or failed, and may be several of these", () => {
    const kinds = (one: ResultPair) =>
      (["better", "worse", "changed", "failed"] as const).filter((kind) => isOfKind(one, kind, ["right", "short"]));
    expect(kinds(pair)).toEqual(["better", "worse", "changed"]);
    expect(kinds({ run: pair.run, baseline: pair.run })).toEqual([]);
    expect(kinds({ run: row("x", [score("right", null, null, "no luck")]), baseline: row("x", []) })).toEqual([
      "failed",
    ]);
    expect(kinds({ run: null, baseline: pair.baseline })).toEqual(["changed"]);
    expect(isOfKind({ run: null, baseline: null }, "all", [])).toBe(true);
  });
});

it("scores are written as a person reads them", () => {
  expect(scoreText(score("a", "yes", 1))).toBe("yes");
  expect(scoreText(score("a", true, 1))).toBe("true");
  expect(scoreText(score("a", 0.123456, 0.123456))).toBe("0.1235");
  expect(scoreText(score("a", { x: 1 }, null))).toBe('{"x":1}');
  expect(scoreText(score("a", null, null, "no luck"))).toBe("failed");
  expect(numberText(12.3456)).toBe("12.35");
  expect([chanceText(0.0001), chanceText(0.021), chanceText(0.5)]).toEqual(["p < 0.001", "p = 0.021", "p = 0.50"]);
});

it("the metrics that most runs have get a column", () => {
  const run = (...names: string[]) =>
    ({ metrics: Object.fromEntries(names.map((name) => [name, 1])) }) as unknown as Run;
  expect(commonMetrics([run("b", "a"), run("c", "a"), run("c")], 2)).toEqual(["a", "c"]);
});
