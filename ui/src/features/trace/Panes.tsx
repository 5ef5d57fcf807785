// Two panes with a line between them that is dragged; side by side, or one below the other where it is narrow.
import type { ReactNode } from "react";
import { useStored } from "../../lib/storage";
import { Splitter } from "./Splitter";
import styles from "./trace.module.css";

const DETAIL_LEAST = 300;
const FIRST_LEAST = 360;
const STACKED_LEAST = 120;

export interface PanesProps {
  stacked: boolean;
  width: number;
  height: number;
  first: ReactNode;
  second: ReactNode;
}

export function Panes({ stacked, width, height, first, second }: PanesProps) {
  // Parts of the whole, so that they hold on every screen.
  const [part, setPart] = useStored("trace.detailPart", 0.42);
  const [stackedPart, setStackedPart] = useStored("trace.detailPartStacked", 0.5);
  const whole = stacked ? height : width;
  const [least, most] = stacked ? [STACKED_LEAST, height - STACKED_LEAST] : [DETAIL_LEAST, width - FIRST_LEAST];
  const size = Math.round(Math.max(least, Math.min(most, whole * (stacked ? stackedPart : part))));
  const change = (next: number) => (stacked ? setStackedPart : setPart)(next / Math.max(whole, 1));
  return (
    <>
      <div className={styles.firstPane}>{first}</div>
      <Splitter
        label="Size of the span's detail"
        value={size}
        least={least}
        most={most}
        reverse
        horizontal={stacked}
        onChange={change}
      />
      <div className={styles.detailPane} tabIndex={-1} data-detail style={stacked ? { height: size } : { width: size }}>
        {second}
      </div>
    </>
  );
}
