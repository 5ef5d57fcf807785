// The time axis: the part of a trace that is on the screen, and where its labels go.
import { duration as formatDuration, plain } from "../../../lib/format";

/** Nanoseconds after the start of the trace. */
export interface TimeWindow {
  from: number;
  to: number;
}

/** A zoom narrower than this part of the trace is taken for a click. */
const NARROWEST = 1e-6;
const STEPS = [1, 2, 5, 10];

export interface Tick {
  at: number;
  label: string;
}

/** Ticks at round times, at most one for each `spacing` pixels. */
export function ticks(window: TimeWindow, width: number, spacing = 64): Tick[] {
  const span = window.to - window.from;
  if (!(span > 0) || width <= 0) return [];
  const wanted = span / Math.max(width / spacing, 1);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * (STEPS.find((one) => one * power >= wanted) ?? 10);
  const list: Tick[] = [];
  for (let at = Math.ceil(window.from / step) * step; at <= window.to; at += step)
    list.push({ at, label: tickLabel(at) });
  return list;
}

function tickLabel(at: number): string {
  return at === 0
    ? "0"
    : plain(formatDuration(at))
        .replace(/(\.\d*?)0+(?=\D|$)/, "$1")
        .replace(/\.(?=\D|$)/, "");
}

/** Clips a zoom to the trace; null if it is too narrow to mean one. */
export function zoomTo(a: number, b: number, total: number): TimeWindow | null {
  const from = Math.max(0, Math.min(a, b));
  const to = Math.min(total, Math.max(a, b));
  return to - from > total * NARROWEST ? { from, to } : null;
}

/** An open trace without news for longer than this, and for longer than it ran, has stalled. */
const STALLED_MS = 5 * 60_000;

/**
 * The end of the axis. A trace that is going on lasts until now; of one that stalled long ago only what is known is
 * drawn, with a little room, or everything would be a hairline.
 */
export function axisEnd(end: number, open: boolean, startMs: number, nowMs: number): { end: number; stalled: boolean } {
  if (!open) return { end: Math.max(end, 1), stalled: false };
  const now = (nowMs - startMs) * 1e6;
  const quietMs = (now - end) / 1e6;
  if (quietMs > STALLED_MS && now - end > end) return { end: Math.max(end * 1.08, 1), stalled: true };
  return { end: Math.max(end, now, 1), stalled: false };
}
