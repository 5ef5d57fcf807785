// One tooltip for the whole app. An element says what it wants by attributes: `data-tip` (and `data-tip-keys` for its
// shortcut), or `data-full` for a text that is shown only where it is cut. So a thousand table cells cost nothing.
import { useEffect, useRef, useState } from "react";
import styles from "./TooltipLayer.module.css";

const DELAY_MS = 450;
// After one tooltip was shown, the next comes at once.
const WARM_MS = 600;

interface Tip {
  text: string;
  keys: string | undefined;
  anchor: DOMRect;
  long: boolean;
}

export function TooltipLayer() {
  const [tip, setTip] = useState<Tip | null>(null);
  const element = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current: Element | null = null;
    let hiddenAt = Number.NEGATIVE_INFINITY;
    const hide = () => {
      clearTimeout(timer);
      current = null;
      setTip((shown) => {
        if (shown) hiddenAt = performance.now();
        return null;
      });
    };
    const show = (target: Element | null) => {
      if (target === current) return;
      hide();
      const next = target ? tipOf(target) : null;
      if (!next || !target) return;
      current = target;
      const warm = performance.now() - hiddenAt < WARM_MS && !next.long;
      timer = setTimeout(() => setTip({ ...next, anchor: target.getBoundingClientRect() }), warm ? 0 : DELAY_MS);
    };
    const over = (event: PointerEvent) => {
      if (event.pointerType === "touch") return;
      show((event.target as Element).closest?.("[data-tip],[data-full]") ?? null);
    };
    const focus = (event: FocusEvent) => {
      const target = event.target as Element;
      if (target.matches?.(":focus-visible[data-tip]")) show(target);
    };
    document.addEventListener("pointerover", over);
    document.addEventListener("focusin", focus);
    for (const name of ["focusout", "pointerdown", "keydown", "wheel"]) document.addEventListener(name, hide, true);
    return () => {
      hide();
      document.removeEventListener("pointerover", over);
      document.removeEventListener("focusin", focus);
      for (const name of ["focusout", "pointerdown", "keydown", "wheel"])
        document.removeEventListener(name, hide, true);
    };
  }, []);

  useEffect(() => {
    if (tip && element.current) place(element.current, tip);
  }, [tip]);

  if (!tip) return null;
  return (
    <div ref={element} role="tooltip" popover="manual" className={styles.tip} data-long={tip.long || undefined}>
      {tip.text}
      {tip.keys && <kbd className={styles.keys}>{tip.keys}</kbd>}
    </div>
  );
}

function tipOf(target: Element): Omit<Tip, "anchor"> | null {
  const { tip, full, tipKeys } = (target as HTMLElement).dataset;
  if (tip) return { text: tip, keys: tipKeys, long: tip.length > 80 };
  if (full && target.scrollWidth > target.clientWidth) return { text: full, keys: undefined, long: true };
  return null;
}

function place(element: HTMLElement, { anchor }: Tip): void {
  element.showPopover();
  const { offsetWidth: width, offsetHeight: height } = element;
  const left = Math.max(6, Math.min(anchor.left, innerWidth - width - 6));
  const below = anchor.bottom + 6;
  element.style.left = `${left}px`;
  element.style.top = `${below + height < innerHeight ? below : Math.max(6, anchor.top - height - 6)}px`;
}
