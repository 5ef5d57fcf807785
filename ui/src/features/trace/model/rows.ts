// From a skeleton and what is expanded to the rows that are on the screen: a list of spans and of folds, where a fold
// stands for a run of siblings of one name.
import { childrenOf, hasChildren, type Skeleton, STATUS_ERROR } from "./skeleton";

/** A run of more siblings of one name than this is folded. */
export const FOLD_LONGER_THAN = 20;
/** A trace of fewer spans opens with everything expanded. */
export const EXPAND_ALL_BELOW = 200;
/** Larger traces open this deep, and along the paths to errors. */
export const DEFAULT_DEPTH = 2;
/** A level of more spans than this is not opened by itself. */
const WIDEST_OPEN_LEVEL = 1000;

export interface Expansion {
  /** 1 for each row whose children are shown. */
  rows: Uint8Array;
  /** The first rows of the folds that are open. */
  folds: ReadonlySet<number>;
}

export interface Rows {
  length: number;
  /** The span of each line; of a fold its first. */
  row: Int32Array;
  depth: Uint16Array;
  /** How many siblings the line stands for; 0 for a plain span. */
  fold: Int32Array;
  /** Where the fold's siblings begin in `children` (or `roots`) of the skeleton. */
  slot: Int32Array;
}

export function defaultExpansion(skeleton: Skeleton): Expansion {
  const rows = new Uint8Array(skeleton.count);
  const depth = skeleton.count < EXPAND_ALL_BELOW ? Number.POSITIVE_INFINITY : defaultDepth(skeleton);
  for (let row = 0; row < skeleton.count; row++) {
    const failedBelow = (skeleton.errorsBelow[row] ?? 0) > (skeleton.status[row] === STATUS_ERROR ? 1 : 0);
    if (failedBelow || (skeleton.depth[row] ?? 0) < depth) rows[row] = 1;
  }
  return { rows, folds: new Set() };
}

/** A root with thousands of children shows those alone: what is within each is then not an overview any more. */
function defaultDepth(skeleton: Skeleton): number {
  let second = 0;
  for (const depth of skeleton.depth) if (depth === DEFAULT_DEPTH) second++;
  return second > WIDEST_OPEN_LEVEL ? DEFAULT_DEPTH - 1 : DEFAULT_DEPTH;
}

/** The lines on the screen, in order. */
export function flatten(skeleton: Skeleton, expansion: Expansion): Rows {
  // A fold adds one line to more than twenty.
  const limit = skeleton.count + Math.ceil(skeleton.count / FOLD_LONGER_THAN);
  const rows: Rows = {
    length: 0,
    row: new Int32Array(limit),
    depth: new Uint16Array(limit),
    fold: new Int32Array(limit),
    slot: new Int32Array(limit),
  };
  // Lists of siblings still to be walked, the innermost last. No recursion: traces can be 100,000 deep.
  const stack: Siblings[] = [siblings(skeleton.roots, 0, 0)];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (top.at >= top.list.length) {
      stack.pop();
      continue;
    }
    if (top.at >= top.runEnd) startRun(skeleton, expansion, rows, top);
    if (top.closed) {
      top.at = top.runEnd;
      continue;
    }
    const row = top.list[top.at++] ?? 0;
    const depth = top.depth + (top.folded ? 1 : 0);
    push(rows, row, depth, 0, 0);
    if (expansion.rows[row] && hasChildren(skeleton, row)) {
      stack.push(siblings(childrenOf(skeleton, row), skeleton.childStart[row] ?? 0, depth + 1));
    }
  }
  return rows;
}

/** The line that shows a row, or -1 if it is hidden by something collapsed. */
export function lineOf(rows: Rows, row: number): number {
  for (let line = 0; line < rows.length; line++) if (rows.row[line] === row && rows.fold[line] === 0) return line;
  return -1;
}

/** Opens everything above a row, folds included. Returns the same object if nothing was closed. */
export function reveal(skeleton: Skeleton, expansion: Expansion, row: number): Expansion {
  const rows = expansion.rows.slice();
  const folds = new Set(expansion.folds);
  let changed = false;
  for (let at = row; at >= 0; at = skeleton.parent[at] ?? -1) {
    const up = skeleton.parent[at] ?? -1;
    const first = foldOf(skeleton, at);
    if (first >= 0 && !folds.has(first)) {
      folds.add(first);
      changed = true;
    }
    if (up >= 0 && !rows[up]) {
      rows[up] = 1;
      changed = true;
    }
  }
  return changed ? { rows, folds } : expansion;
}

/** The first row of the fold that a row belongs to, or -1. */
export function foldOf(skeleton: Skeleton, row: number): number {
  const up = skeleton.parent[row] ?? -1;
  const list = up < 0 ? skeleton.roots : childrenOf(skeleton, up);
  let from = list.indexOf(row),
    to = from + 1;
  while (from > 0 && alike(skeleton, list[from - 1] ?? 0, row)) from--;
  while (to < list.length && alike(skeleton, list[to] ?? 0, row)) to++;
  return to - from > FOLD_LONGER_THAN ? (list[from] ?? -1) : -1;
}

export function setExpanded(
  skeleton: Skeleton,
  expansion: Expansion,
  row: number,
  open: boolean,
  subtree = false,
): Expansion {
  const rows = expansion.rows.slice();
  const value = open ? 1 : 0;
  if (!subtree) rows[row] = value;
  else {
    const end = skeleton.subtreeEnd[row] ?? 0;
    for (let at = skeleton.position[row] ?? 0; at < end; at++) rows[skeleton.order[at] ?? 0] = value;
  }
  return { rows, folds: expansion.folds };
}

export function setFold(expansion: Expansion, first: number, open: boolean): Expansion {
  const folds = new Set(expansion.folds);
  if (open) folds.add(first);
  else folds.delete(first);
  return { rows: expansion.rows, folds };
}

/** Carries an expansion over to a newer skeleton of the same trace, by span id. */
export function carryExpansion(before: Skeleton, expansion: Expansion, after: Skeleton): Expansion {
  const rows = defaultExpansion(after).rows;
  const known = new Map<string, number>();
  for (let row = 0; row < before.count; row++) known.set(before.ids.slice(row * 16, row * 16 + 16), row);
  const folds = new Set<number>();
  for (let row = 0; row < after.count; row++) {
    const was = known.get(after.ids.slice(row * 16, row * 16 + 16));
    if (was === undefined) continue;
    // A span that had no child before has no state of its own yet.
    if (hasChildren(before, was)) rows[row] = expansion.rows[was] ?? 0;
    if (expansion.folds.has(was)) folds.add(row);
  }
  return { rows, folds };
}

/** The rows that a fold stands for. */
export function foldMembers(skeleton: Skeleton, rows: Rows, line: number): Int32Array {
  const list = (skeleton.parent[rows.row[line] ?? 0] ?? -1) < 0 ? skeleton.roots : skeleton.children;
  const from = rows.slot[line] ?? 0;
  return list.subarray(from, from + (rows.fold[line] ?? 0));
}

interface Siblings {
  list: Int32Array;
  /** Where `list` begins in the skeleton's column of children. */
  base: number;
  depth: number;
  at: number;
  runEnd: number;
  folded: boolean;
  closed: boolean;
}

function siblings(list: Int32Array, base: number, depth: number): Siblings {
  return { list, base, depth, at: 0, runEnd: 0, folded: false, closed: false };
}

function startRun(skeleton: Skeleton, expansion: Expansion, rows: Rows, top: Siblings): void {
  const first = top.list[top.at] ?? 0;
  let end = top.at + 1;
  while (end < top.list.length && alike(skeleton, top.list[end] ?? 0, first)) end++;
  top.runEnd = end;
  top.folded = end - top.at > FOLD_LONGER_THAN;
  top.closed = top.folded && !expansion.folds.has(first);
  if (top.folded) push(rows, first, top.depth, end - top.at, top.base + top.at);
}

// Those that failed, or hold a failure, are not folded in with those that did not: an error never hides in a fold.
function alike(skeleton: Skeleton, a: number, b: number): boolean {
  return (
    skeleton.name[a] === skeleton.name[b] &&
    skeleton.type[a] === skeleton.type[b] &&
    (skeleton.errorsBelow[a] ?? 0) > 0 === (skeleton.errorsBelow[b] ?? 0) > 0
  );
}

function push(rows: Rows, row: number, depth: number, fold: number, slot: number): void {
  const line = rows.length++;
  rows.row[line] = row;
  rows.depth[line] = Math.min(depth, 0xffff);
  rows.fold[line] = fold;
  rows.slot[line] = slot;
}
