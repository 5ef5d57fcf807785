// What a table of results shows: which way a row went, what a score looks like, which metrics deserve a column.
import type { ResultColumn, ResultPair, ResultRow, Run, Score } from "../../api/types";

/** Rows that are shown: all, or those that went one way against the baseline, or on which something failed. */
export const ROW_KINDS = ["all", "better", "worse", "changed", "failed"] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** Returns the scores of a row by one scorer. */
export function scoresOf(row: ResultRow | null, name: string): Score[] {
  return row?.scores.filter((score) => score.name === name) ?? [];
}

/** The mean of a row's numbers by one scorer, or null. */
export function numberOf(row: ResultRow | null, name: string): number | null {
  const numbers = scoresOf(row, name).flatMap((score) => score.number ?? []);
  return numbers.length === 0 ? null : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** By how much a row's score is above that of the baseline; null where one of both has none. */
export function changeOf(pair: ResultPair, name: string): number | null {
  const [now, before] = [numberOf(pair.run, name), numberOf(pair.baseline, name)];
  return now === null || before === null ? null : now - before;
}

/**
 * Returns the scorers of which a higher score is a better one: those that only say yes or no, or give a share from 0 to 1.
 * Of any other number (a length, a count) nobody told us which way is good.
 */
export function judging(pairs: readonly ResultPair[], scorers: readonly string[]): string[] {
  const isShare = (row: ResultRow | null, name: string) =>
    scoresOf(row, name).every(({ number }) => number === null || (number >= 0 && number <= 1));
  return scorers.filter((name) => pairs.every((pair) => isShare(pair.run, name) && isShare(pair.baseline, name)));
}

/** Says whether a pair is one of these rows, by scorers of which a higher score is better. */
export function isOfKind(pair: ResultPair, kind: RowKind, scorers: readonly string[]): boolean {
  switch (kind) {
    case "better":
      return scorers.some((name) => (changeOf(pair, name) ?? 0) > 0);
    case "worse":
      return scorers.some((name) => (changeOf(pair, name) ?? 0) < 0);
    case "changed":
      return pair.run?.output !== pair.baseline?.output;
    case "failed":
      return pair.run?.state === "ERROR" || (pair.run?.scores.some((score) => score.error !== null) ?? false);
    default:
      return true;
  }
}

/** Returns a score as a cell shows it. */
export function scoreText(score: Score): string {
  if (score.error !== null) return "failed";
  if (typeof score.value === "string") return score.value;
  if (typeof score.value === "number") return numberText(score.value);
  return JSON.stringify(score.value);
}

/** Returns a number with at most four digits behind the point. */
export function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(Math.abs(value) < 1 ? 4 : 2)));
}

/** Returns a probability as it is written in a table. */
export function chanceText(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** From where on a difference is called more than chance. */
export const SIGNIFICANT = 0.05;

export function isSignificant(column: ResultColumn): boolean {
  return column.difference !== null && column.difference.p_value < SIGNIFICANT;
}

/** Returns the metrics that most runs have, at most `limit`, by name. */
export function commonMetrics(runs: readonly Run[], limit: number): string[] {
  const counts = new Map<string, number>();
  for (const run of runs) for (const name of Object.keys(run.metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const byCount = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return byCount
    .slice(0, limit)
    .map(([name]) => name)
    .sort((a, b) => a.localeCompare(b));
}
