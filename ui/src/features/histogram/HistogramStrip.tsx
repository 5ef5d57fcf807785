// The strip over the list: the selection's exact figures, each of which shows its course when clicked, and the course
// itself. A drag over it zooms the time range.
import { type PointerEvent, type ReactNode, useMemo, useRef, useState } from "react";
import type { Histogram } from "../../api/types";
import { Count, Dollars, Duration } from "../../components/Figure";
import * as format from "../../lib/format";
import { BucketTip } from "./BucketTip";
import { type Chart, chartOf, type Metric, rangeOf, ticksOf } from "./geometry";
import styles from "./HistogramStrip.module.css";

interface HistogramStripProps {
  histogram: Histogram | undefined;
  /** True if there is none, because the server refused. */
  failed: boolean;
  /** True while an older answer is shown. */
  stale: boolean;
  metric: Metric;
  onMetric(metric: Metric): void;
  /** Whether the filter asks for traces that failed. */
  onlyErrors: boolean;
  /** Asks for them, or no longer. */
  onErrors(): void;
  onZoom(from: number, to: number): void;
}

export function HistogramStrip(props: HistogramStripProps) {
  const { histogram, stale, metric, onZoom } = props;
  const chart = useMemo(() => (histogram ? chartOf(histogram, metric) : null), [histogram, metric]);
  return (
    <section className={styles.strip} aria-label="Course over time" data-stale={stale || undefined}>
      <Figures {...props} />
      {chart && histogram && histogram.buckets.length > 0 ? (
        <Plot chart={chart} histogram={histogram} metric={metric} onZoom={onZoom} />
      ) : (
        <div className={styles.plot} />
      )}
    </section>
  );
}

function Figures({ histogram: all, failed, metric, onMetric, onlyErrors, onErrors }: HistogramStripProps) {
  const figure = (name: Metric, label: string, value: ReactNode, more: ReactNode) => (
    <button
      type="button"
      className={styles.figure}
      aria-pressed={metric === name}
      onClick={() => onMetric(name)}
      data-testid={`figure-${name}`}
    >
      <span className={styles.label}>{label}</span>
      <span className={styles.value}>{all ? value : failed ? "–" : <span className={styles.skeleton} />}</span>
      {more && <span className={styles.more}>{more}</span>}
    </button>
  );
  const p50 = all?.duration_ns.p50 ?? null;
  const p95 = all?.duration_ns.p95 ?? null;
  return (
    <div className={styles.figures}>
      <div className={styles.counts}>
        {/* The button below lies on the line that this keeps free. */}
        {figure("count", all?.open ? "Counting…" : "Traces", all && totalOf(all), all && all.errors > 0 && "\u00a0")}
        {all && all.errors > 0 && (
          <button
            type="button"
            className={styles.errors}
            aria-pressed={onlyErrors}
            data-tip={onlyErrors ? "Show the others too" : "Show only these"}
            onClick={onErrors}
          >
            {format.plain(format.count(all.errors))} {all.errors === 1 ? "error" : "errors"}
          </button>
        )}
      </div>
      {figure(
        "latency",
        "Latency p50",
        p50 === null ? "–" : <Duration ns={p50} />,
        p95 !== null && (
          <>
            p95 <Duration ns={p95} />
          </>
        ),
      )}
      {figure("tokens", "Tokens", all && <Count value={all.tokens} />, null)}
      {figure("cost", "Cost", all && <Dollars value={all.cost} />, null)}
    </div>
  );
}

/** A count that goes on is a lower bound. */
function totalOf({ total, open }: Histogram): string {
  return open > 0 ? `≥ ${format.exact(total)}` : format.exact(total);
}

interface PlotProps {
  chart: Chart;
  histogram: Histogram;
  metric: Metric;
  onZoom(from: number, to: number): void;
}

const DRAG_MIN_PX = 4;
const TICKS_MAX = 9;

function Plot({ chart, histogram, metric, onZoom }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const buckets = histogram.buckets.length;
  const ticks = useMemo(() => ticksOf(chart.startMs, chart.endMs, TICKS_MAX), [chart]);

  const place = (event: PointerEvent) => {
    const box = element.current?.getBoundingClientRect();
    return box ? Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) : 0;
  };
  const finish = () => {
    const width = element.current?.clientWidth ?? 0;
    if (drag && Math.abs(drag.to - drag.from) * width >= DRAG_MIN_PX) {
      const range = rangeOf(chart, drag.from, drag.to);
      onZoom(range.from, range.to);
    }
    setDrag(null);
  };
  const covered = drag ? rangeOf(chart, drag.from, drag.to) : null;
  const share = (ms: number) => (ms - chart.startMs) / (chart.endMs - chart.startMs);

  return (
    <div
      ref={element}
      className={styles.plot}
      data-testid="histogram"
      role="img"
      aria-label={`${totalOf(histogram)} traces over time; drag to choose a time range`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: place(event), to: place(event) });
      }}
      onPointerMove={(event) => {
        setHover(Math.min(buckets - 1, Math.floor(place(event) * buckets)));
        if (drag) setDrag({ from: drag.from, to: place(event) });
      }}
      onPointerUp={finish}
      onPointerCancel={() => setDrag(null)}
      onPointerLeave={() => setHover(null)}
    >
      <Bars chart={chart} buckets={buckets} hover={hover} />
      <div className={styles.axis}>
        {ticks.map((tick) => (
          <span key={tick.ms} style={{ left: `${share(tick.ms) * 100}%` }}>
            {tick.text}
          </span>
        ))}
      </div>
      {covered && (
        <div
          className={styles.brush}
          style={{
            left: `${share(covered.from) * 100}%`,
            width: `${(share(covered.to) - share(covered.from)) * 100}%`,
          }}
        />
      )}
      {hover !== null && <BucketTip chart={chart} histogram={histogram} index={hover} metric={metric} />}
    </div>
  );
}

const HEIGHT = 38;
const BAR_SHARE = 0.82;
// Of the whole chart: a few buckets are bars too, not walls.
const BAR_SHARE_MAX = 0.025;

function Bars({ chart, buckets, hover }: { chart: Chart; buckets: number; hover: number | null }) {
  const width = Math.min(BAR_SHARE, buckets * BAR_SHARE_MAX);
  return (
    <svg className={styles.bars} viewBox={`0 0 ${buckets} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {hover !== null && <rect x={hover} y={0} width={1} height={HEIGHT} className={styles.hover} />}
      {chart.bars.map((bar) => {
        let bottom = HEIGHT;
        return bar.layers.map((layer) => {
          // A single error among thousands is still one visible pixel.
          const height = Math.max(layer.height * (HEIGHT - 2), 1.2);
          bottom -= height;
          return (
            <rect
              key={`${bar.index} ${layer.kind}`}
              x={bar.index + (1 - width) / 2}
              y={Math.max(0, bottom)}
              width={width}
              height={height}
              className={styles[layer.kind]}
            />
          );
        });
      })}
    </svg>
  );
}
