// The records as a table that is drawn as far as it is on the screen; further pages come as it is scrolled.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { recordsQuery } from "../../api/datasets";
import type { DatasetRecordPreview, DatasetSummary } from "../../api/types";
import { Button } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import grid from "../../components/grid/grid.module.css";
import { HEADER_PX, ROW_PX, useEndlessRows } from "../../components/grid/useEndlessRows";
import { useRowCursor } from "../../components/grid/useRowCursor";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import styles from "./DatasetsPage.module.css";

const COLUMNS = "28px minmax(200px, 2fr) minmax(140px, 1.3fr) minmax(110px, 1fr) minmax(70px, 0.5fr) 96px 118px";
const NARROW = "28px minmax(180px, 2fr) minmax(120px, 1.3fr) 96px";
const NAMES = ["Inputs", "Expectations", "Outputs", "Tags", "Source", "Changed"];
const NARROW_NAMES = ["Inputs", "Expectations", "Source"];
/** How long nothing must be typed before it is looked for. */
const TYPING_MS = 200;

interface RecordTableProps {
  dataset: DatasetSummary;
  version: string | undefined;
  open: string | null;
  onOpen(record: string): void;
  onDelete(records: string[]): void;
  onImport(): void;
}

export function RecordTable({ dataset, version, open, onOpen, onDelete, onImport }: RecordTableProps) {
  const [search, update] = useAppSearch();
  const query = useInfiniteQuery(recordsQuery(dataset.dataset_id, version, search.find));
  const records = useMemo(() => query.data?.pages.flatMap((page) => page.records) ?? [], [query.data]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { scroller, virtualizer, items } = useEndlessRows(records.length, query);
  const { active, setActive, move } = useRowCursor(records, (record) => record.record_id, virtualizer, open);
  const field = useRef<HTMLInputElement>(null);
  const now = useNow();
  const isNarrow = open !== null;
  const names = isNarrow ? NARROW_NAMES : NAMES;
  const columns = isNarrow ? NARROW : COLUMNS;

  const toggle = (id: string) =>
    setSelected((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  useShortcuts({
    "/": () => field.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    x: () => active && version === undefined && toggle(active),
    Enter: (event) => {
      if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) event.target.click();
      else if (active) onOpen(active);
    },
  });
  const isEmpty = query.isSuccess && records.length === 0;
  return (
    <div className={styles.table}>
      <FindField
        ref={field}
        text={search.find ?? ""}
        onText={(find) => update({ find: find || undefined }, { replace: true })}
      />
      <div className={grid.list} data-stale={query.isPlaceholderData || undefined}>
        {/* biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list. */}
        <div
          ref={scroller}
          className={grid.scroller}
          role="grid"
          tabIndex={0}
          aria-label="Records"
          aria-rowcount={dataset.record_count}
        >
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          <div
            role="rowgroup"
            className={grid.canvas}
            style={{ height: virtualizer.getTotalSize(), minWidth: isNarrow ? 440 : 780 }}
          >
            {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
            {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
            <div role="row" className={grid.header} style={{ height: HEADER_PX, gridTemplateColumns: columns }}>
              {["", ...names].map((name) => (
                // biome-ignore lint/a11y/useSemanticElements: see above.
                // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
                <div key={name} role="columnheader">
                  {name || <span className="visually-hidden">Selected</span>}
                </div>
              ))}
            </div>
            {items.map((item) => {
              const record = records[item.index];
              if (!record) return null;
              return (
                <RecordRow
                  key={record.record_id}
                  record={record}
                  columns={columns}
                  isNarrow={isNarrow}
                  top={item.start}
                  now={now}
                  isActive={record.record_id === active}
                  isOpen={record.record_id === open}
                  isSelected={selected.has(record.record_id)}
                  canSelect={version === undefined}
                  onOpen={() => {
                    setActive(record.record_id);
                    onOpen(record.record_id);
                  }}
                  onSelect={() => toggle(record.record_id)}
                />
              );
            })}
          </div>
        </div>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {isEmpty && <NoRecords isFound={Boolean(search.find)} isOld={version !== undefined} onImport={onImport} />}
        {selected.size > 0 && version === undefined && (
          <div className={grid.bar} role="toolbar" aria-label="Selected records">
            <span>{format.exact(selected.size)} selected</span>
            <Button
              icon="trash"
              onClick={() => {
                onDelete([...selected]);
                setSelected(new Set());
              }}
            >
              Delete
            </Button>
            <Button onClick={() => setSelected(new Set())}>Clear</Button>
          </div>
        )}
      </div>
    </div>
  );
}

interface FindFieldProps {
  ref: React.Ref<HTMLInputElement>;
  text: string;
  onText(text: string): void;
}

function FindField({ ref, text, onText }: FindFieldProps) {
  const [draft, setDraft] = useState(text);
  const latest = useRef(onText);
  latest.current = onText;
  useEffect(() => {
    if (draft === text) return;
    const timer = setTimeout(() => latest.current(draft), TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft, text]);
  return (
    <input
      ref={ref}
      type="search"
      className={styles.findRecords}
      aria-label="Find records"
      placeholder="Find records by their text"
      spellCheck={false}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}

interface RecordRowProps {
  record: DatasetRecordPreview;
  columns: string;
  isNarrow: boolean;
  top: number;
  now: number;
  isActive: boolean;
  isOpen: boolean;
  isSelected: boolean;
  canSelect: boolean;
  onOpen(): void;
  onSelect(): void;
}

function RecordRow(props: RecordRowProps) {
  const { record, columns, isNarrow, top, now, isActive, isOpen, isSelected, canSelect, onOpen, onSelect } = props;
  const texts: [string, string | null][] = [
    ["inputs", record.inputs],
    ["expectations", record.expectations],
    ...(isNarrow
      ? []
      : ([
          ["outputs", record.outputs],
          ["tags", record.tags],
        ] as [string, string | null][])),
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page handles the keys.
    <div
      role="row"
      className={`${grid.row} ${styles.row}`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)`, gridTemplateColumns: columns }}
      data-record={record.record_id}
      data-active={isActive || undefined}
      data-open={isOpen || isSelected || undefined}
      onClick={onOpen}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
      <div role="gridcell">
        {canSelect && (
          <input
            type="checkbox"
            aria-label={`Select ${record.inputs}`}
            checked={isSelected}
            onClick={(event) => event.stopPropagation()}
            onChange={onSelect}
          />
        )}
      </div>
      {texts.map(([name, text]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="gridcell" data-column={name} data-full={text ?? undefined}>
          {text === null ? <span className="unit">–</span> : oneLine(text)}
        </div>
      ))}
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
      <div role="gridcell" data-column="source">
        <SourceLink source={record.source} />
      </div>
      {!isNarrow && (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div role="gridcell" data-column="changed">
          <Time ns={record.last_updated_ns} now={now} />
        </div>
      )}
    </div>
  );
}

const SOURCES: Record<string, string> = { TRACE: "Trace", HUMAN: "Person", CODE: "Code", DOCUMENT: "Document" };

/** Where a record came from; of a trace the way to it. */
export function SourceLink({ source }: { source: DatasetRecordPreview["source"] }) {
  if (!source) return <span className="unit">–</span>;
  if (!source.trace_id) return SOURCES[source.type] ?? source.type;
  return (
    <Link
      to="/traces/$traceId"
      params={{ traceId: source.trace_id }}
      search={source.span_id ? { span: source.span_id } : {}}
      className={styles.source}
      onClick={(event) => event.stopPropagation()}
    >
      {source.span_id ? "Span" : "Trace"}
    </Link>
  );
}

function NoRecords({ isFound, isOld, onImport }: { isFound: boolean; isOld: boolean; onImport(): void }) {
  if (isFound || isOld) {
    return (
      <div className={grid.none} role="status">
        <h2>{isFound ? "No record has this text" : "This version has no records"}</h2>
      </div>
    );
  }
  return (
    <div className={grid.none} role="status">
      <h2>No records yet</h2>
      <p>
        Select traces in the list of traces and choose “Add to dataset”, write one here (<kbd>a</kbd>), or import a
        file.
      </p>
      <Button kind="outline" icon="upload" onClick={onImport}>
        Import
      </Button>
    </div>
  );
}
