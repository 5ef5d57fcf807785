// What one bucket of the histogram holds, beside the pointer.
import type { Histogram } from "../../api/types";
import { Count, Dollars, Duration } from "../../components/Figure";
import * as format from "../../lib/format";
import { type Chart, countOf, type Metric } from "./geometry";
import styles from "./HistogramStrip.module.css";

interface BucketTipProps {
  chart: Chart;
  histogram: Histogram;
  index: number;
  metric: Metric;
}

export function BucketTip({ chart, histogram, index, metric }: BucketTipProps) {
  const bucket = histogram.buckets[index];
  if (!bucket) return null;
  const from = chart.startMs + index * chart.bucketMs;
  const left = ((index + 0.5) / histogram.buckets.length) * 100;
  const count = countOf(bucket);
  return (
    <div
      className={styles.tip}
      style={left > 60 ? { right: `calc(${100 - left}% + 10px)` } : { left: `calc(${left}% + 10px)` }}
    >
      <div className={styles.tipTime}>{format.timeSpan(from, from + chart.bucketMs)}</div>
      <dl>
        <Row name={count === 1 ? "trace" : "traces"} strong={metric === "count"}>
          {format.exact(count)}
        </Row>
        {bucket.error > 0 && (
          <Row name={bucket.error === 1 ? "error" : "errors"} error>
            {format.exact(bucket.error)}
          </Row>
        )}
        {bucket.in_progress > 0 && <Row name="running">{format.exact(bucket.in_progress)}</Row>}
        {bucket.p50_ns !== null && (
          <Row name="p50" strong={metric === "latency"}>
            <Duration ns={bucket.p50_ns} />
          </Row>
        )}
        {bucket.p95_ns !== null && (
          <Row name="p95" strong={metric === "latency"}>
            <Duration ns={bucket.p95_ns} />
          </Row>
        )}
        <Row name="tokens" strong={metric === "tokens"}>
          <Count value={bucket.tokens} />
        </Row>
        <Row name="cost" strong={metric === "cost"}>
          <Dollars value={bucket.cost} />
        </Row>
      </dl>
    </div>
  );
}

interface RowProps {
  name: string;
  strong?: boolean;
  error?: boolean;
  children: React.ReactNode;
}

function Row({ name, strong, error, children }: RowProps) {
  return (
    <div data-strong={strong || undefined} data-error={error || undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
