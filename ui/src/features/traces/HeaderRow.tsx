// The heading of the table: names, order, widths.
import type { PointerEvent } from "react";
import { Icon } from "../../components/icon/Icon";
import type { Column } from "./columns";
import { nextOrder, parseOrder } from "./order";
import type { TraceTableProps } from "./TraceTable";
import styles from "./TraceTable.module.css";

const WIDTH_MIN = 48;

export function HeaderRow(props: TraceTableProps & { height: number }) {
  const { columns, allSelected, onSelectAll, height, rows } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see TraceTable.
    // biome-ignore lint/a11y/useFocusableInteractive: its buttons have the focus.
    <div role="row" aria-rowindex={1} className={styles.header} style={{ height }}>
      {/* biome-ignore lint/a11y/useSemanticElements: see TraceTable. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: its button has the focus. */}
      <div role="columnheader" className={styles.select}>
        {/* biome-ignore lint/a11y/useSemanticElements: drawn like the boxes of the rows, which are no inputs. */}
        <button
          type="button"
          role="checkbox"
          aria-checked={allSelected}
          aria-label="Select all loaded rows"
          disabled={rows.length === 0}
          className={styles.box}
          data-checked={allSelected || undefined}
          onClick={onSelectAll}
        >
          {allSelected && <Icon name="check" size={12} />}
        </button>
      </div>
      {columns.map((column) => (
        <HeaderCell key={column.id} column={column} {...props} />
      ))}
    </div>
  );
}

type HeaderCellProps = Pick<TraceTableProps, "order" | "onOrder" | "onWidth"> & { column: Column };

function HeaderCell({ column, order, onOrder, onWidth }: HeaderCellProps) {
  const current = parseOrder(order) ?? { field: "start", descending: true };
  const isSorted = column.order !== undefined && column.order === current.field;
  const direction = isSorted ? (current.descending ? "descending" : "ascending") : undefined;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see TraceTable.
    // biome-ignore lint/a11y/useFocusableInteractive: its button has the focus.
    <div
      role="columnheader"
      aria-sort={direction}
      className={styles.heading}
      data-numeric={column.numeric || undefined}
    >
      {column.order ? (
        <button type="button" onClick={() => onOrder(nextOrder(order, column))} data-sorted={isSorted || undefined}>
          {column.label}
          {isSorted && <Icon name={current.descending ? "arrowDown" : "arrowUp"} size={12} />}
        </button>
      ) : (
        <span>{column.label}</span>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a grip for the pointer; the column menu resets widths. */}
      <span
        className={styles.grip}
        onPointerDown={(event) => resize(event, (width) => onWidth(column.id, width))}
        onDoubleClick={() => onWidth(column.id, null)}
        data-tip="Drag to resize, double-click to reset"
      />
    </div>
  );
}

function resize(event: PointerEvent<HTMLElement>, onWidth: (width: number) => void): void {
  const grip = event.currentTarget;
  const cell = grip.parentElement;
  if (!cell || event.button !== 0) return;
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  const start = event.clientX - cell.offsetWidth;
  const move = (next: globalThis.PointerEvent) => onWidth(Math.max(WIDTH_MIN, Math.round(next.clientX - start)));
  const end = () => {
    grip.removeEventListener("pointermove", move);
    grip.removeEventListener("pointerup", end);
    grip.removeEventListener("pointercancel", end);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("pointerup", end);
  grip.addEventListener("pointercancel", end);
}
