// Keyboard shortcuts. A pattern is keys joined by `+`: `j`, `J` (shift is in the letter), `mod+k`, `shift+Enter`.
import { useEffect, useRef } from "react";

export type Shortcuts = Record<string, (event: KeyboardEvent) => void>;

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/**
 * Handles keys on the window while the component is mounted. Keys typed into a field are left to it, except those with
 * the mod key. An event that somebody has handled already is ignored, and so are keys while a dialog or a menu is open above.
 */
export function useShortcuts(shortcuts: Shortcuts, options: { enabled?: boolean; inDialog?: boolean } = {}): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const { enabled = true, inDialog = false } = options;
  useEffect(() => {
    if (!enabled) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (!inDialog && isCovered()) return;
      const pattern = patternOf(event);
      const action = latest.current[pattern];
      if (!action || (isTyping(event.target) && !pattern.startsWith("mod+"))) return;
      event.preventDefault();
      action(event);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [enabled, inDialog]);
}

/** Returns how a shortcut is shown: ⌘K on a Mac, Ctrl K elsewhere. */
export function shown(pattern: string): string {
  const names: Record<string, string> = {
    mod: MAC ? "⌘" : "Ctrl",
    shift: "⇧",
    alt: MAC ? "⌥" : "Alt",
    Enter: "↵",
    Escape: "Esc",
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
  };
  const keys = pattern.split("+").map((key) => names[key] ?? key);
  const last = keys.at(-1) ?? "";
  if (last.length === 1 && keys.length > 1) keys[keys.length - 1] = last.toUpperCase();
  return keys.join(MAC ? "" : " ");
}

/** Returns the pattern of an event. Shift is named only for keys whose character does not show it. */
export function patternOf(event: KeyboardEvent): string {
  const modifier = event.metaKey || event.ctrlKey;
  const character = event.key.length === 1;
  const parts: string[] = [];
  if (modifier) parts.push("mod");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (!character || modifier)) parts.push("shift");
  parts.push(character && modifier ? event.key.toLowerCase() : event.key);
  return parts.join("+");
}

/** Returns whether a dialog, a menu or another panel is open above the page, whose keys then rest. */
export function isCovered(): boolean {
  return document.querySelector("dialog:modal, [popover=auto]:popover-open") !== null;
}

/** Returns whether keys belong to this element because one writes or chooses in it. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type);
}
