// Figures as text. A figure is a value and a unit, so that the unit can be dimmed.

export interface Figure {
  value: string;
  unit: string;
}

const MILLISECOND = 1e6;
const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns a duration with three significant digits: 840 µs, 12.4 ms, 1.24 s, 2 m 05 s. */
export function duration(ns: number): Figure {
  if (ns < 1000) return { value: String(Math.round(ns)), unit: "ns" };
  if (ns < 999.5e3) return { value: digits(ns / 1e3), unit: "µs" };
  if (ns < 999.5e6) return { value: digits(ns / MILLISECOND), unit: "ms" };
  if (ns < 59.95 * SECOND) return { value: digits(ns / SECOND), unit: "s" };
  if (ns < HOUR) return pair(Math.round(ns / SECOND), 60, "m", "s");
  if (ns < DAY) return pair(Math.round(ns / MINUTE), 60, "h", "m");
  return pair(Math.round(ns / HOUR), 24, "d", "h");
}

/** Returns a count: 941, 12.3k, 4.56M. */
export function count(value: number): Figure {
  if (value < 1000) return { value: String(value), unit: "" };
  if (value < 999_500) return { value: digits(value / 1e3), unit: "k" };
  if (value < 999_500_000) return { value: digits(value / 1e6), unit: "M" };
  return { value: digits(value / 1e9), unit: "G" };
}

/** Returns a count with all its digits, grouped: 12,345. */
export function exact(value: number): string {
  return value.toLocaleString("en-US");
}

const LEAST_DOLLARS = 0.0001;

/** Returns US dollars; small amounts keep two significant digits: $0.0042, and the smallest are <$0.0001. */
export function cost(dollars: number): Figure {
  if (dollars === 0) return { value: "0", unit: "$" };
  if (dollars < LEAST_DOLLARS) return { value: String(LEAST_DOLLARS), unit: "<$" };
  if (dollars < 0.1) return { value: twoDigits(dollars), unit: "$" };
  if (dollars < 1000) return { value: dollars.toFixed(2), unit: "$" };
  const figure = count(dollars);
  return { value: figure.value + figure.unit, unit: "$" };
}

/** Returns US dollars of a part of a sum, where even the smallest count: $0.000012. */
export function exactCost(dollars: number): string {
  return dollars > 0 && dollars < LEAST_DOLLARS ? `$${twoDigits(dollars)}` : plain(cost(dollars));
}

/** Rounds first, so that what rounds up to the next power of ten does not get a third digit. */
function twoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  return rounded.toFixed(Math.min(100, 1 - Math.floor(Math.log10(rounded))));
}

/** Returns a size: 812 B, 64.0 KiB, 5.00 MiB. */
export function bytes(size: number): Figure {
  if (size < 1024) return { value: String(size), unit: "B" };
  if (size < 1024 * 1024) return { value: digits(size / 1024), unit: "KiB" };
  return { value: digits(size / (1024 * 1024)), unit: "MiB" };
}

/** Returns a figure as plain text; dollars come first, letters that scale a count stick to it. */
export function plain(figure: Figure): string {
  if (isDollars(figure)) return figure.unit + figure.value;
  if (figure.unit === "" || /^[kMG]$/.test(figure.unit)) return figure.value + figure.unit;
  return `${figure.value} ${figure.unit}`;
}

/** True if the unit stands before the value. */
export function isDollars(figure: Figure): boolean {
  return figure.unit.endsWith("$");
}

/** Returns milliseconds since the epoch; the nanoseconds below are cut. */
export function nsToMs(ns: string): number {
  return ns.length > 6 ? Number(ns.slice(0, -6)) : 0;
}

/** Returns how long ago a time was: now, 12s, 4m, 3h, 2d, 5w; past a year the year counts. */
export function ago(ms: number, now: number): string {
  const seconds = Math.round((now - ms) / 1000);
  if (seconds < 0) return "now";
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  if (seconds < 14 * 86_400) return `${Math.floor(seconds / 86_400)}d`;
  if (seconds < 365 * 86_400) return `${Math.floor(seconds / (7 * 86_400))}w`;
  return `${Math.floor(seconds / (365 * 86_400))}y`;
}

/** Returns local date and time to the millisecond, sortable: 2026-11-25 20:58:18.123. */
export function timestamp(ms: number): string {
  const date = new Date(ms);
  return `${day(date)} ${clock(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** Returns a short local time: the clock for today, else month and day before it. */
export function shortTime(ms: number, now: number): string {
  const date = new Date(ms);
  const today = new Date(now);
  if (date.toDateString() === today.toDateString()) return clock(date);
  const month = MONTHS[date.getMonth()];
  if (date.getFullYear() === today.getFullYear()) return `${month} ${date.getDate()}, ${clock(date).slice(0, 5)}`;
  return `${month} ${date.getDate()} ${date.getFullYear()}`;
}

/** Returns a short span of time, no finer than it must be: Nov 25, 11:00 – 11:15. */
export function timeSpan(from: number, to: number): string {
  const [start, end] = [new Date(from), new Date(to)];
  const date = (value: Date) => `${MONTHS[value.getMonth()]} ${value.getDate()}`;
  if (to - from >= 86_400_000) return to - from === 86_400_000 ? date(start) : `${date(start)} – ${date(end)}`;
  const time = (value: Date) => (to - from < 60_000 ? clock(value) : clock(value).slice(0, 5));
  const sameDay = start.toDateString() === end.toDateString() || time(end).startsWith("00:00");
  return `${date(start)}, ${time(start)} – ${sameDay ? "" : `${date(end)}, `}${time(end)}`;
}

export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function day(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function pair(total: number, base: number, big: string, small: string): Figure {
  return { value: `${Math.floor(total / base)}${big} ${two(total % base)}`, unit: small };
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
