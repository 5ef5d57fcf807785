// What the tables of versions show: which scores deserve a column, which way a difference went, what of parameters differs.
import type { Version, VersionColumn } from "../../api/types";
import { SIGNIFICANT } from "../runs/results";

/** Versions that can be compared at a time. */
export const COMPARED_MAX = 10;

export const compared = (text: string | undefined): string[] => text?.split(",").filter(Boolean) ?? [];

/** Returns the names of the feedback that most versions have, at most `limit`, by name. */
export function commonScores(versions: readonly Version[], limit: number): string[] {
  const counts = new Map<string, number>();
  for (const version of versions)
    for (const score of version.figures.scores) counts.set(score.name, (counts.get(score.name) ?? 0) + 1);
  const byCount = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  return byCount
    .slice(0, limit)
    .map(([name]) => name)
    .sort((a, b) => a.localeCompare(b));
}

/** What a row is called. */
export function columnName(column: VersionColumn): string {
  const names = { error_rate: "Errors", latency: "Latency", tokens: "Tokens", cost: "Cost" } as const;
  return column.kind in names ? names[column.kind as keyof typeof names] : column.name;
}

/**
 * Which way a version differs from the first, if it is more than chance: what passes more often is better; what fails more
 * often, takes longer, needs more or costs more is worse. Of a mean whose scale nobody told nothing is known.
 */
export function wayOf(column: VersionColumn, index: number): "better" | "worse" | undefined {
  const change = column.changes[index];
  if (!change || change.mean === 0 || change.p_value === null || change.p_value >= SIGNIFICANT) return undefined;
  if (column.kind === "score") return undefined;
  const isBetter = column.kind === "pass_rate" ? change.mean > 0 : change.mean < 0;
  return isBetter ? "better" : "worse";
}

export interface Difference {
  key: string;
  /** One a version; undefined where it has none. */
  values: (string | undefined)[];
  differs: boolean;
}

/** Lays maps of several versions side by side, those that differ first. */
export function sideBySide(maps: readonly Record<string, string>[]): Difference[] {
  const keys = [...new Set(maps.flatMap((map) => Object.keys(map)))].sort((a, b) => a.localeCompare(b));
  const rows = keys.map((key) => {
    const values = maps.map((map) => map[key]);
    return { key, values, differs: values.some((value) => value !== values[0]) };
  });
  return [...rows.filter((row) => row.differs), ...rows.filter((row) => !row.differs)];
}

/** A commit as one writes it. */
export function shortCommit(version: Version): string | null {
  const { git } = version;
  return git && `${git.commit.slice(0, 8)}${git.is_dirty ? " + changes" : ""}`;
}
