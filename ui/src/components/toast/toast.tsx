// Short notes on what was done, said to screen readers too.
import { useEffect, useSyncExternalStore } from "react";
import { Icon } from "../icon/Icon";
import styles from "./toast.module.css";

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "error";
  /** What may be done about it, e.g. taking it back. */
  action?: ToastAction | undefined;
}

export interface ToastAction {
  label: string;
  run(): void;
}

const SHOWN_MS = 5000;
/** Who may do something about it needs time to read, decide and get there. */
const SHOWN_WITH_ACTION_MS = 12_000;

let toasts: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

export function toast(text: string, kind: Toast["kind"] = "done", action?: ToastAction): void {
  lastId += 1;
  change([...toasts, { id: lastId, text, kind, action }]);
}

export function ToastLayer() {
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div role="status" className={styles.layer}>
      {shown.map((item) => (
        <ToastRow key={item.id} item={item} />
      ))}
    </div>
  );
}

function ToastRow({ item }: { item: Toast }) {
  const { id, action } = item;
  const lasts = action ? SHOWN_WITH_ACTION_MS : SHOWN_MS;
  useEffect(() => {
    const timer = setTimeout(() => close(id), lasts);
    return () => clearTimeout(timer);
  }, [id, lasts]);
  return (
    <div className={styles.toast} data-kind={item.kind}>
      <Icon name={item.kind === "error" ? "warning" : "check"} />
      {item.text}
      {action && (
        <button
          type="button"
          className={styles.action}
          onClick={() => {
            close(id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
    </div>
  );
}

function close(id: number): void {
  change(toasts.filter((other) => other.id !== id));
}

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
