// A small button that copies a text and says so.
import { useEffect, useState } from "react";
import { copyText } from "../../components/CopyButton";
import { Icon } from "../../components/icon/Icon";
import styles from "./content.module.css";

const SAID_MS = 1500;

export function CopyButton({
  text,
  label,
  children,
}: {
  text: () => string;
  label: string;
  children?: React.ReactNode;
}) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), SAID_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => void copyText(text()).then((done) => setState(done ? "copied" : "failed"));
  const title = state === "idle" ? label : state === "copied" ? "Copied" : "The browser did not allow copying";
  return (
    <button type="button" className={styles.small} title={title} aria-label={title} onClick={copy}>
      <Icon name={state === "copied" ? "check" : "copy"} size={13} />
      {children}
    </button>
  );
}
