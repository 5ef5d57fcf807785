// The whole trace in 40 px: a flame strip with errors in red. Dragging zooms the time axis, a double click resets it.
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { duration as formatDuration, plain } from "../../lib/format";
import type { Palette } from "./data/palette";
import { type TimeWindow, zoomTo } from "./data/time";
import { drawMinimap } from "./minimap";
import type { Skeleton } from "./model/skeleton";
import styles from "./trace.module.css";
import { useWidth } from "./useSize";

const HEIGHT = 40;
/** A shorter drag is a click. */
const DRAG_PX = 3;

export interface MinimapProps {
  skeleton: Skeleton;
  palette: Palette;
  end: number;
  window: TimeWindow;
  onZoom(window: TimeWindow | null): void;
}

export function Minimap({ skeleton, palette, end, window, onZoom }: MinimapProps) {
  const [box, width] = useWidth();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointer, setPointer] = useState<number | null>(null);
  const [drag, setDrag] = useState<number | null>(null);
  useEffect(() => {
    if (canvas.current && width > 0) drawMinimap(canvas.current, { skeleton, palette, end, width, height: HEIGHT });
  }, [skeleton, palette, end, width]);

  const place = (event: PointerEvent) => event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
  const time = (x: number) => (x / Math.max(width, 1)) * end;
  const finish = (event: PointerEvent) => {
    const at = place(event);
    if (drag !== null && Math.abs(at - drag) > DRAG_PX) onZoom(zoomTo(time(drag), time(at), end));
    setDrag(null);
  };
  const zoomed = window.from > 0 || window.to < end;
  const left = (window.from / end) * 100;
  const right = 100 - (window.to / end) * 100;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what it does, the tree and the search do for the keyboard
    <div
      ref={box}
      className={styles.minimap}
      data-testid="minimap"
      title="Drag to zoom the time axis; double click to see all of it"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag(place(event));
      }}
      onPointerMove={(event) => setPointer(place(event))}
      onPointerLeave={() => setPointer(null)}
      onPointerUp={finish}
      onDoubleClick={() => onZoom(null)}
    >
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without a tabindex takes no focus */}
      <canvas ref={canvas} aria-hidden="true" style={{ width, height: HEIGHT }} />
      {zoomed && (
        <>
          <div className={styles.outside} style={{ left: 0, width: `${left}%` }} />
          <div className={styles.outside} style={{ right: 0, width: `${right}%` }} />
          <div className={styles.viewport} style={{ left: `${left}%`, right: `${right}%` }} />
        </>
      )}
      {drag !== null && pointer !== null && (
        <div className={styles.selection} style={{ left: Math.min(drag, pointer), width: Math.abs(pointer - drag) }} />
      )}
      {pointer !== null && (
        <div className={styles.needle} style={{ left: pointer }}>
          <span data-flip={pointer > width - 70 || undefined}>
            {plain(formatDuration(Math.max(0, Math.round(time(pointer)))))}
          </span>
        </div>
      )}
    </div>
  );
}
