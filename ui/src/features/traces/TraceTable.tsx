// The table: a sticky heading over virtual rows of one height. The grid has the focus; the active row and cell are said
// by `aria-activedescendant`.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type MouseEvent, type Ref, useEffect, useImperativeHandle, useMemo, useRef } from "react";
import type { TraceSummary } from "../../api/types";
import type { Column } from "./columns";
import { HeaderRow } from "./HeaderRow";
import { SkeletonRows } from "./SkeletonRows";
import { TraceRow } from "./TraceRow";
import styles from "./TraceTable.module.css";
import { useNow } from "./useNow";

export interface TraceTableHandle {
  focus(): void;
  scrollToTop(): void;
  isAtTop(): boolean;
}

export interface TraceTableProps {
  rows: readonly TraceSummary[];
  columns: readonly Column[];
  widths: Record<string, number>;
  onWidth(id: string, width: number | null): void;
  order: string | undefined;
  onOrder(order: string | undefined): void;
  rowHeight: number;
  active: string | null;
  activeColumn: string;
  open: string | null;
  selected: ReadonlySet<string>;
  allSelected: boolean;
  onActive(traceId: string, column: string | null): void;
  onOpen(traceId: string, fullPage: boolean): void;
  onSelect(traceId: string, range: boolean): void;
  onSelectAll(): void;
  onMenu(traceId: string, column: string | null, event: MouseEvent): void;
  isLoading: boolean;
  hasMore: boolean;
  onMore(): void;
  ref?: Ref<TraceTableHandle>;
}

const HEADER_PX = 28;
const OVERSCAN = 12;
// The next page is asked for when this many rows are left below.
const AHEAD = 60;

export function TraceTable(props: TraceTableProps) {
  const { rows, columns, widths, rowHeight, active, activeColumn, selected, hasMore, onMore } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    paddingStart: HEADER_PX,
    scrollPaddingStart: HEADER_PX,
    useFlushSync: false,
    getItemKey: (index) => rows[index]?.trace_id ?? index,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the virtualizer must forget its sizes when the rows' height changes.
  useEffect(() => virtualizer.measure(), [rowHeight]);

  useImperativeHandle(props.ref, () => ({
    focus: () => scroller.current?.focus({ preventScroll: true }),
    scrollToTop: () => scroller.current?.scrollTo({ top: 0 }),
    isAtTop: () => (scroller.current?.scrollTop ?? 0) < rowHeight,
  }));

  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onMore();
  }, [hasMore, last, rows.length, onMore]);

  const activeIndex = useMemo(
    () => (active === null ? -1 : rows.findIndex((row) => row.trace_id === active)),
    [active, rows],
  );
  // A scroll renders this component with the same props: nothing but the rows is made anew.
  const header = useMemo(() => <HeaderRow {...props} height={HEADER_PX} />, [props]);
  // Only a move scrolls: rows that arrive above must not pull the list back to the active one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  useEffect(() => {
    if (activeIndex >= 0) virtualizer.scrollToIndex(activeIndex, { align: "auto" });
  }, [active]);

  const template = `34px ${columns.map((column) => track(column, widths)).join(" ")}`;
  const least = 34 + columns.reduce((sum, column) => sum + (widths[column.id] ?? column.width), 0);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list.
    <div
      ref={scroller}
      className={styles.scroller}
      role="grid"
      tabIndex={0}
      aria-label="Traces"
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={activeIndex >= 0 ? `row-${active}` : undefined}
      data-testid="trace-table"
      {...rowEvents(props)}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      <div
        className={styles.canvas}
        role="rowgroup"
        style={{ height: virtualizer.getTotalSize(), minWidth: least, ["--columns" as string]: template }}
      >
        {header}
        {items.map((item) => {
          const trace = rows[item.index];
          if (!trace) return null;
          return (
            <TraceRow
              key={trace.trace_id}
              trace={trace}
              index={item.index}
              top={item.start}
              height={rowHeight}
              columns={columns}
              now={now}
              activeColumn={trace.trace_id === active ? activeColumn : null}
              isActive={trace.trace_id === active}
              isOpen={trace.trace_id === props.open}
              isSelected={selected.has(trace.trace_id)}
            />
          );
        })}
        {props.isLoading && <SkeletonRows columns={columns} rowHeight={rowHeight} top={HEADER_PX} />}
      </div>
    </div>
  );
}

function track(column: Column, widths: Record<string, number>): string {
  const width = widths[column.id];
  if (width !== undefined) return `${width}px`;
  return column.flexible ? `minmax(${column.width}px, 1fr)` : `${column.width}px`;
}

// One set of listeners for all rows: what was hit is read from the elements.
function rowEvents({ onActive, onOpen, onSelect, onMenu }: TraceTableProps) {
  const hit = (event: MouseEvent) => {
    const target = event.target as Element;
    const id = target.closest<HTMLElement>("[data-trace]")?.dataset.trace;
    const column = target.closest<HTMLElement>("[data-column]")?.dataset.column ?? null;
    return id === undefined ? null : { id, column, target };
  };
  return {
    onClick(event: MouseEvent) {
      const row = hit(event);
      if (!row) return;
      if (row.target.closest("[data-select]")) onSelect(row.id, event.shiftKey);
      else if (row.target.closest("[data-menu]")) onMenu(row.id, null, event);
      else if (getSelection()?.isCollapsed !== false) {
        onActive(row.id, row.column);
        onOpen(row.id, event.metaKey || event.ctrlKey);
      }
    },
    onContextMenu(event: MouseEvent) {
      const row = hit(event);
      if (!row) return;
      event.preventDefault();
      onMenu(row.id, row.column, event);
    },
  };
}
