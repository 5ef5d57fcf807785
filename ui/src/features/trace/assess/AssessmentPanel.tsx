// What people, judges and code said about a trace and its spans, newest last, and the form to say more.
import { useState } from "react";
import type { Assessment, TraceRecord } from "../../../api/types";
import { Button, IconButton } from "../../../components/button/Button";
import { ago, nsToMs, timestamp } from "../../../lib/format";
import { PrettyValue } from "../../content/Value";
import { AssessmentForm, type AssessmentFormProps } from "./AssessmentForm";
import styles from "./assess.module.css";
import { isProvisional, useAssess } from "./useAssess";
import { shortValue } from "./value";

const SOURCES = { HUMAN: "person", LLM_JUDGE: "judge", CODE: "code", UNSPECIFIED: "unknown" } as const;

export interface AssessmentPanelProps {
  record: TraceRecord;
  /** The selected span; its assessments come first. */
  span: { id: string; name: string } | null;
  /** Opens with the form for a new one. */
  start?: AssessmentFormProps["start"];
  onDone?(): void;
}

export function AssessmentPanel({ record, span, start, onDone }: AssessmentPanelProps) {
  const assess = useAssess(record.trace_id);
  const [adding, setAdding] = useState(start !== undefined);
  const [editing, setEditing] = useState<string | null>(null);
  const names = [...new Set(record.assessments.map((one) => one.name))];
  const here = record.assessments.filter((one) => span !== null && one.span_id === span.id);
  const trace = record.assessments.filter((one) => one.span_id === null);
  const elsewhere = record.assessments.filter((one) => one.span_id !== null && one.span_id !== span?.id);
  const list = (items: Assessment[]) =>
    items.map((one) =>
      editing === one.assessment_id ? (
        <AssessmentForm
          key={one.assessment_id}
          edited={one}
          names={names}
          span={null}
          onCancel={() => setEditing(null)}
          onSave={({ name, value, rationale }) => {
            assess.change(one.assessment_id, { name, value, rationale });
            setEditing(null);
          }}
        />
      ) : (
        <Item
          key={one.assessment_id}
          assessment={one}
          onEdit={() => setEditing(one.assessment_id)}
          onRemove={() => assess.remove(one)}
        />
      ),
    );
  const done = () => {
    setAdding(false);
    onDone?.();
  };
  return (
    <div className={styles.panel}>
      {adding ? (
        <AssessmentForm
          names={names}
          span={span}
          start={start}
          onCancel={done}
          onSave={(assessment) => {
            assess.add(assessment);
            done();
          }}
        />
      ) : (
        <Button kind="outline" icon="plus" className={styles.add} onClick={() => setAdding(true)}>
          Add feedback or expectation
        </Button>
      )}
      {here.length > 0 && <Group title={`On ${span?.name ?? "this span"}`}>{list(here)}</Group>}
      {trace.length > 0 && <Group title="On the trace">{list(trace)}</Group>}
      {elsewhere.length > 0 && <Group title="On other spans">{list(elsewhere)}</Group>}
      {record.assessments.length === 0 && !adding && (
        <p className={styles.empty}>Nobody has judged this trace yet. Keys: u good, x bad, 1 to 5 rate, m comment.</p>
      )}
    </div>
  );
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className={styles.groupTitle}>{title}</h3>
      {children}
    </section>
  );
}

function Item({ assessment, onEdit, onRemove }: { assessment: Assessment; onEdit(): void; onRemove(): void }) {
  const { source, value, error } = assessment;
  const ms = nsToMs(assessment.last_updated_ns);
  const long = typeof value === "object" && value !== null;
  return (
    <article className={styles.item} data-overridden={!assessment.valid || undefined}>
      <header>
        <strong>{assessment.name}</strong>
        {!long && (
          <span className={styles.value} data-value={String(value)}>
            {shortValue(value)}
          </span>
        )}
        {assessment.kind !== "feedback" && <span className={styles.note}>{assessment.kind}</span>}
        {!assessment.valid && <span className={styles.note}>overridden</span>}
        <span className={styles.note} title={source.id ?? undefined}>
          {SOURCES[source.type]}
          {source.id ? ` ${source.id}` : ""}
        </span>
        <time className={styles.note} title={timestamp(ms)}>
          {ago(ms, Date.now())}
        </time>
        <span className={styles.itemTools}>
          <IconButton
            icon="pencil"
            label={`Edit ${assessment.name}`}
            disabled={isProvisional(assessment)}
            onClick={onEdit}
          />
          <IconButton
            icon="trash"
            label={`Delete ${assessment.name}`}
            disabled={isProvisional(assessment)}
            onClick={onRemove}
          />
        </span>
      </header>
      {long && <PrettyValue value={value} />}
      {assessment.rationale && <p className={styles.rationale}>{assessment.rationale}</p>}
      {error && (
        <p className={styles.problem}>
          {error.error_code}: {error.error_message}
        </p>
      )}
    </article>
  );
}
