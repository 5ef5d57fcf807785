// Rows without data, for a first load that takes longer than a moment (the delay is in the style).
import type { Column } from "./columns";
import styles from "./TraceTable.module.css";

const ROWS = 24;
const WIDTHS = [62, 88, 74, 95, 55, 80, 68];

export function SkeletonRows({
  columns,
  rowHeight,
  top,
}: {
  columns: readonly Column[];
  rowHeight: number;
  top: number;
}) {
  return (
    <div className={styles.skeletons} aria-hidden="true" style={{ top }}>
      {Array.from({ length: ROWS }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: skeletons have nothing but their place.
        <div key={row} className={styles.skeletonRow} style={{ height: rowHeight }}>
          <span />
          {columns.map((column, index) => (
            <span key={column.id} className={styles.skeletonCell} data-numeric={column.numeric || undefined}>
              <i style={{ width: `${WIDTHS[(row * 3 + index * 2) % WIDTHS.length]}%` }} />
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}
