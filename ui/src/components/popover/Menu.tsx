// The rows of a popover: actions, choices, separators. Arrow keys move, as in any menu.
import type { KeyboardEvent, ReactNode } from "react";
import { Icon, type IconName } from "../icon/Icon";
import styles from "./Menu.module.css";

export function Menu({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="menu" aria-label={label} className={styles.menu} onKeyDown={moveFocus}>
      {children}
    </div>
  );
}

interface MenuItemProps {
  icon?: IconName;
  hint?: ReactNode;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  autoFocus?: boolean;
  onSelect(): void;
  children: ReactNode;
}

export function MenuItem({ icon, hint, checked, danger, disabled, autoFocus, onSelect, children }: MenuItemProps) {
  const role = checked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": checked };
  return (
    <button
      type="button"
      {...role}
      className={styles.item}
      data-danger={danger || undefined}
      disabled={disabled}
      onClick={onSelect}
      // biome-ignore lint/a11y/noAutofocus: a menu takes the focus when it opens.
      autoFocus={autoFocus}
    >
      <span className={styles.mark}>{checked ? <Icon name="check" /> : icon && <Icon name={icon} />}</span>
      <span className={styles.text}>{children}</span>
      {hint !== undefined && <span className={styles.hint}>{hint}</span>}
    </button>
  );
}

export function MenuSeparator() {
  return <hr className={styles.separator} />;
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
