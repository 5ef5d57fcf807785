// Time ranges as the URL and the API write them: open, relative to now (`-24h`) or absolute (ms since the epoch).

export interface Range {
  from?: string | undefined;
  to?: string | undefined;
}

export const PRESETS = [
  { from: "-15m", label: "15m", title: "Last 15 minutes" },
  { from: "-1h", label: "1h", title: "Last hour" },
  { from: "-24h", label: "24h", title: "Last 24 hours" },
  { from: "-7d", label: "7d", title: "Last 7 days" },
  { from: "-30d", label: "30d", title: "Last 30 days" },
] as const;

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Returns a bound in ms, null if it is open or can't be read. */
export function resolve(bound: string | undefined, now: number): number | null {
  if (!bound) return null;
  const relative = /^-(\d+)([smhdw])$/.exec(bound);
  if (relative) return now - Number(relative[1]) * (UNIT_MS[relative[2] ?? ""] ?? 0);
  const ms = /^\d+$/.test(bound) ? Number(bound) : Date.parse(bound);
  return Number.isFinite(ms) ? ms : null;
}

/** Returns the range with both bounds absolute, so that the pages of one list and its count speak of the same time. */
export function fix(range: Range, now: number): Range {
  const from = resolve(range.from, now);
  const to = resolve(range.to, now);
  return { from: from === null ? undefined : String(from), to: to === null ? undefined : String(to) };
}

/** Returns the next wider preset, or an open range after the widest. */
export function wider(range: Range, now: number): Range {
  const from = resolve(range.from, now);
  if (from === null || range.to) return {};
  const preset = PRESETS.find((candidate) => (resolve(candidate.from, now) ?? 0) < from);
  return preset ? { from: preset.from } : {};
}

/** Returns what the range is called on its button. */
export function label(range: Range, now: number): string {
  if (!range.from && !range.to) return "All time";
  const preset = range.to ? undefined : PRESETS.find((candidate) => candidate.from === range.from);
  if (preset) return preset.title;
  const from = resolve(range.from, now);
  const to = resolve(range.to, now);
  if (from !== null && to === null) return `Since ${moment(from, now)}`;
  if (from === null && to !== null) return `Until ${moment(to, now)}`;
  if (from === null || to === null) return "All time";
  const oneDay = new Date(from).toDateString() === new Date(to).toDateString();
  return `${moment(from, now)} – ${oneDay ? clock(new Date(to)) : moment(to, now)}`;
}

function moment(ms: number, now: number): string {
  const date = new Date(ms);
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : ("numeric" as const);
  const day = date.toLocaleDateString("en-US", { month: "short", day: "numeric", year });
  return `${day}, ${clock(date)}`;
}

function clock(date: Date): string {
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
