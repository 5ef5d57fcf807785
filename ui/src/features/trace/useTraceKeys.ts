// The page's keys. They are taken before anyone else sees them, since below the drawer lies a list with keys of its own.
import { useLayoutEffect, useRef } from "react";
import { isCovered, isTyping, patternOf, type Shortcuts } from "../../lib/keys";

/** Inside an element with this attribute arrow keys belong to it. */
const OWN_ARROWS = "[data-own-arrows], [data-splitter], [role='menu'], [role='radiogroup'], textarea, input, select";
const ARROWS = new Set([
  "ArrowUp",
  "ArrowDown",
  "ArrowLeft",
  "ArrowRight",
  "shift+ArrowRight",
  "shift+ArrowLeft",
  "Home",
  "End",
  "PageUp",
  "PageDown",
]);

export function useTraceKeys(page: React.RefObject<HTMLElement | null>, shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  // Before the page is painted: a key pressed as soon as there is something to see must not be lost.
  useLayoutEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || isCovered()) return;
      const pattern = patternOf(event);
      const action = latest.current[pattern];
      const target = event.target instanceof HTMLElement ? event.target : document.body;
      if (!action || !page.current || !(target === document.body || page.current.contains(target))) return;
      if (isTyping(target) && !pattern.startsWith("mod+")) return;
      if (ARROWS.has(pattern) && target.closest(OWN_ARROWS)) return;
      // Enter and Space press what has the focus.
      if (pattern === "Enter" && target.closest("button, a, summary")) return;
      event.preventDefault();
      event.stopPropagation();
      action(event);
    };
    window.addEventListener("keydown", listen, true);
    return () => window.removeEventListener("keydown", listen, true);
  }, [page]);
}
