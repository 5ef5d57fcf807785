// One row. It is drawn again only when something about it changed, so that scrolling costs little.
import { memo } from "react";
import type { TraceSummary } from "../../api/types";
import { Icon } from "../../components/icon/Icon";
import type { Column } from "./columns";
import styles from "./TraceTable.module.css";

interface TraceRowProps {
  trace: TraceSummary;
  index: number;
  top: number;
  height: number;
  columns: readonly Column[];
  now: number;
  isActive: boolean;
  activeColumn: string | null;
  isOpen: boolean;
  isSelected: boolean;
}

export const TraceRow = memo(function TraceRow(props: TraceRowProps) {
  const { trace, index, top, height, columns, now, isActive, activeColumn, isOpen, isSelected } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: see TraceTable.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid keeps the focus and names the active row.
    <div
      role="row"
      id={`row-${trace.trace_id}`}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={styles.row}
      style={{ height, transform: `translateY(${top}px)` }}
      data-trace={trace.trace_id}
      data-active={isActive || undefined}
      data-open={isOpen || undefined}
      data-error={trace.state === "ERROR" || undefined}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see TraceTable. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid keeps the focus. */}
      <div role="gridcell" className={styles.select} data-select>
        <span className={styles.box} data-checked={isSelected || undefined}>
          {isSelected && <Icon name="check" size={12} />}
        </span>
      </div>
      {columns.map((column) => (
        // biome-ignore lint/a11y/useSemanticElements: see TraceTable.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid keeps the focus.
        <div
          key={column.id}
          role="gridcell"
          className={styles.cell}
          data-column={column.id}
          data-numeric={column.numeric || undefined}
          data-current={column.id === activeColumn || undefined}
          data-full={column.full?.(trace) ?? undefined}
        >
          {column.cell(trace, now)}
        </div>
      ))}
      <span className={styles.more} data-menu data-tip="More">
        ⋯
      </span>
    </div>
  );
});
