// Trees for tests, written as short lines: "name type parent start duration [flags]".
import type { Tree } from "../../../api/types";

export interface SpanLine {
  name: string;
  type?: string;
  parent?: number;
  start?: number;
  duration?: number;
  status?: 0 | 1 | 2;
  model?: string;
  tokens?: number;
  cost?: number;
  uncounted?: boolean;
}

export function treeOf(spans: SpanLine[]): Tree {
  const names = dictionary(spans.map((span) => span.name));
  const types = dictionary(spans.map((span) => span.type ?? "UNKNOWN"));
  const models = spans.flatMap((span, row) => (span.model ? [{ row, value: span.model }] : []));
  const modelNames = dictionary(models.map((model) => model.value));
  const used = spans.flatMap((span, row) => (span.tokens === undefined ? [] : [{ row, tokens: span.tokens }]));
  const paid = spans.flatMap((span, row) => (span.cost === undefined ? [] : [{ row, cost: span.cost }]));
  return {
    trace_id: "tr-1",
    start_ns: "1764000000000000000",
    count: spans.length,
    ids: spans.map((_, row) => idFor(row)).join(""),
    parents: spans.map((span) => span.parent ?? -1),
    starts: deltas(spans.map((span) => span.start ?? 0)),
    durations: spans.map((span) => span.duration ?? 10),
    statuses: spans.map((span) => String(span.status ?? 1)).join(""),
    names,
    types,
    models: { values: modelNames.values, rows: deltas(models.map((model) => model.row)), indexes: modelNames.rows },
    usage: {
      rows: deltas(used.map((entry) => entry.row)),
      input: used.map((entry) => entry.tokens / 2),
      output: used.map((entry) => entry.tokens / 2),
      total: used.map((entry) => entry.tokens),
      cache_read: used.map(() => 0),
    },
    cost: { rows: deltas(paid.map((entry) => entry.row)), total: paid.map((entry) => entry.cost) },
    uncounted: deltas(spans.flatMap((span, row) => (span.uncounted ? [row] : []))),
  };
}

export function idFor(row: number): string {
  return (row + 1).toString(16).padStart(16, "0");
}

function dictionary(values: string[]): { values: string[]; rows: number[] } {
  const distinct = [...new Set(values)];
  const index = new Map(distinct.map((value, at) => [value, at]));
  return { values: distinct, rows: values.map((value) => index.get(value) ?? 0) };
}

function deltas(values: number[]): number[] {
  return values.map((value, at) => value - (values[at - 1] ?? 0));
}
