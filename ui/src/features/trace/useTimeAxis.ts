// The time axis of a trace: its end, which moves while the trace is open, and the window that is zoomed to.
import { useEffect, useMemo, useState } from "react";
import { nsToMs } from "../../lib/format";
import { axisEnd, type TimeWindow } from "./data/time";
import type { Skeleton } from "./model/skeleton";

const CLOCK_MS = 1000;

export interface TimeAxis {
  end: number;
  window: TimeWindow;
  /** The end moves: open bars show that they go on. */
  moving: boolean;
  zoom(window: TimeWindow | null): void;
}

export function useTimeAxis(skeleton: Skeleton): TimeAxis {
  const open = skeleton.open > 0;
  const [now, setNow] = useState(() => Date.now());
  const [zoomed, setZoomed] = useState<TimeWindow | null>(null);
  useEffect(() => {
    if (!open) return;
    const timer = setInterval(() => setNow(Date.now()), CLOCK_MS);
    return () => clearInterval(timer);
  }, [open]);
  const { end, stalled } = axisEnd(skeleton.end, open, nsToMs(skeleton.startNs), now);
  const window = useMemo(() => zoomed ?? { from: 0, to: end }, [zoomed, end]);
  return { end, window, moving: open && !stalled, zoom: setZoomed };
}
