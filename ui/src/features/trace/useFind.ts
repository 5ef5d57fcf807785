// The hits of the search within the trace.
import { useDeferredValue, useMemo } from "react";
import { searchRows } from "./model/search";
import type { Skeleton } from "./model/skeleton";

export interface Find {
  rows: Int32Array;
  set: ReadonlySet<number>;
  /** Where the selected span is among the hits, from 1; 0 if it is none. */
  at: number;
}

export function useFind(skeleton: Skeleton, text: string, selectedRow: number): Find {
  const settled = useDeferredValue(text);
  const found = useMemo(() => {
    const rows = searchRows(skeleton, settled);
    return { rows, set: new Set(rows) };
  }, [skeleton, settled]);
  return { ...found, at: found.rows.indexOf(selectedRow) + 1 };
}
