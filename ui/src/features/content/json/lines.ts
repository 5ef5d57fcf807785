// A JSON value as the lines of a viewer, made only for what is open: a value of megabytes costs nothing until someone
// unfolds it. A line is addressed by its id, the path joined with "/" (as in a JSON pointer).

/** Lists and objects longer than this are shown in ranges. */
export const RANGE = 100;
/** Strings longer than this, or of several lines, are cut on their line and unfold below it. */
export const STRING_LINE = 160;
/** Columns of an unfolded string. */
export const STRING_COLUMNS = 110;
/** How many lines a value may have when it is first shown. */
export const INITIAL_LINES = 120;

export type Path = readonly (string | number)[];

export interface JsonLine {
  id: string;
  depth: number;
  kind: "object" | "array" | "range" | "text" | "leaf" | "string";
  /** The key or index before the value; null at the top and for lines of text. */
  key: string | number | null;
  value: unknown;
  path: Path;
  open: boolean;
  /** Entries of an object or a list; lines of a long string. */
  size: number;
}

export function jsonLines(value: unknown, open: ReadonlySet<string>): JsonLine[] {
  const lines: JsonLine[] = [];
  visit(lines, open, value, null, [], "", 0);
  return lines;
}

/** What is open at first: level by level, as long as the lines fit. */
export function initiallyOpen(value: unknown, limit = INITIAL_LINES): Set<string> {
  const open = new Set<string>();
  let level: { value: unknown; id: string }[] = [{ value, id: "" }];
  let lines = 1;
  while (level.length > 0) {
    const next: typeof level = [];
    for (const node of level) {
      const size = sizeOf(node.value);
      if (size === 0 || size > RANGE || lines + size > limit) continue;
      open.add(node.id);
      lines += size;
      for (const [key, child] of entriesOf(node.value)) next.push({ value: child, id: childId(node.id, key) });
    }
    level = next;
  }
  return open;
}

/** The ids that must be open so that the line of a path is seen. */
export function idsAbove(value: unknown, path: Path): string[] {
  const ids: string[] = [];
  let id = "";
  let at = value;
  for (const key of path) {
    ids.push(id);
    const size = sizeOf(at);
    if (size > RANGE)
      ids.push(...rangesOf(id, size, Array.isArray(at) ? Number(key) : Object.keys(at as object).indexOf(String(key))));
    id = childId(id, key);
    at = (at as Record<string | number, unknown>)[key];
  }
  return ids;
}

export function idOfPath(path: Path): string {
  return path.reduce<string>(childId, "");
}

/** A path as one would write it in code: `choices[0].message["tool calls"]`. */
export function pathText(path: Path): string {
  return path
    .map((key, at) =>
      typeof key === "number"
        ? `[${key}]`
        : /^[A-Za-z_$][\w$]*$/.test(key)
          ? at === 0
            ? key
            : `.${key}`
          : `[${JSON.stringify(key)}]`,
    )
    .join("");
}

function visit(
  lines: JsonLine[],
  open: ReadonlySet<string>,
  value: unknown,
  key: string | number | null,
  path: Path,
  id: string,
  depth: number,
): void {
  const base = { id, depth, key, value, path };
  if (typeof value === "string" && isLong(value)) {
    const isOpen = open.has(id);
    lines.push({ ...base, kind: "string", open: isOpen, size: value.length });
    if (isOpen)
      textLines(value).forEach((text, at) => {
        lines.push({
          ...base,
          id: `${id}#${at}`,
          depth: depth + 1,
          kind: "text",
          key: null,
          value: text,
          open: false,
          size: 0,
        });
      });
    return;
  }
  const size = sizeOf(value);
  if (value === null || typeof value !== "object" || size === 0) {
    lines.push({ ...base, kind: "leaf", open: false, size: 0 });
    return;
  }
  const isOpen = open.has(id);
  lines.push({ ...base, kind: Array.isArray(value) ? "array" : "object", open: isOpen, size });
  if (isOpen) visitEntries(lines, open, value, path, id, depth + 1, 0, size);
}

function visitEntries(
  lines: JsonLine[],
  open: ReadonlySet<string>,
  value: object,
  path: Path,
  id: string,
  depth: number,
  from: number,
  to: number,
): void {
  const width = rangeWidth(to - from);
  if (width === 1) {
    const keys = Array.isArray(value) ? null : Object.keys(value);
    for (let at = from; at < to; at++) {
      const key = keys ? (keys[at] ?? "") : at;
      visit(
        lines,
        open,
        (value as Record<string | number, unknown>)[key],
        key,
        [...path, key],
        childId(id, key),
        depth,
      );
    }
    return;
  }
  for (let at = from; at < to; at += width) {
    const end = Math.min(at + width, to);
    const range = rangeId(id, at, end);
    const isOpen = open.has(range);
    lines.push({
      id: range,
      depth,
      kind: "range",
      key: `${at} … ${end - 1}`,
      value,
      path,
      open: isOpen,
      size: end - at,
    });
    if (isOpen) visitEntries(lines, open, value, path, id, depth + 1, at, end);
  }
}

/** 1 for what fits into one range, else 100, 10,000, … */
function rangeWidth(size: number): number {
  let width = 1;
  while (size > width * RANGE) width *= RANGE;
  return width;
}

function rangesOf(id: string, size: number, index: number): string[] {
  const ids: string[] = [];
  for (let from = 0, to = size, width = rangeWidth(size); width > 1; width = rangeWidth(to - from)) {
    from += Math.floor((index - from) / width) * width;
    to = Math.min(from + width, to);
    ids.push(rangeId(id, from, to));
  }
  return ids;
}

function rangeId(id: string, from: number, to: number): string {
  return `${id}[${from}-${to}]`;
}

function childId(id: string, key: string | number): string {
  return `${id}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

export function isLong(text: string): boolean {
  return text.length > STRING_LINE || text.includes("\n");
}

export function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value !== null && typeof value === "object" ? Object.keys(value).length : 0;
}

function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((item, at) => [at, item]);
  return Object.entries(value as object);
}

function textLines(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line === "") lines.push("");
    for (let at = 0; at < line.length; at += STRING_COLUMNS) lines.push(line.slice(at, at + STRING_COLUMNS));
  }
  return lines;
}
