import { expect, it } from "vitest";
import type { Histogram, HistogramBucket } from "../../api/types";
import { chartOf, rangeOf, ticksOf } from "./geometry";

const START = Date.UTC(2026, 10, 25, 10);

function bucket(part: Partial<HistogramBucket>): HistogramBucket {
  return { ok: 0, error: 0, in_progress: 0, unspecified: 0, p50_ns: null, p95_ns: null, tokens: 0, cost: 0, ...part };
}

const HISTOGRAM: Histogram = {
  total: 8,
  open: 0,
  start_ns: `${START}000000`,
  bucket_ns: 60e9,
  buckets: [bucket({ ok: 3, error: 1, p50_ns: 1e9, p95_ns: 4e9 }), bucket({}), bucket({ ok: 2, tokens: 10, cost: 1 })],
  duration_ns: { p50: null, p95: null, p99: null },
  tokens: 10,
  cost: 1,
  errors: 1,
};

it("counts are stacked, errors at the bottom, empty buckets have no bar", () => {
  const chart = chartOf(HISTOGRAM, "count");
  expect(chart.max).toBe(4);
  expect(chart.bars).toEqual([
    {
      index: 0,
      layers: [
        { kind: "error", height: 0.25 },
        { kind: "ok", height: 0.75 },
      ],
    },
    { index: 2, layers: [{ kind: "ok", height: 0.5 }] },
  ]);
});

it("latency shows the median within the 95th percentile", () => {
  expect(chartOf(HISTOGRAM, "latency").bars).toEqual([
    {
      index: 0,
      layers: [
        { kind: "strong", height: 0.25 },
        { kind: "weak", height: 0.75 },
      ],
    },
  ]);
});

it("a drag covers whole buckets, in either direction, and stays inside", () => {
  const chart = chartOf(HISTOGRAM, "count");
  expect(rangeOf(chart, 0.4, 0.9)).toEqual({ from: START + 60_000, to: START + 180_000 });
  expect(rangeOf(chart, 0.9, 0.4)).toEqual({ from: START + 60_000, to: START + 180_000 });
  expect(rangeOf(chart, -1, 0)).toEqual({ from: START, to: START + 60_000 });
});

it("ticks are round and not too many", () => {
  const ticks = ticksOf(START, START + 6 * 3_600_000, 8);
  expect(ticks.length).toBeGreaterThan(3);
  expect(ticks.length).toBeLessThanOrEqual(8);
  expect(ticks.every(({ ms }) => ms % 3_600_000 === 0)).toBe(true);
});
