// The shape of a trace as typed arrays: decoded from the columnar answer of `/tree`, with everything derived that the
// rows, the minimap and the transcript need. Pure and free of the DOM, so that a worker can build it as well.
// A *row* is the index of a span in the answer; a *position* is its place in depth-first order.
import type { Tree } from "../../../api/types";

export const STATUS_ERROR = 2;
/** In `parent`: the span has no parent. */
export const ROOT = -1;
/** In `parent`: the span names a parent that is not in the trace (or the parents form a ring, which is cut here). */
export const ORPHAN = -2;
/** In `tokens` and `cost`: the span reports none. */
export const NONE = -1;

/** What is known of each span: one entry a row. */
interface Columns {
  parent: Int32Array;
  name: Int32Array;
  type: Int32Array;
  /** Index into `models`, `NONE` if the span names none. */
  model: Int32Array;
  status: Uint8Array;
  /** Nanoseconds after the start of the trace. */
  start: Float64Array;
  /** Nanoseconds; -1 while the span is open. */
  duration: Float64Array;
  tokens: Float64Array;
  tokensInput: Float64Array;
  tokensOutput: Float64Array;
  tokensCached: Float64Array;
  cost: Float64Array;
  /** 1 if a span above reports the usage of this one, so that it is left out of the totals. */
  uncounted: Uint8Array;
}

export interface Skeleton extends Columns {
  traceId: string;
  startNs: string;
  count: number;
  ids: string;
  names: string[];
  types: string[];
  models: string[];
  roots: Int32Array;
  /** The children of `row` are `children[childStart[row] .. childStart[row + 1]]`, by start. */
  childStart: Int32Array;
  children: Int32Array;
  /** Rows in depth-first order, and the way back. */
  order: Int32Array;
  position: Int32Array;
  /** The position after the last span below `row`. */
  subtreeEnd: Int32Array;
  depth: Uint16Array;
  /** Failed spans at or below each row. */
  errorsBelow: Int32Array;
  /** Counted tokens and cost at or below each row; 0 if nothing below reports any. */
  tokensBelow: Float64Array;
  costBelow: Float64Array;
  /** Time in which no child was running, in nanoseconds; for open spans up to `end`. */
  self: Float64Array;
  /** 1 if the span is on the critical path. */
  critical: Uint8Array;
  /** 1 if it follows a failed sibling of the same name. */
  retry: Uint8Array;
  /** The last known moment, in nanoseconds after the start of the trace. */
  end: number;
  open: number;
  /** The failed rows in depth-first order. */
  errors: Int32Array;
  deepest: number;
  /** False where nearly everything is on the critical path, and marking it would say nothing. */
  criticalTells: boolean;
}

/** Of spans that run one after the other all are on the critical path. */
const MOST_CRITICAL = 0.9;

export function buildSkeleton(tree: Tree): Skeleton {
  const columns = decodeColumns(tree);
  const family = linkChildren(columns.parent);
  const walk = walkDepthFirst(family, tree.count);
  const end = lastMoment(columns.start, columns.duration);
  const below = sumBelow(columns, walk.order);
  const shape = { ...columns, ...family, ...walk, end };
  const critical = criticalPath(shape);
  return {
    traceId: tree.trace_id,
    startNs: tree.start_ns,
    count: tree.count,
    ids: tree.ids,
    names: tree.names.values,
    types: tree.types.values,
    models: tree.models.values,
    ...shape,
    ...below,
    self: selfTimes(shape),
    critical,
    retry: markRetries(shape),
    open: count(columns.duration, (duration) => duration < 0),
    errors: walk.order.filter((row) => columns.status[row] === STATUS_ERROR),
    deepest: walk.depth.reduce((deep, depth) => Math.max(depth, deep), 0),
    criticalTells: count(critical, (on) => on === 1) < tree.count * MOST_CRITICAL,
  };
}

function count(column: Uint8Array | Float64Array, test: (value: number) => boolean): number {
  let found = 0;
  for (const value of column) if (test(value)) found++;
  return found;
}

/** The span id of a row. */
export function idOf(skeleton: Skeleton, row: number): string {
  return skeleton.ids.slice(row * 16, row * 16 + 16);
}

/** The row of a span id, or -1. */
export function rowOf(skeleton: Skeleton, id: string): number {
  // A hit that does not begin on a multiple of 16 straddles two ids; the search goes on after it.
  for (let at = skeleton.ids.indexOf(id); at >= 0; at = skeleton.ids.indexOf(id, at + 1)) {
    if (at % 16 === 0) return at / 16;
  }
  return -1;
}

/** The end of a row in nanoseconds; that of an open span is the last known moment. */
export function endOf(shape: Pick<Skeleton, "start" | "duration" | "end">, row: number): number {
  const duration = shape.duration[row] ?? 0;
  const start = shape.start[row] ?? 0;
  return duration < 0 ? Math.max(shape.end, start) : start + duration;
}

export function nameOf(skeleton: Skeleton, row: number): string {
  return skeleton.names[skeleton.name[row] ?? 0] ?? "";
}

export function typeOf(skeleton: Skeleton, row: number): string {
  return skeleton.types[skeleton.type[row] ?? 0] ?? "UNKNOWN";
}

export function modelOf(skeleton: Skeleton, row: number): string | null {
  return skeleton.models[skeleton.model[row] ?? NONE] ?? null;
}

export function childrenOf(shape: Pick<Skeleton, "children" | "childStart">, row: number): Int32Array {
  return shape.children.subarray(shape.childStart[row], shape.childStart[row + 1]);
}

export function hasChildren(skeleton: Skeleton, row: number): boolean {
  return (skeleton.childStart[row + 1] ?? 0) > (skeleton.childStart[row] ?? 0);
}

function decodeColumns(tree: Tree): Columns {
  const { count } = tree;
  const usageRows = undelta(tree.usage.rows);
  const uncounted = new Uint8Array(count);
  for (const row of undelta(tree.uncounted)) uncounted[row] = 1;
  return {
    parent: cutRings(Int32Array.from(tree.parents)),
    name: Int32Array.from(tree.names.rows),
    type: Int32Array.from(tree.types.rows),
    model: spread(Int32Array, count, undelta(tree.models.rows), tree.models.indexes),
    status: Uint8Array.from(tree.statuses, Number),
    start: Float64Array.from(undelta(tree.starts)),
    duration: Float64Array.from(tree.durations),
    tokens: spread(Float64Array, count, usageRows, tree.usage.total),
    tokensInput: spread(Float64Array, count, usageRows, tree.usage.input),
    tokensOutput: spread(Float64Array, count, usageRows, tree.usage.output),
    tokensCached: spread(Float64Array, count, usageRows, tree.usage.cache_read),
    cost: spread(Float64Array, count, undelta(tree.cost.rows), tree.cost.total),
    uncounted,
  };
}

function undelta(deltas: number[]): number[] {
  let value = 0;
  return deltas.map((delta) => (value += delta));
}

function spread<Column extends Int32Array | Float64Array>(
  make: new (count: number) => Column,
  count: number,
  rows: number[],
  values: number[],
): Column {
  const column = new make(count).fill(NONE) as Column;
  rows.forEach((row, entry) => {
    column[row] = values[entry] ?? NONE;
  });
  return column;
}

/** Turns one parent of each ring into `ORPHAN`, and those out of range, so that every walk ends. */
function cutRings(parent: Int32Array): Int32Array {
  const UNSEEN = 0,
    ON_PATH = 1,
    DONE = 2;
  const state = new Uint8Array(parent.length);
  for (let row = 0; row < parent.length; row++) {
    let at = row;
    while (at >= 0 && state[at] === UNSEEN) {
      state[at] = ON_PATH;
      const up = parent[at] ?? ORPHAN;
      if (up >= parent.length || up < ORPHAN) parent[at] = ORPHAN;
      if (up >= 0 && state[up] === ON_PATH) parent[at] = ORPHAN;
      at = parent[at] ?? ORPHAN;
    }
    for (at = row; at >= 0 && state[at] === ON_PATH; at = parent[at] ?? ORPHAN) state[at] = DONE;
  }
  return parent;
}

type Family = Pick<Skeleton, "roots" | "childStart" | "children">;

function linkChildren(parent: Int32Array): Family {
  const childStart = new Int32Array(parent.length + 1);
  let rootCount = 0;
  for (const up of parent) {
    if (up >= 0) childStart[up + 1] = (childStart[up + 1] ?? 0) + 1;
    else rootCount++;
  }
  for (let row = 0; row < parent.length; row++)
    childStart[row + 1] = (childStart[row + 1] ?? 0) + (childStart[row] ?? 0);
  const next = childStart.slice();
  const children = new Int32Array(parent.length - rootCount);
  const roots = new Int32Array(rootCount);
  let root = 0;
  parent.forEach((up, row) => {
    if (up < 0) roots[root++] = row;
    else {
      const slot = next[up] ?? 0;
      children[slot] = row;
      next[up] = slot + 1;
    }
  });
  return { roots, childStart, children };
}

type Walk = Pick<Skeleton, "order" | "position" | "subtreeEnd" | "depth">;

/** Without recursion: a chain of 100,000 spans must not exhaust the stack. */
function walkDepthFirst(family: Family, count: number): Walk {
  const order = new Int32Array(count),
    position = new Int32Array(count),
    subtreeEnd = new Int32Array(count);
  const depth = new Uint16Array(count);
  const stack = new Int32Array(count + 1);
  let filled = 0,
    at = 0;
  for (let root = family.roots.length - 1; root >= 0; root--) stack[filled++] = family.roots[root] ?? 0;
  while (filled > 0) {
    const row = stack[--filled] ?? 0;
    order[at] = row;
    position[row] = at++;
    const from = family.childStart[row] ?? 0;
    for (let child = (family.childStart[row + 1] ?? 0) - 1; child >= from; child--) {
      const below = family.children[child] ?? 0;
      depth[below] = Math.min((depth[row] ?? 0) + 1, 0xffff);
      stack[filled++] = below;
    }
  }
  closeSubtrees(order, family, subtreeEnd, position);
  return { order, position, subtreeEnd, depth };
}

function closeSubtrees(order: Int32Array, family: Family, subtreeEnd: Int32Array, position: Int32Array): void {
  for (let at = order.length - 1; at >= 0; at--) {
    const row = order[at] ?? 0;
    const last = family.childStart[row + 1] ?? 0;
    const lastChild = last > (family.childStart[row] ?? 0) ? family.children[last - 1] : undefined;
    subtreeEnd[row] = lastChild === undefined ? (position[row] ?? 0) + 1 : (subtreeEnd[lastChild] ?? 0);
  }
}

function lastMoment(start: Float64Array, duration: Float64Array): number {
  let end = 0;
  start.forEach((from, row) => {
    end = Math.max(end, from + Math.max(duration[row] ?? 0, 0));
  });
  return end;
}

function sumBelow(columns: Columns, order: Int32Array): Pick<Skeleton, "errorsBelow" | "tokensBelow" | "costBelow"> {
  const errorsBelow = new Int32Array(order.length);
  const tokensBelow = new Float64Array(order.length),
    costBelow = new Float64Array(order.length);
  for (let at = order.length - 1; at >= 0; at--) {
    const row = order[at] ?? 0;
    if (columns.status[row] === STATUS_ERROR) add(errorsBelow, row, 1);
    if (!columns.uncounted[row]) {
      add(tokensBelow, row, Math.max(columns.tokens[row] ?? 0, 0));
      add(costBelow, row, Math.max(columns.cost[row] ?? 0, 0));
    }
    const up = columns.parent[row] ?? ROOT;
    if (up < 0) continue;
    add(errorsBelow, up, errorsBelow[row] ?? 0);
    add(tokensBelow, up, tokensBelow[row] ?? 0);
    add(costBelow, up, costBelow[row] ?? 0);
  }
  return { errorsBelow, tokensBelow, costBelow };
}

function add(column: Int32Array | Float64Array, row: number, value: number): void {
  column[row] = (column[row] ?? 0) + value;
}

type Timed = Pick<Skeleton, "start" | "duration" | "end" | "children" | "childStart" | "roots" | "order">;

/** Stretches of `row` in which no child was running, as pairs of start and end in nanoseconds. */
export function selfSegments(shape: Timed, row: number): number[] {
  const segments: number[] = [];
  const end = endOf(shape, row);
  let free = shape.start[row] ?? 0;
  // Children come by start, so one pass over them is enough.
  for (const child of childrenOf(shape, row)) {
    const from = Math.min(shape.start[child] ?? 0, end);
    if (from > free) segments.push(free, from);
    free = Math.max(free, Math.min(endOf(shape, child), end));
  }
  if (end > free) segments.push(free, end);
  return segments;
}

function selfTimes(shape: Timed): Float64Array {
  const self = new Float64Array(shape.start.length);
  for (let row = 0; row < self.length; row++) {
    const end = endOf(shape, row);
    let free = shape.start[row] ?? 0,
      total = 0;
    for (let slot = shape.childStart[row] ?? 0; slot < (shape.childStart[row + 1] ?? 0); slot++) {
      const child = shape.children[slot] ?? 0;
      const from = Math.min(shape.start[child] ?? 0, end);
      if (from > free) total += from - free;
      free = Math.max(free, Math.min(endOf(shape, child), end));
    }
    self[row] = total + Math.max(end - free, 0);
  }
  return self;
}

/**
 * Marks the spans that the trace's duration hangs on: from the end of a span backwards, always the child that ended
 * last before what came after it began. A child that outlives its parent counts up to the parent's end.
 */
function criticalPath(shape: Timed): Uint8Array {
  const critical = new Uint8Array(shape.start.length);
  const last = latestRoot(shape);
  const waiting = last < 0 ? [] : [last];
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    critical[row] = 1;
    const parentEnd = endOf(shape, row);
    let until = parentEnd;
    const byEnd = Array.from(childrenOf(shape, row)).sort((a, b) => endOf(shape, b) - endOf(shape, a));
    for (const child of byEnd) {
      const start = shape.start[child] ?? 0;
      if (start >= parentEnd || Math.min(endOf(shape, child), parentEnd) > until) continue;
      waiting.push(child);
      until = Math.min(until, start);
    }
  }
  return critical;
}

function latestRoot(shape: Timed): number {
  let latest = -1;
  for (const root of shape.roots) if (latest < 0 || endOf(shape, root) > endOf(shape, latest)) latest = root;
  return latest;
}

/** A call is a retry if the last sibling of its name failed, whatever happened in between. */
function markRetries(shape: Timed & Columns): Uint8Array {
  const retry = new Uint8Array(shape.start.length);
  const failed = new Set<number>();
  for (let row = 0; row < retry.length; row++) {
    failed.clear();
    for (const child of childrenOf(shape, row)) {
      const name = shape.name[child] ?? 0;
      if (failed.has(name)) retry[child] = 1;
      if (shape.status[child] === STATUS_ERROR) failed.add(name);
      else failed.delete(name);
    }
  }
  return retry;
}
