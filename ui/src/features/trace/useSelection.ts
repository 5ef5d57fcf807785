// What is selected in the tree: a span, which is in the URL, or a fold, which is not.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { idOf, rowOf, type Skeleton } from "./model/skeleton";
import { nearestLine, type TreeState } from "./useTree";

export interface Selection {
  /** The selected span; -1 if the URL names one that is not in the trace. */
  row: number;
  /** The line that shows it, or the nearest thing above it. */
  line: number;
  selectLine(line: number): void;
}

export function useSelection(
  skeleton: Skeleton,
  spanId: string | null,
  tree: TreeState,
  pick: (id: string) => void,
): Selection {
  const row = useMemo(() => (spanId === null ? (skeleton.roots[0] ?? 0) : rowOf(skeleton, spanId)), [skeleton, spanId]);
  const [fold, setFold] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another span takes the selection from the fold
  useEffect(() => setFold(null), [spanId]);
  // A link to a span opens what hides it, once: afterwards it may be collapsed again.
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (spanId === null || row < 0 || shown.current === spanId) return;
    shown.current = spanId;
    tree.show(row);
  }, [spanId, row, tree.show]);

  const line = useMemo(() => {
    const { rows } = tree;
    for (let at = 0; fold !== null && at < rows.length; at++)
      if (rows.row[at] === fold && (rows.fold[at] ?? 0) > 0) return at;
    return row < 0 ? -1 : nearestLine(skeleton, rows, row);
  }, [tree.rows, fold, row, skeleton, tree]);

  const latest = useRef({ tree, skeleton });
  latest.current = { tree, skeleton };
  const selectLine = useCallback(
    (next: number) => {
      const { rows } = latest.current.tree;
      if (next < 0 || next >= rows.length) return;
      const target = rows.row[next] ?? 0;
      if ((rows.fold[next] ?? 0) > 0) return setFold(target);
      setFold(null);
      shown.current = idOf(latest.current.skeleton, target);
      pick(shown.current);
    },
    [pick],
  );
  return { row, line, selectLine };
}
