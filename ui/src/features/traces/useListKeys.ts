// The keys of the list.
import type { TraceSummary } from "../../api/types";
import { useShortcuts } from "../../lib/keys";
import type { Column } from "./columns";

interface ListKeys {
  enabled: boolean;
  rows: readonly TraceSummary[];
  columns: readonly Column[];
  active: string | null;
  activeColumn: string;
  /** Gives the list the focus, which may be in a heading or a facet: Enter is to open the row, not to press those. */
  onFocus(): void;
  onActive(traceId: string): void;
  onActiveColumn(id: string): void;
  onOpen(traceId: string, fullPage: boolean): void;
  onSelect(traceId: string): void;
  onClear(): void;
  onFilter(): void;
  onFacets(): void;
  onClause(wanted: "include" | "exclude"): void;
}

const PAGE_ROWS = 20;

export function useListKeys(list: ListKeys): void {
  const { rows, columns, active, activeColumn } = list;
  const move = (delta: number) => {
    const at = rows.findIndex((row) => row.trace_id === active);
    const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + delta))];
    if (next) list.onActive(next.trace_id);
    list.onFocus();
  };
  const moveColumn = (delta: number) => {
    // Without a row no cell is shown as the current one: the first press brings it to light.
    if (!rows.some((row) => row.trace_id === active)) return move(0);
    list.onFocus();
    const at = columns.findIndex((column) => column.id === activeColumn);
    const next = columns[Math.max(0, Math.min(columns.length - 1, at + delta))];
    if (next) list.onActiveColumn(next.id);
  };
  const exclude = () => list.onClause("exclude");
  const withActive = (action: (traceId: string) => void) => (event: KeyboardEvent) => {
    // A button that has the focus takes Enter itself.
    if (active && !(event.target instanceof HTMLButtonElement)) action(active);
    else if (event.target instanceof HTMLButtonElement) event.target.click();
  };

  useShortcuts({ "/": list.onFilter, f: list.onFacets });
  useShortcuts(
    {
      j: () => move(1),
      k: () => move(-1),
      ArrowDown: () => move(1),
      ArrowUp: () => move(-1),
      PageDown: () => move(PAGE_ROWS),
      PageUp: () => move(-PAGE_ROWS),
      Home: () => move(-rows.length),
      End: () => move(rows.length),
      ArrowRight: () => moveColumn(1),
      ArrowLeft: () => moveColumn(-1),
      Enter: withActive((traceId) => list.onOpen(traceId, false)),
      "shift+Enter": withActive((traceId) => list.onOpen(traceId, true)),
      x: () => active && list.onSelect(active),
      Escape: list.onClear,
      ".": () => list.onClause("include"),
      // Shift and the dot, on the keyboards where they make `>` and those where they make `:`.
      ">": exclude,
      ":": exclude,
    },
    { enabled: list.enabled },
  );
}
