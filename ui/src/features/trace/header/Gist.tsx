// The gist of a trace above the fold: what was asked, what came out, and where it first went wrong.
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { TraceRecord } from "../../../api/types";
import { Icon } from "../../../components/icon/Icon";
import { oneLine } from "../../../lib/oneLine";
import { gistLine } from "../../content/text";
import { previewQuery } from "../data/previews";
import { useGist } from "../data/useGist";
import { idOf, type Skeleton } from "../model/skeleton";
import { shortName } from "../tree/rowModel";
import styles from "./header.module.css";

export interface GistProps {
  record: TraceRecord;
  skeleton: Skeleton | undefined;
  /** The row of the first error, or -1. */
  errorRow: number;
  onSelectRow(row: number): void;
}

export function Gist({ record, skeleton, errorRow, onSelectRow }: GistProps) {
  const [open, setOpen] = useState(false);
  const preview = useQuery({
    ...previewQuery(record.trace_id, skeleton && errorRow >= 0 ? idOf(skeleton, errorRow) : ""),
    enabled: errorRow >= 0,
  });
  const failed = skeleton && errorRow >= 0;
  const { input, output } = useGist(record, skeleton);
  if (input === null && output === null && !failed) return null;
  return (
    <div className={styles.gist} data-open={open || undefined}>
      <div className={styles.gistTexts}>
        <Part label="Asked" text={input} none="nothing recorded" open={open} onToggle={() => setOpen(!open)} />
        <Part
          label="Answer"
          text={output}
          none={record.state === "IN_PROGRESS" ? "not yet" : "nothing recorded"}
          open={open}
          onToggle={() => setOpen(!open)}
        />
      </div>
      {failed && (
        <button
          type="button"
          className={styles.firstError}
          onClick={() => onSelectRow(errorRow)}
          data-tip="Go to the span that failed first"
          data-tip-keys="e"
        >
          <Icon name="warning" size={14} />
          <strong>{shortName(skeleton, errorRow)}</strong>
          <span className="cut">{oneLine(preview.data?.error ?? "") || "failed"}</span>
        </button>
      )}
    </div>
  );
}

function Part({
  label,
  text,
  none,
  open,
  onToggle,
}: {
  label: string;
  text: string | null;
  none: string;
  open: boolean;
  onToggle(): void;
}): ReactNode {
  return (
    <button type="button" className={styles.part} aria-expanded={open} onClick={onToggle}>
      <span className={styles.partLabel}>{label}</span>
      {text === null ? (
        <span className={styles.none}>{none}</span>
      ) : (
        <span className={styles.partText}>{open ? text : gistLine(text)}</span>
      )}
    </button>
  );
}
