// Short notes on what was done, said to screen readers too.
import { useEffect, useSyncExternalStore } from "react";
import { Icon } from "../icon/Icon";
import styles from "./toast.module.css";

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "error";
}

const SHOWN_MS = 5000;

let toasts: Toast[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

export function toast(text: string, kind: Toast["kind"] = "done"): void {
  lastId += 1;
  change([...toasts, { id: lastId, text, kind }]);
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
  useEffect(() => {
    const timer = setTimeout(() => change(toasts.filter((other) => other.id !== item.id)), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [item.id]);
  return (
    <div className={styles.toast} data-kind={item.kind}>
      <Icon name={item.kind === "error" ? "warning" : "check"} />
      {item.text}
    </div>
  );
}

function change(next: Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
