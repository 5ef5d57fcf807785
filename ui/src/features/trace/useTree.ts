// The state of the tree: what is expanded, which lines that makes, and what carries over when the trace grows.
import { useCallback, useMemo, useRef, useState } from "react";
import {
  carryExpansion,
  defaultExpansion,
  type Expansion,
  flatten,
  foldOf,
  lineOf,
  type Rows,
  reveal,
  setExpanded,
  setFold,
} from "./model/rows";
import { hasChildren, type Skeleton } from "./model/skeleton";

export interface TreeState {
  expansion: Expansion;
  rows: Rows;
  /** Opens or closes what a line stands for. */
  toggle(line: number, subtree: boolean, open?: boolean): void;
  /** Opens everything above a row. */
  show(row: number): void;
}

export function useTree(skeleton: Skeleton): TreeState {
  const [state, setState] = useState(() => ({ skeleton, expansion: defaultExpansion(skeleton) }));
  let current = state;
  if (state.skeleton !== skeleton) {
    const same = state.skeleton.traceId === skeleton.traceId;
    current = {
      skeleton,
      expansion: same ? carryExpansion(state.skeleton, state.expansion, skeleton) : defaultExpansion(skeleton),
    };
    setState(current);
  }
  const { expansion } = current;
  const rows = useMemo(() => flatten(skeleton, expansion), [skeleton, expansion]);
  const latest = useRef({ skeleton, expansion, rows });
  latest.current = { skeleton, expansion, rows };
  const set = useCallback((next: Expansion) => {
    if (next !== latest.current.expansion) setState({ skeleton: latest.current.skeleton, expansion: next });
  }, []);
  const toggle = useCallback(
    (line: number, subtree: boolean, open?: boolean) => {
      const now = latest.current;
      const row = now.rows.row[line] ?? 0;
      if ((now.rows.fold[line] ?? 0) > 0)
        return set(setFold(now.expansion, row, open ?? !now.expansion.folds.has(row)));
      if (hasChildren(now.skeleton, row))
        set(setExpanded(now.skeleton, now.expansion, row, open ?? now.expansion.rows[row] !== 1, subtree));
    },
    [set],
  );
  const show = useCallback((row: number) => set(reveal(latest.current.skeleton, latest.current.expansion, row)), [set]);
  return { expansion, rows, toggle, show };
}

/** The line of a row; if it is hidden, that of the nearest thing above that shows. */
export function nearestLine(skeleton: Skeleton, rows: Rows, row: number): number {
  for (let at = row; at >= 0; at = skeleton.parent[at] ?? -1) {
    const line = lineOf(rows, at);
    if (line >= 0) return line;
    const fold = foldOf(skeleton, at);
    for (let candidate = 0; fold >= 0 && candidate < rows.length; candidate++) {
      if (rows.row[candidate] === fold && (rows.fold[candidate] ?? 0) > 0) return candidate;
    }
  }
  return -1;
}
