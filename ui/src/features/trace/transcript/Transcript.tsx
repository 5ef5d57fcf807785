// biome-ignore-all lint/a11y/useSemanticElements: list elements cannot be virtual rows that are measured
// The agent's story in order: asked, said, called, got. One line each; expanded in place it shows the whole content.
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { SpanPreview, TraceRecord } from "../../../api/types";
import { Count, Dollars, Duration } from "../../../components/Figure";
import { Icon } from "../../../components/icon/Icon";
import { SpanTypeIcon } from "../../../components/icon/SpanTypeIcon";
import { STATE_NAMES } from "../../../lib/states";
import { callText, gistLine } from "../../content/text";
import { PrettyText } from "../../content/Value";
import { type Previews, usePreviewVersion } from "../data/previews";
import { spanQuery } from "../data/queries";
import { type TraceGist, useGist } from "../data/useGist";
import { OverviewTab } from "../detail/OverviewTab";
import { Failure } from "../Failure";
import { idOf, type Skeleton, STATUS_ERROR, typeOf } from "../model/skeleton";
import { type StoryItem, tellStory } from "../model/story";
import { shortName } from "../tree/rowModel";
import styles from "./transcript.module.css";

const ROW = 32;
const OVERSCAN = 12;

export interface TranscriptProps {
  record: TraceRecord;
  skeleton: Skeleton;
  previews: Previews;
  selectedRow: number;
  onSelectRow(row: number): void;
}

export function Transcript({ record, skeleton, previews, selectedRow, onSelectRow }: TranscriptProps) {
  const box = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const items = useMemo(() => tellStory(skeleton, closed), [skeleton, closed]);
  const told = useGist(record, skeleton);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: OVERSCAN,
  });
  const lines = virtual.getVirtualItems();
  const first = lines[0]?.index ?? 0;
  const last = lines.at(-1)?.index ?? -1;
  usePreviewVersion(previews);
  useEffect(() => {
    const ids = new Set(items.slice(first, last + 1).map((item) => idOf(skeleton, item.row)));
    previews.want([...ids]);
  }, [items, first, last, skeleton, previews]);
  useFollow(
    items,
    selectedRow,
    useCallback((at) => virtual.scrollToIndex(at, { align: "auto" }), [virtual]),
  );

  const toggle = (item: StoryItem) => {
    if (item.kind === "group") setClosed(flipped(closed, item.row));
    else setExpanded(flipped(expanded, keyOf(item)));
  };
  return (
    <div ref={box} className={styles.transcript}>
      <div className={styles.list} role="list" aria-label="Transcript" style={{ height: virtual.getTotalSize() }}>
        {lines.map((line) => {
          const item = items[line.index];
          if (!item) return null;
          return (
            <div
              key={keyOf(item)}
              ref={virtual.measureElement}
              data-index={line.index}
              role="listitem"
              className={styles.place}
              style={{ transform: `translateY(${line.start}px)` }}
            >
              <Line
                item={item}
                told={told}
                skeleton={skeleton}
                preview={previews.get(idOf(skeleton, item.row))}
                selected={item.row === selectedRow && (item.kind === "group" || item.kind === "step")}
                open={item.kind === "group" ? !closed.has(item.row) : expanded.has(keyOf(item))}
                onSelect={() => onSelectRow(item.row)}
                onToggle={() => toggle(item)}
              />
              {item.kind !== "group" && expanded.has(keyOf(item)) && (
                <div className={styles.content} style={{ marginLeft: 34 + item.depth * 18 }}>
                  <Content item={item} told={told} skeleton={skeleton} onSelectRow={onSelectRow} />
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function useFollow(items: StoryItem[], selectedRow: number, scroll: (at: number) => void): void {
  const latest = useRef(items);
  latest.current = items;
  useEffect(() => {
    const at = latest.current.findIndex(
      (item) => item.row === selectedRow && (item.kind === "step" || item.kind === "group"),
    );
    if (at > 0) scroll(at);
  }, [selectedRow, scroll]);
}

interface LineProps {
  item: StoryItem;
  told: TraceGist;
  skeleton: Skeleton;
  preview: SpanPreview | undefined;
  selected: boolean;
  open: boolean;
  onSelect(): void;
  onToggle(): void;
}

function Line({ item, told, skeleton, preview, selected, open, onSelect, onToggle }: LineProps) {
  const failed = skeleton.status[item.row] === STATUS_ERROR;
  const duration = skeleton.duration[item.row] ?? -1;
  const framed = item.kind === "asked" || item.kind === "answer";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the name inside is a button for the keyboard
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      className={styles.line}
      data-kind={item.kind}
      data-selected={selected || undefined}
      data-failed={(failed && item.kind === "step") || undefined}
      style={{ paddingLeft: 6 + item.depth * 18 }}
      onClick={onSelect}
    >
      <button
        type="button"
        className={styles.chevron}
        aria-expanded={open}
        aria-label={`${open ? "Collapse" : "Expand"} ${framed ? item.kind : shortName(skeleton, item.row)}`}
        onClick={(event) => {
          event.stopPropagation();
          onToggle();
        }}
      >
        <Icon name={open ? "chevronDown" : "chevronRight"} size={14} />
      </button>
      {framed ? (
        <Icon name={item.kind === "asked" ? "user" : "check"} size={15} />
      ) : (
        <SpanTypeIcon type={typeOf(skeleton, item.row)} size={15} />
      )}
      <span className={styles.text}>
        <LineText item={item} told={told} skeleton={skeleton} preview={preview} failed={failed} />
      </span>
      {!framed && (
        <span className={styles.figures}>
          <span>{item.tokens > 0 && <Count value={item.tokens} />}</span>
          <span>{item.cost > 0 && <Dollars value={item.cost} />}</span>
          <span>{duration >= 0 ? <Duration ns={duration} /> : STATE_NAMES.IN_PROGRESS}</span>
        </span>
      )}
    </div>
  );
}

/** An answer that only calls tools: what they are follows on the next lines. */
const SAYS_NOTHING = /^$|^\(calls /;

function LineText({
  item,
  told,
  skeleton,
  preview,
  failed,
}: Pick<LineProps, "item" | "told" | "skeleton" | "preview"> & { failed: boolean }) {
  const name = shortName(skeleton, item.row);
  const type = typeOf(skeleton, item.row);
  const input = gist(preview?.input);
  const output = gist(preview?.output);
  if (item.kind === "asked")
    return (
      <>
        <b>Asked</b> {gist(told.input) || input || <em>nothing recorded</em>}
      </>
    );
  if (item.kind === "answer")
    return (
      <>
        <b>Answer</b> {gist(told.output) || output || <em>nothing recorded</em>}
      </>
    );
  if (item.kind === "group") {
    return (
      <>
        <b>{name}</b>{" "}
        <em>
          {item.steps} {item.steps === 1 ? "step" : "steps"}
        </em>
      </>
    );
  }
  const error = failed ? <span className={styles.error}> ✕ {gist(preview?.error) || "failed"}</span> : null;
  if (type === "TOOL") {
    return (
      <>
        <code>
          <b>{name}</b>({preview?.input ? shortened(callText(preview.input), failed ? 48 : 110) : ""})
        </code>
        {error ?? (output && <em> → {output}</em>)}
      </>
    );
  }
  if (type === "LLM" || type === "CHAT_MODEL")
    return <>{error ?? (SAYS_NOTHING.test(output) ? <em>{output || name}</em> : output)}</>;
  return (
    <>
      <b>{name}</b> {error ?? <em>{[input, output].filter(Boolean).join(" → ")}</em>}
    </>
  );
}

/** Leaves room for what follows on the line: what came back, and above all why it failed. */
function shortened(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text;
}

function Content({
  item,
  told,
  skeleton,
  onSelectRow,
}: Pick<TranscriptProps, "skeleton" | "onSelectRow"> & { item: StoryItem; told: TraceGist }) {
  const step = item.kind === "step";
  const query = useQuery({ ...spanQuery(skeleton.traceId, idOf(skeleton, item.row)), enabled: step });
  if (!step) return <PrettyText text={(item.kind === "asked" ? told.input : told.output) ?? ""} />;
  if (query.isError) return <Failure error={query.error} what="span" retry={() => void query.refetch()} />;
  if (!query.data) return <div className={styles.waiting} />;
  return (
    <OverviewTab
      traceId={skeleton.traceId}
      skeleton={skeleton}
      row={item.row}
      span={query.data}
      onSelectRow={onSelectRow}
    />
  );
}

function keyOf(item: StoryItem): string {
  return `${item.kind}${item.row}`;
}

function gist(text: string | null | undefined): string {
  return text ? gistLine(text) : "";
}

function flipped<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}
