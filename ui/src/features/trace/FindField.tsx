// Search within the trace: by name, type or model.
import type { Ref } from "react";
import { Icon } from "../../components/icon/Icon";
import { exact } from "../../lib/format";
import styles from "./trace.module.css";

export interface FindFieldProps {
  ref: Ref<HTMLInputElement>;
  text: string;
  /** Where the selected hit is among all, from 1; 0 if none is selected. */
  at: number;
  hits: number;
  errors: number;
  onText(text: string): void;
  onStep(delta: 1 | -1): void;
  onStepError(delta: 1 | -1): void;
}

export function FindField({ ref, text, at, hits, errors, onText, onStep, onStepError }: FindFieldProps) {
  return (
    <div className={styles.find}>
      <Icon name="search" size={13} />
      <input
        ref={ref}
        type="search"
        aria-label="Find spans by name, type or model"
        placeholder="Find spans"
        data-tip="Find spans by name, type or model"
        data-tip-keys="Ctrl F"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onText("");
          event.currentTarget.blur();
        }}
      />
      {text !== "" && (
        <span className={styles.findCount} aria-live="polite">
          {hits === 0 ? "none" : `${at > 0 ? `${exact(at)}/` : ""}${exact(hits)}`}
        </span>
      )}
      {errors > 0 && (
        <button
          type="button"
          className={styles.errorCount}
          data-tip="Next error"
          data-tip-keys="e"
          onClick={(event) => onStepError(event.shiftKey ? -1 : 1)}
        >
          {exact(errors)} {errors === 1 ? "error" : "errors"}
        </button>
      )}
    </div>
  );
}
