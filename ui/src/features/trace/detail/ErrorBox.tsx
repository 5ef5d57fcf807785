// Why a span failed: type and message first, the stack trace behind a click.
import { useState } from "react";
import type { SpanDetail } from "../../../api/types";
import { Icon } from "../../../components/icon/Icon";
import { CopyButton } from "../../content/CopyButton";
import styles2 from "../../content/content.module.css";
import { LongText } from "../../content/LongText";
import styles from "./detail.module.css";

export function ErrorBox({ span }: { span: SpanDetail }) {
  const [open, setOpen] = useState(false);
  const { exception } = span;
  const message = exception?.message ?? (span.status_message || null);
  const also =
    exception?.message && span.status_message && !span.status_message.includes(exception.message)
      ? span.status_message
      : null;
  const handled = span.status !== "ERROR";
  return (
    <section className={styles.errorBox} aria-label="Error" data-handled={handled || undefined}>
      <header>
        <Icon name="warning" />
        <strong>{exception?.type ?? "Error"}</strong>
        {handled && <span className={styles.count}>recorded, but the span did not fail</span>}
        <span className={styles.tools}>
          <CopyButton
            label="Copy error"
            text={() => [exception?.type, message, exception?.stacktrace].filter(Boolean).join("\n")}
          />
        </span>
      </header>
      <p>{message ?? "The span ended with an error and gave no message."}</p>
      {also && <p>{also}</p>}
      {exception?.stacktrace && (
        <>
          <button type="button" className={styles2.more} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide stack trace" : "Stack trace"}
          </button>
          {open && (
            <div className={styles.stack}>
              <LongText text={exception.stacktrace} lineHeight={18} />
            </div>
          )}
        </>
      )}
    </section>
  );
}
