// Which rows are selected. Another list clears it.
import { useCallback, useEffect, useRef, useState } from "react";
import type { TraceSummary } from "../../api/types";

const NONE: ReadonlySet<string> = new Set();

export function useSelected(rows: readonly TraceSummary[], listKey: string) {
  const [selected, setSelected] = useState(NONE);
  const [everything, setEverything] = useState(false);
  const anchor = useRef<string | null>(null);

  const clear = useCallback(() => {
    setSelected(NONE);
    setEverything(false);
    anchor.current = null;
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was selected belongs to one list.
  useEffect(clear, [listKey]);

  /** Selects or clears a row; with `range` all rows since the last one that was clicked. */
  const toggle = (traceId: string, range = false) => {
    const next = new Set(selected);
    const ids = range && anchor.current ? between(rows, anchor.current, traceId) : [traceId];
    const add = !selected.has(traceId);
    for (const id of ids) {
      if (add) next.add(id);
      else next.delete(id);
    }
    anchor.current = traceId;
    setEverything(false);
    setSelected(next);
  };

  const allSelected = rows.length > 0 && rows.every((row) => selected.has(row.trace_id));
  const toggleAll = () => {
    setEverything(false);
    setSelected(allSelected ? NONE : new Set(rows.map((row) => row.trace_id)));
  };

  return { selected, everything, setEverything, allSelected, toggle, toggleAll, clear };
}

function between(rows: readonly TraceSummary[], one: string, other: string): string[] {
  const places = [one, other].map((id) => rows.findIndex((row) => row.trace_id === id));
  const [low, high] = [Math.min(...places), Math.max(...places)];
  return low < 0 ? [other] : rows.slice(low, high + 1).map((row) => row.trace_id);
}
