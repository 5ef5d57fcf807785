// A viewer for JSON of any size: lines of 20 px made only where something is open, virtual beyond a screenful, with
// folding, search, and copying of paths and values.
import { memo, useEffect, useId, useMemo, useRef, useState } from "react";
import { Icon } from "../../../components/icon/Icon";
import { exact, bytes as formatBytes, plain } from "../../../lib/format";
import { CopyButton } from "../CopyButton";
import styles from "../content.module.css";
import {
  idOfPath,
  idsAbove,
  initiallyOpen,
  type JsonLine,
  jsonLines,
  type Path,
  pathText,
  STRING_LINE,
  sizeOf,
} from "./lines";
import { type JsonSearcher, openSearcher } from "./search";

const LINE = 20;
/** More lines than this scroll in a window of their own. */
const INLINE_LINES = 40;
const WINDOW_LINES = 30;
const OVERSCAN = 10;
/** Shorter values have no search of their own. */
const SEARCH_FROM_LINES = 25;
const DEBOUNCE_MS = 150;

export const JsonView = memo(function JsonView({
  value,
  bytes = 0,
  height,
}: {
  value: unknown;
  bytes?: number;
  height?: number;
}) {
  const [open, setOpen] = useState(() => initiallyOpen(value));
  const lines = useMemo(() => jsonLines(value, open), [value, open]);
  const scroller = useRef<HTMLDivElement>(null);
  const find = useJsonSearch(value, bytes);
  const hit = find.hits[find.at];
  useEffect(() => {
    if (!hit) return;
    setOpen((before) => new Set([...before, ...idsAbove(value, hit)]));
  }, [hit, value]);
  const hitLine = useMemo(() => (hit ? lines.findIndex((line) => line.id === idOfPath(hit)) : -1), [hit, lines]);
  useEffect(() => {
    if (hitLine >= 0) scroller.current?.scrollTo({ top: (hitLine - WINDOW_LINES / 3) * LINE });
  }, [hitLine]);
  const toggle = (line: JsonLine) =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(line.id)) after.add(line.id);
      return after;
    });
  const foldable = lines.length >= SEARCH_FROM_LINES || sizeOf(value) > SEARCH_FROM_LINES || bytes > 4096;
  return (
    <div className={styles.json}>
      {foldable && (
        <div className={styles.jsonBar}>
          <SearchField find={find} />
          <span style={{ marginLeft: "auto" }}>{bytes > 0 && plain(formatBytes(bytes))}</span>
          <button type="button" className={styles.small} onClick={() => setOpen(new Set([""]))}>
            Collapse all
          </button>
          <button type="button" className={styles.small} onClick={() => setOpen(initiallyOpen(value, 2000))}>
            Expand
          </button>
        </div>
      )}
      <Lines lines={lines} scroller={scroller} hitLine={hitLine} toggle={toggle} height={height} />
    </div>
  );
});

interface LinesProps {
  lines: JsonLine[];
  scroller: React.RefObject<HTMLDivElement | null>;
  hitLine: number;
  toggle(line: JsonLine): void;
  height?: number | undefined;
}

function Lines({ lines, scroller, hitLine, toggle, height }: LinesProps) {
  const windowed = lines.length > INLINE_LINES;
  const [top, setTop] = useState(0);
  const shown = height ?? WINDOW_LINES * LINE;
  const first = windowed ? Math.max(0, Math.floor(top / LINE) - OVERSCAN) : 0;
  const last = windowed ? Math.min(lines.length, Math.ceil((top + shown) / LINE) + OVERSCAN) : lines.length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div
      ref={scroller}
      className={styles.jsonScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      role="group"
      aria-label="JSON"
      style={windowed ? { height: shown } : undefined}
      onScroll={(event) => windowed && setTop(event.currentTarget.scrollTop)}
    >
      <div style={windowed ? { height: lines.length * LINE, paddingTop: first * LINE } : undefined}>
        {lines.slice(first, last).map((line, at) => (
          <Line key={line.id} line={line} hit={first + at === hitLine} toggle={toggle} />
        ))}
      </div>
    </div>
  );
}

const Line = memo(function Line({ line, hit, toggle }: { line: JsonLine; hit: boolean; toggle(line: JsonLine): void }) {
  const foldable = line.kind === "object" || line.kind === "array" || line.kind === "range" || line.kind === "string";
  const label = (
    <>
      {line.key !== null && (
        <span className={line.kind === "range" ? styles.jsonMeta : styles.jsonKey}>{line.key}</span>
      )}
      {line.key !== null && line.kind !== "range" && <span className={styles.jsonMeta}>: </span>}
    </>
  );
  return (
    <div className={`${styles.jsonLine} ${hit ? styles.jsonHit : ""}`} style={{ paddingLeft: 22 + line.depth * 14 }}>
      {foldable ? (
        <button
          type="button"
          className={styles.jsonToggle}
          aria-expanded={line.open}
          aria-label={line.key === null ? "Whole value" : String(line.key)}
          onClick={() => toggle(line)}
        >
          <Icon name={line.open ? "chevronDown" : "chevronRight"} size={14} />
          <span> {label}</span>
        </button>
      ) : (
        label
      )}
      <Value line={line} />
      {line.kind !== "text" && line.kind !== "range" && (
        <span className={styles.jsonTools}>
          {line.path.length > 0 && (
            <CopyButton label="Copy path" text={() => pathText(line.path)}>
              path
            </CopyButton>
          )}
          <CopyButton label="Copy value" text={() => valueText(line.value)} />
        </span>
      )}
    </div>
  );
});

function Value({ line }: { line: JsonLine }) {
  if (line.kind === "text") return <span className={styles.string}>{String(line.value)}</span>;
  if (line.kind === "range") return <span className={styles.jsonMeta}> {exact(line.size)} entries</span>;
  if (line.kind === "array")
    return <span className={styles.jsonMeta}>{line.open ? "[" : `[ ${exact(line.size)} ]`}</span>;
  if (line.kind === "object") return <span className={styles.jsonMeta}>{line.open ? "{" : objectHint(line)}</span>;
  if (line.kind === "string") {
    const head = String(line.value).slice(0, STRING_LINE).replaceAll("\n", "⏎");
    return (
      <span className={styles.jsonValue}>
        {!line.open && <span className={styles.string}>"{head}…</span>}
        <span className={styles.jsonMeta}> {exact(line.size)} characters</span>
      </span>
    );
  }
  return <Leaf value={line.value} />;
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string")
    return <span className={`${styles.jsonValue} ${styles.string}`}>{JSON.stringify(value)}</span>;
  if (typeof value === "number") return <span className={styles.number}>{String(value)}</span>;
  return <span className={styles.keyword}>{JSON.stringify(value) ?? "undefined"}</span>;
}

function objectHint(line: JsonLine): string {
  const keys = Object.keys(line.value as object);
  return `{ ${keys.slice(0, 4).join(", ")}${keys.length > 4 ? `, … ${exact(keys.length)}` : ""} }`;
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}

interface JsonSearch {
  text: string;
  hits: Path[];
  at: number;
  failure: string | null;
  setText(text: string): void;
  step(delta: number): void;
}

function useJsonSearch(value: unknown, bytes: number): JsonSearch {
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ hits: Path[]; at: number; failure: string | null }>({
    hits: [],
    at: 0,
    failure: null,
  });
  const opened = useRef<JsonSearcher | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another value needs another searcher
  useEffect(() => {
    opened.current = null;
    return () => opened.current?.close();
  }, [value]);
  useEffect(() => {
    if (text === "") return setFound({ hits: [], at: 0, failure: null });
    let current = true;
    // The searcher is made with the first search: most values are never searched.
    opened.current ??= openSearcher(value, bytes);
    const searcher = opened.current;
    const timer = setTimeout(() => {
      searcher.search(text).then(
        (hits) => current && setFound({ hits, at: 0, failure: null }),
        (error: Error) => current && setFound({ hits: [], at: 0, failure: error.message }),
      );
    }, DEBOUNCE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, value, bytes]);
  const step = (delta: number) =>
    setFound((before) => ({
      ...before,
      at: (before.at + delta + before.hits.length) % Math.max(before.hits.length, 1),
    }));
  return { text, ...found, setText, step };
}

function SearchField({ find }: { find: JsonSearch }) {
  const id = useId();
  return (
    <>
      <label htmlFor={id} className="visually-hidden">
        Search in this JSON
      </label>
      <input
        id={id}
        type="search"
        placeholder="Search keys and values"
        value={find.text}
        onChange={(event) => find.setText(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && find.step(event.shiftKey ? -1 : 1)}
      />
      <span aria-live="polite">
        {find.failure ??
          (find.text === "" ? "" : find.hits.length === 0 ? "no hit" : `${find.at + 1} of ${exact(find.hits.length)}`)}
      </span>
    </>
  );
}
