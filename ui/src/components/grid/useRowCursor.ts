// The row of a list that the keyboard is on.
import { useState } from "react";

interface Scrolling {
  scrollToIndex(index: number, options: { align: "auto" }): void;
}

/** `idOf` names a row; `first` is the row that the list begins with, if it is there. */
export function useRowCursor<Row>(
  rows: readonly Row[],
  idOf: (row: Row) => string,
  virtualizer: Scrolling,
  first: string | null = null,
) {
  const [active, setActive] = useState(first);
  /** Goes some rows on, or back, and to the first one if none was active. */
  const move = (delta: number) => {
    const at = rows.findIndex((row) => idOf(row) === active);
    const index = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + delta));
    const next = rows[index];
    if (!next) return;
    virtualizer.scrollToIndex(index, { align: "auto" });
    setActive(idOf(next));
  };
  return { active, setActive, move };
}
