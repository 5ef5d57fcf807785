// A modal on the browser's own dialog element, which keeps the focus inside and gives it back.
import { type ReactNode, useEffect, useRef } from "react";
import { IconButton } from "../button/Button";
import styles from "./Dialog.module.css";

interface DialogProps {
  title: string;
  onClose(): void;
  children: ReactNode;
  /** At the foot, to the right. */
  actions?: ReactNode;
  width?: number;
  /** No heading: the content names itself, as the palette does. */
  bare?: boolean;
}

export function Dialog({ title, onClose, children, actions, width = 480, bare = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // Not the close button, which the browser would choose: what the dialog is for, or the dialog itself.
    (element?.querySelector<HTMLElement>("[data-autofocus]") ?? element)?.focus();
    return () => element?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the click closes by the backdrop; the keyboard has Escape.
    <dialog
      ref={dialog}
      tabIndex={-1}
      className={styles.dialog}
      data-bare={bare || undefined}
      style={{ width }}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {!bare && (
        <header className={styles.header}>
          <h2>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
      )}
      {children}
      {actions && <footer className={styles.footer}>{actions}</footer>}
    </dialog>
  );
}
