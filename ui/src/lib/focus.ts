/**
 * Marks what has the focus first in a dialog or popover. React's own `autoFocus` focuses when the element is made, which
 * is before the browser shows the panel; the attribute is read by the browser when it does.
 */
export function takesFocus(element: HTMLElement | null): void {
  element?.setAttribute("autofocus", "");
}
