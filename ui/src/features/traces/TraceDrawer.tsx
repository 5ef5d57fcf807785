// The open trace, over the right of the list. Its width is remembered; the list beside it stays usable.
import { type KeyboardEvent, lazy, type PointerEvent, Suspense, useEffect, useRef } from "react";
import { useShortcuts } from "../../lib/keys";
import { useStored } from "../../lib/storage";
import styles from "./TraceDrawer.module.css";

const TracePage = lazy(() => import("../trace/TracePage"));

interface TraceDrawerProps {
  traceId: string;
  spanId: string | null;
  onSelectSpan(id: string): void;
  onClose(): void;
  onStep(delta: 1 | -1): void;
  onFullPage(): void;
}

const SHARE_DEFAULT = 0.66;
const SHARE_MIN = 0.35;
const SHARE_MAX = 0.96;
const STEP = 0.02;

export function TraceDrawer({ traceId, spanId, onSelectSpan, onClose, onStep, onFullPage }: TraceDrawerProps) {
  const [share, setShare] = useStored("drawer.share", SHARE_DEFAULT);
  const drawer = useRef<HTMLElement>(null);
  const bounded = (value: number) => Math.max(SHARE_MIN, Math.min(SHARE_MAX, value));

  // Keys belong to the trace as soon as it opens.
  useEffect(() => drawer.current?.focus({ preventScroll: true }), []);

  useShortcuts({
    Escape: onClose,
    J: () => onStep(1),
    K: () => onStep(-1),
    "shift+Enter": onFullPage,
  });

  const startDrag = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const frame = drawer.current?.parentElement?.getBoundingClientRect();
    if (!frame || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    setShare(bounded((frame.right - event.clientX) / frame.width));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    setShare(bounded(share + step));
  };

  return (
    <aside
      ref={drawer}
      tabIndex={-1}
      aria-label="Trace"
      className={styles.drawer}
      style={{ width: `${share * 100}%` }}
      data-testid="trace-drawer"
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a rule can't be dragged. */}
      <div
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label="Width of the trace"
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={SHARE_MIN * 100}
        aria-valuemax={SHARE_MAX * 100}
        className={styles.handle}
        onPointerDown={startDrag}
        onPointerMove={drag}
        onDoubleClick={() => setShare(SHARE_DEFAULT)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.body}>
        <Suspense fallback={null}>
          <TracePage
            traceId={traceId}
            spanId={spanId}
            onSelectSpan={onSelectSpan}
            onClose={onClose}
            onStep={onStep}
            layout="drawer"
          />
        </Suspense>
      </div>
    </aside>
  );
}
