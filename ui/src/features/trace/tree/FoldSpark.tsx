// How the durations of folded siblings are spread: a histogram on a logarithmic axis, small enough for a row.
import { duration as formatDuration, plain } from "../../../lib/format";
import styles from "./tree.module.css";

const BINS = 14;
const WIDTH = 56;
const HEIGHT = 14;

export function FoldSpark({ durations }: { durations: number[] }) {
  const bins = spread(durations);
  const most = Math.max(...bins, 1);
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (part: number) => plain(formatDuration(sorted[Math.floor((sorted.length - 1) * part)] ?? 0));
  return (
    <span className={styles.spark} data-tip={`fastest ${at(0)}, median ${at(0.5)}, p95 ${at(0.95)}, slowest ${at(1)}`}>
      <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
        {bins.map((count, bin) => {
          const height = count === 0 ? 0 : Math.max((count / most) * HEIGHT, 1.5);
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
              key={bin}
              x={bin * (WIDTH / BINS)}
              y={HEIGHT - height}
              width={WIDTH / BINS - 1}
              height={height}
              fill="currentColor"
            />
          );
        })}
      </svg>
    </span>
  );
}

/** Counts in bins of equal ratio between the fastest and the slowest. */
export function spread(durations: number[]): number[] {
  const bins = new Array<number>(BINS).fill(0);
  const logs = durations.map((duration) => Math.log(Math.max(duration, 1)));
  const low = logs.reduce((least, log) => Math.min(least, log), Number.POSITIVE_INFINITY);
  const high = logs.reduce((most, log) => Math.max(most, log), Number.NEGATIVE_INFINITY);
  for (const log of logs) {
    const bin = high > low ? Math.min(Math.floor(((log - low) / (high - low)) * BINS), BINS - 1) : BINS >> 1;
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}
