// One record beside the table: its parts as JSON to be edited. An edit that comes too late is not lost, nor does it undo what
// somebody else did: both are shown.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { addRecord, editRecord, type RecordContent, recordQuery, refreshDataset } from "../../api/datasets";
import type { DatasetDetail, DatasetRecord } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { CopyButton } from "../../components/CopyButton";
import { ErrorState } from "../../components/ErrorState";
import { toast } from "../../components/toast/toast";
import * as format from "../../lib/format";
import { useAppSearch } from "../../lib/useAppSearch";
import { Changes } from "./Changes";
import styles from "./DatasetsPage.module.css";
import { type JsonProblem, jsonText, parseJson, parseObject } from "./jsonText";
import { SourceLink } from "./RecordTable";
import { changesOf } from "./recordDiff";

const PARTS = ["inputs", "expectations", "outputs", "tags"] as const;
type Part = (typeof PARTS)[number];
type Texts = Record<Part, string>;

const TITLES: Record<Part, string> = {
  inputs: "Inputs",
  expectations: "Expectations",
  outputs: "Outputs",
  tags: "Tags",
};
const HINTS: Record<Part, string> = {
  inputs: '{"question": "What the application is asked"}',
  expectations: '{"expected_response": "What it should answer"}',
  outputs: '"What it answered"; any JSON',
  tags: '{"topic": "refunds"}',
};

interface RecordPanelProps {
  detail: DatasetDetail;
  /** Its id; null writes a new one. */
  record: string | null;
  version: string | undefined;
  onClose(): void;
  onDelete(id: string): void;
}

export function RecordPanel(props: RecordPanelProps) {
  const { detail, record, version, onClose } = props;
  const query = useQuery({
    ...recordQuery(detail.dataset.dataset_id, record ?? "", version),
    enabled: record !== null,
  });
  return (
    <aside className={styles.panel} aria-label="Record">
      {query.isError && (
        <>
          <div className={styles.panelHead}>
            <IconButton icon="close" label="Close" onClick={onClose} />
          </div>
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        </>
      )}
      {record === null && <Editor {...props} read={null} onRead={() => {}} />}
      {query.data && (
        <Editor
          key={`${query.data.version} ${query.dataUpdatedAt}`}
          {...props}
          read={query.data}
          onRead={() => void query.refetch()}
        />
      )}
    </aside>
  );
}

interface EditorProps extends RecordPanelProps {
  /** As it was when it was read; null of a new one. */
  read: DatasetRecord | null;
  /** Reads it again, and forgets what was written. */
  onRead(): void;
}

function Editor({ detail, record, version, read, onRead, onClose, onDelete }: EditorProps) {
  const { dataset_id, version: newest } = detail.dataset;
  const [, update] = useAppSearch();
  const start = useMemo(() => textsOf(read, detail), [read, detail]);
  const [first] = useState(start);
  const [texts, setTexts] = useState(first);
  // The version over which it is saved, once somebody else's change was seen.
  const [over, setOver] = useState<DatasetRecord | null>(null);
  const panel = useRef<HTMLDivElement>(null);
  const client = useQueryClient();
  const { content, problems } = useMemo(() => contentOf(texts), [texts]);
  const isDirty = PARTS.some((part) => texts[part] !== first[part]);
  const canEdit = version === undefined;

  const save = useMutation({
    mutationFn: async (): Promise<string | null> => {
      if (!content) throw new Error("the record is not complete");
      if (!read) {
        const { added, changed } = await addRecord(dataset_id, content);
        if (added === 0) toast(changed > 0 ? "A record had these inputs; it was changed" : "A record has all of this");
        return null;
      }
      return (await editRecord(dataset_id, read.record_id, (over ?? read).version, content)).record_id;
    },
    onSuccess: async () => {
      await refreshDataset(client, dataset_id);
      toast(read ? "Record saved" : "Record added");
      if (read) onRead();
      else onClose();
    },
    onError: async (error) => {
      if (!(error instanceof ApiError && error.status === 409 && read)) return;
      const current = await client.fetchQuery({
        ...recordQuery(dataset_id, read.record_id, undefined),
        staleTime: 0,
        queryKey: ["dataset", dataset_id, "current", read.record_id],
      });
      if (current.version !== (over ?? read).version) setOver(current);
    },
  });
  const ready = canEdit && content !== null && (isDirty || over !== null) && !save.isPending;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      if (ready) save.mutate();
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (event.target instanceof HTMLTextAreaElement) panel.current?.focus();
      else if (!isDirty) onClose();
      else toast("The record is not saved: save it, or take the changes back", "error");
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that reach it come from the fields in it.
    <div ref={panel} tabIndex={-1} className={styles.editor} onKeyDown={onKeyDown}>
      <header className={styles.panelHead}>
        <h3>{read ? "Record" : "New record"}</h3>
        {record && <CopyButton text={record} label="Copy the record id" />}
        {read && (
          <span className="unit" data-tip={`Since version ${read.version} of ${newest}`}>
            v{read.version}
          </span>
        )}
        <span className={styles.actions}>
          {read && canEdit && (
            <IconButton icon="trash" label="Delete the record" onClick={() => onDelete(read.record_id)} />
          )}
          <IconButton icon="close" label="Close" keys="Escape" onClick={onClose} />
        </span>
      </header>
      <div className={styles.parts}>
        {over && read && <Stale read={read} current={over} onTake={onRead} />}
        {PARTS.map((part) => (
          <PartField
            key={part}
            part={part}
            text={texts[part]}
            problem={problems[part]}
            isReadOnly={!canEdit}
            onText={(text) => setTexts((before) => ({ ...before, [part]: text }))}
          />
        ))}
        {read && <About record={read} onVersion={(shown) => update({ version: String(shown) })} />}
      </div>
      {canEdit && (
        <footer className={styles.panelFoot}>
          {save.isError && !over && (
            <p className={styles.error} role="alert">
              {save.error.message}
            </p>
          )}
          {isDirty && read && <Button onClick={() => setTexts(first)}>Take back</Button>}
          <Button kind="solid" keys="mod+Enter" tip="Save" disabled={!ready} onClick={() => save.mutate()}>
            {over ? "Save mine over it" : read ? "Save" : "Add"}
          </Button>
        </footer>
      )}
    </div>
  );
}

/** What somebody else did to the record since it was read. */
function Stale({ read, current, onTake }: { read: DatasetRecord; current: DatasetRecord; onTake(): void }) {
  const changes = changesOf({ before: read, after: current });
  return (
    <section className={styles.stale} role="alert" aria-label="Changed meanwhile">
      <p>
        <b>Not saved:</b> {current.last_updated_by ?? "somebody"} changed this record in version {current.version} while
        you were editing.
      </p>
      <Changes changes={changes} />
      <Button kind="outline" onClick={onTake}>
        Take theirs, forget mine
      </Button>
    </section>
  );
}

interface PartFieldProps {
  part: Part;
  text: string;
  problem: JsonProblem | undefined;
  isReadOnly: boolean;
  onText(text: string): void;
}

const ROWS_MAX = 18;
const ROWS_MIN = 3;

function PartField({ part, text, problem, isReadOnly, onText }: PartFieldProps) {
  const id = useId();
  const rows = Math.max(ROWS_MIN, Math.min(ROWS_MAX, text.split("\n").length + (isReadOnly ? 0 : 1)));
  if (isReadOnly && text === "") return null;
  return (
    <div className={styles.part}>
      <label htmlFor={id}>{TITLES[part]}</label>
      <textarea
        id={id}
        rows={rows}
        spellCheck={false}
        readOnly={isReadOnly}
        placeholder={isReadOnly ? undefined : HINTS[part]}
        value={text}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${id}-problem` : undefined}
        onChange={(event) => onText(event.target.value)}
      />
      {problem && (
        <p id={`${id}-problem`} className={styles.error}>
          {problem.line > 0 && `Line ${problem.line}: `}
          {problem.message}
        </p>
      )}
    </div>
  );
}

function About({ record, onVersion }: { record: DatasetRecord; onVersion(version: number): void }) {
  const by = (user: string | null) => (user ? ` by ${user}` : "");
  return (
    <dl className={styles.about}>
      <dt>Source</dt>
      <dd>
        <SourceLink source={record.source} />
      </dd>
      <dt>Added</dt>
      <dd>
        {format.timestamp(format.nsToMs(record.created_ns))}
        {by(record.created_by)}
      </dd>
      <dt>Changed</dt>
      <dd>
        {format.timestamp(format.nsToMs(record.last_updated_ns))}
        {by(record.last_updated_by)}
        {record.version > 1 && (
          <Button onClick={() => onVersion(record.version - 1)} tip="The dataset as it was before this record changed">
            before: v{record.version - 1}
          </Button>
        )}
      </dd>
    </dl>
  );
}

/** What the fields begin with; a new record with the fields that others have. */
function textsOf(record: DatasetRecord | null, detail: DatasetDetail): Texts {
  if (record) {
    return {
      inputs: jsonText(record.inputs),
      expectations: jsonText(record.expectations),
      outputs: jsonText(record.outputs),
      tags: jsonText(record.tags),
    };
  }
  const blank = (fields: Record<string, string>) =>
    jsonText(Object.fromEntries(Object.keys(fields).map((name) => [name, ""])));
  return { inputs: blank(detail.input_fields), expectations: "", outputs: "", tags: "" };
}

function contentOf(texts: Texts): { content: RecordContent | null; problems: Partial<Record<Part, JsonProblem>> } {
  const problems: Partial<Record<Part, JsonProblem>> = {};
  const values: Partial<Record<Part, unknown>> = {};
  for (const part of PARTS) {
    const { value, problem } = (part === "outputs" ? parseJson : parseObject)(texts[part]);
    if (problem) problems[part] = problem;
    values[part] = value;
  }
  if (!problems.inputs && Object.keys(values.inputs ?? {}).length === 0) {
    problems.inputs = { message: "A record needs inputs", line: 0 };
  }
  const isWhole = Object.keys(problems).length === 0;
  return { content: isWhole ? (values as unknown as RecordContent) : null, problems };
}
