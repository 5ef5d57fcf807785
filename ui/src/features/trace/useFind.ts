// The search within the trace. The text lives here, so that typing never waits for the address, which only follows.
import { useDeferredValue, useMemo, useState } from "react";
import { searchRows } from "./model/search";
import type { Skeleton } from "./model/skeleton";

export interface Find {
  text: string;
  setText(text: string): void;
  /** The hits as they are marked; they may lag behind what is typed. */
  rows: Int32Array;
  set: ReadonlySet<number>;
  /** Where the selected span is among the hits, from 1; 0 if it is none. */
  at: number;
  /** The hits of exactly what is typed, for a key that comes right after it. */
  exact(): Int32Array;
}

export function useFind(skeleton: Skeleton, first: string, selectedRow: number): Find {
  const [text, setText] = useState(first);
  const settled = useDeferredValue(text);
  const found = useMemo(() => {
    const rows = searchRows(skeleton, settled);
    return { rows, set: new Set(rows) };
  }, [skeleton, settled]);
  const exact = () => (text === settled ? found.rows : searchRows(skeleton, text));
  return { ...found, text, setText, exact, at: found.rows.indexOf(selectedRow) + 1 };
}
