// A button with a panel, on the browser's own popover: it closes by Escape and by a click elsewhere, is above everything,
// and gives the focus back. The panel's content exists only while it is open.
import { type ReactNode, type Ref, useCallback, useEffect, useId, useImperativeHandle, useRef, useState } from "react";
import { flushSync } from "react-dom";
import styles from "./Popover.module.css";

export interface PopoverHandle {
  open(): void;
  close(): void;
}

interface PopoverProps {
  /** Gets the attributes that the button must carry. */
  button(attributes: ButtonAttributes): ReactNode;
  children(close: () => void): ReactNode;
  label: string;
  align?: "start" | "end";
  width?: number;
  ref?: Ref<PopoverHandle>;
}

export interface ButtonAttributes {
  ref: Ref<HTMLButtonElement>;
  popoverTarget: string;
  "aria-expanded": boolean;
  "aria-haspopup": "dialog";
}

const GAP = 6;
const MARGIN = 8;

export function Popover({ button, children, label, align = "start", width, ref }: PopoverProps) {
  const id = useId();
  const buttonElement = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => panel.current?.hidePopover(), []);
  useImperativeHandle(ref, () => ({ open: () => panel.current?.showPopover(), close }), [close]);

  useEffect(() => {
    const element = panel.current;
    if (!element) return;
    const place = () => position(element, buttonElement.current, align);
    // The content is rendered at once, so that the panel has its size when it is shown and placed.
    const before = (event: Event) => flushSync(() => setOpen((event as ToggleEvent).newState === "open"));
    const observer = new ResizeObserver(place);
    observer.observe(element);
    element.addEventListener("beforetoggle", before);
    window.addEventListener("resize", place);
    return () => {
      observer.disconnect();
      element.removeEventListener("beforetoggle", before);
      window.removeEventListener("resize", place);
    };
  }, [align]);

  return (
    <>
      {button({ ref: buttonElement, popoverTarget: id, "aria-expanded": open, "aria-haspopup": "dialog" })}
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={label}
        className={styles.panel}
        style={{ width }}
      >
        {open && children(close)}
      </div>
    </>
  );
}

function position(panel: HTMLElement, button: HTMLElement | null, align: "start" | "end"): void {
  if (!button || panel.offsetWidth === 0) return;
  const anchor = button.getBoundingClientRect();
  const width = panel.offsetWidth;
  const wanted = align === "start" ? anchor.left : anchor.right - width;
  panel.style.left = `${Math.max(MARGIN, Math.min(wanted, innerWidth - width - MARGIN))}px`;
  panel.style.top = `${anchor.bottom + GAP}px`;
  panel.style.maxHeight = `${innerHeight - anchor.bottom - GAP - MARGIN}px`;
}
