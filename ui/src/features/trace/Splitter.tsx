// A line between two panes that is dragged, or moved by arrow keys.
import type { KeyboardEvent, PointerEvent } from "react";
import styles from "./trace.module.css";

const KEY_STEP = 16;

export interface SplitterProps {
  label: string;
  value: number;
  least: number;
  most: number;
  /** The value grows to the right or down; `reverse` for a pane on the far side. */
  reverse?: boolean;
  horizontal?: boolean;
  className?: string | undefined;
  onChange(value: number): void;
}

export function Splitter({
  label,
  value,
  least,
  most,
  reverse = false,
  horizontal = false,
  className = "",
  onChange,
}: SplitterProps) {
  const clamp = (next: number) => onChange(Math.round(Math.max(least, Math.min(most, next))));
  const sign = reverse ? -1 : 1;
  const down = (event: PointerEvent<HTMLDivElement>) => {
    const start = horizontal ? event.clientY : event.clientX;
    const element = event.currentTarget;
    element.setPointerCapture(event.pointerId);
    const move = (next: globalThis.PointerEvent) =>
      clamp(value + sign * ((horizontal ? next.clientY : next.clientX) - start));
    element.addEventListener("pointermove", move);
    element.addEventListener("lostpointercapture", () => element.removeEventListener("pointermove", move), {
      once: true,
    });
    event.preventDefault();
  };
  const key = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    clamp(value + sign * step * KEY_STEP);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is no <hr>
    <div
      role="separator"
      aria-label={label}
      aria-orientation={horizontal ? "horizontal" : "vertical"}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      data-splitter
      className={`${styles.splitter} ${horizontal ? styles.splitterFlat : ""} ${className}`}
      onPointerDown={down}
      onKeyDown={key}
    />
  );
}
