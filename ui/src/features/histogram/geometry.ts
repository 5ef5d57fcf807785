// From buckets to shapes: pure, in the unit square of the chart (x and y from 0 to 1, y upward).
import type { Histogram, HistogramBucket } from "../../api/types";

export type Metric = "count" | "latency" | "tokens" | "cost";
export const METRICS: readonly Metric[] = ["count", "latency", "tokens", "cost"];

export interface Bar {
  /** Layers from the bottom up: each has its share of the height. */
  layers: { kind: "ok" | "error" | "running" | "strong" | "weak"; height: number }[];
  index: number;
}

export interface Chart {
  bars: Bar[];
  max: number;
  startMs: number;
  bucketMs: number;
  endMs: number;
}

export function chartOf(histogram: Histogram, metric: Metric): Chart {
  const startMs = Number(BigInt(histogram.start_ns) / 1_000_000n);
  const bucketMs = histogram.bucket_ns / 1e6;
  const max = Math.max(...histogram.buckets.map((bucket) => total(bucket, metric)), 0);
  const bars = histogram.buckets.flatMap((bucket, index) =>
    max > 0 && total(bucket, metric) > 0 ? [{ index, layers: layers(bucket, metric, max) }] : [],
  );
  return { bars, max, startMs, bucketMs, endMs: startMs + bucketMs * histogram.buckets.length };
}

export function countOf(bucket: HistogramBucket): number {
  return bucket.ok + bucket.error + bucket.in_progress + bucket.unspecified;
}

function total(bucket: HistogramBucket, metric: Metric): number {
  if (metric === "latency") return bucket.p95_ns ?? 0;
  if (metric === "tokens") return bucket.tokens;
  return metric === "cost" ? bucket.cost : countOf(bucket);
}

function layers(bucket: HistogramBucket, metric: Metric, max: number): Bar["layers"] {
  if (metric === "latency") {
    const median = bucket.p50_ns ?? 0;
    return [
      { kind: "strong", height: median / max },
      { kind: "weak", height: ((bucket.p95_ns ?? 0) - median) / max },
    ];
  }
  if (metric !== "count") return [{ kind: "strong", height: total(bucket, metric) / max }];
  const all = [
    { kind: "error" as const, height: bucket.error / max },
    { kind: "ok" as const, height: (bucket.ok + bucket.unspecified) / max },
    { kind: "running" as const, height: bucket.in_progress / max },
  ];
  return all.filter((layer) => layer.height > 0);
}

/** Returns the range in ms that a drag between two places (0 to 1) covers, in whole buckets. */
export function rangeOf(chart: Chart, from: number, to: number): { from: number; to: number } {
  const buckets = Math.round((chart.endMs - chart.startMs) / chart.bucketMs);
  const clamp = (place: number) => Math.max(0, Math.min(1, place));
  const low = Math.floor(clamp(Math.min(from, to)) * buckets);
  const high = Math.max(low + 1, Math.ceil(clamp(Math.max(from, to)) * buckets));
  return { from: chart.startMs + low * chart.bucketMs, to: chart.startMs + high * chart.bucketMs };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 60, 90, 180, 365].map((n) => n * DAY),
];

// A label that begins further right than this would not fit.
const LAST_TICK = 0.96;

/** Returns at most `most` round local times in the range, none so late that its label would be cut. */
export function ticksOf(startMs: number, endMs: number, most: number): { ms: number; text: string }[] {
  const step = STEPS.find((candidate) => (endMs - startMs) / candidate <= most) ?? 2 * 365 * DAY;
  const zone = new Date(startMs).getTimezoneOffset() * MINUTE;
  const last = startMs + (endMs - startMs) * LAST_TICK;
  const ticks = [];
  for (let ms = Math.ceil((startMs - zone) / step) * step + zone; ms < last; ms += step) {
    ticks.push({ ms, text: tickText(ms, step) });
  }
  return ticks;
}

function tickText(ms: number, step: number): string {
  const date = new Date(ms);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
  if (step >= DAY || midnight) return date.toLocaleDateString("en-US", { month: "short", day: "numeric" });
  const seconds = step < MINUTE ? ({ second: "2-digit" } as const) : {};
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...seconds });
}
