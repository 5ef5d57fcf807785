/**
 * Marks what has the focus first where it appears. In a dialog or popover that is not shown yet, the browser reads the
 * attribute when it shows the panel, which React's own `autoFocus` comes too early for; elsewhere it has the focus now.
 */
export function takesFocus(element: HTMLElement | null): void {
  element?.setAttribute("autofocus", "");
  element?.focus();
}
