// Finding spans in a trace: by name, type or model, and the failed ones.
import { type Skeleton, STATUS_ERROR } from "./skeleton";

/** The rows that match, in depth-first order. Every word must be in the name, the type or the model. */
export function searchRows(skeleton: Skeleton, text: string): Int32Array {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return new Int32Array(0);
  // The dictionaries are small: each distinct value is looked at once, not each span.
  const tests = words.map((word) => ({
    name: hits(skeleton.names, word),
    type: hits(skeleton.types, word),
    model: hits(skeleton.models, word),
  }));
  return skeleton.order.filter((row) =>
    tests.every(
      (test) =>
        test.name[skeleton.name[row] ?? 0] ||
        test.type[skeleton.type[row] ?? 0] ||
        test.model[skeleton.model[row] ?? -1],
    ),
  );
}

function hits(values: string[], word: string): boolean[] {
  return values.map((value) => value.toLowerCase().includes(word));
}

/** The failed rows in depth-first order. */
export function errorRows(skeleton: Skeleton): Int32Array {
  return skeleton.order.filter((row) => skeleton.status[row] === STATUS_ERROR);
}

/** Where the trouble began: of the failed spans that hold no other failed one, the one that ended first. */
export function firstError(skeleton: Skeleton): number {
  let first = -1;
  let firstEnd = Number.POSITIVE_INFINITY;
  for (let row = 0; row < skeleton.count; row++) {
    if (skeleton.status[row] !== STATUS_ERROR || skeleton.errorsBelow[row] !== 1) continue;
    const end = (skeleton.start[row] ?? 0) + Math.max(skeleton.duration[row] ?? 0, 0);
    if (end < firstEnd) [first, firstEnd] = [row, end];
  }
  return first;
}

/** The next of `rows` (in depth-first order) after or before `current`; goes round at either end. -1 if there is none. */
export function stepThrough(skeleton: Skeleton, rows: Int32Array, current: number, delta: 1 | -1): number {
  if (rows.length === 0) return -1;
  const here = current < 0 ? -1 : (skeleton.position[current] ?? -1);
  const at = lowerBound(skeleton, rows, here);
  const exact = at < rows.length && rows[at] === current;
  const next = delta > 0 ? (exact ? at + 1 : at) : at - 1;
  return rows[(next + rows.length) % rows.length] ?? -1;
}

function lowerBound(skeleton: Skeleton, rows: Int32Array, position: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((skeleton.position[rows[middle] ?? 0] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
