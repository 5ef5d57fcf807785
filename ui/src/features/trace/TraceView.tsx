// A trace that has been read: head, minimap, tree or transcript, and the selected span beside it.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import type { TraceRecord } from "../../api/types";
import { copyText } from "../../components/CopyButton";
import type { PopoverHandle } from "../../components/popover/Popover";
import { toast } from "../../components/toast/toast";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { wordsOf } from "../filter/words";
import type { AssessmentPanelProps } from "./assess/AssessmentPanel";
import { useAssess } from "./assess/useAssess";
import { useLiveTrace } from "./data/live";
import { usePalette } from "./data/palette";
import { usePreviews } from "./data/previews";
import { forgetOpenSpans, recordQuery, treeQuery, useSpan } from "./data/queries";
import { SpanDetail, TABS, type Tab } from "./detail/SpanDetail";
import { Failure } from "./Failure";
import { FindField } from "./FindField";
import { Gist } from "./header/Gist";
import { MetaLine, TraceHeader, type View } from "./header/TraceHeader";
import { linkTo } from "./links";
import { Minimap } from "./Minimap";
import type { Rows } from "./model/rows";
import { firstError, stepThrough } from "./model/search";
import { idOf, nameOf, type Skeleton } from "./model/skeleton";
import { toldRows } from "./model/story";
import { Panes } from "./Panes";
import { LINE_HEIGHT, Timeline } from "./Timeline";
import type { TracePageProps } from "./TracePage";
import styles from "./trace.module.css";
import { Transcript } from "./transcript/Transcript";
import { collapseOrLeave, expandOrEnter } from "./treeMoves";
import { useFind } from "./useFind";
import { usePicked } from "./usePicked";
import { useSelection } from "./useSelection";
import { useSize, useWidth } from "./useSize";
import { useTimeAxis } from "./useTimeAxis";
import { useTraceKeys } from "./useTraceKeys";
import { useTree } from "./useTree";

/** Below this width the detail goes under the tree. */
const STACKED_BELOW = 820;
const PREFETCH_LINES = 3;

export interface TraceViewProps extends TracePageProps {
  page: RefObject<HTMLElement | null>;
  record: TraceRecord;
  skeleton: Skeleton;
  /** Why the newest state could not be read, if it could not. */
  stale: Error | null;
  retry(): void;
}

export function TraceView(props: TraceViewProps) {
  const { traceId, record, skeleton, onClose, onStep, layout } = props;
  const [search, setSearch] = useAppSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const view: View = search.view === "transcript" ? "transcript" : "timeline";
  const tab = (TABS as readonly string[]).includes(search.tab ?? "") ? (search.tab as Tab) : "overview";
  const tree = useTree(skeleton);
  const previews = usePreviews(traceId);
  const palette = usePalette(skeleton.types);
  const assess = useAssess(traceId);
  const [picked, pick] = usePicked(props.spanId, props.onSelectSpan);
  const selection = useSelection(skeleton, picked, tree, pick);
  const { row } = selection;
  const spanId = row >= 0 ? idOf(skeleton, row) : null;
  const ahead = useMemo(() => nextIds(skeleton, tree.rows, selection.line), [skeleton, tree.rows, selection.line]);
  const detail = useSpan(traceId, spanId, ahead);
  const time = useTimeAxis(skeleton);
  const find = useFind(skeleton, search.find ?? "", row);
  const words = useMemo(() => wordsOf(search.filter ?? ""), [search.filter]);
  const { errors } = skeleton;
  const errorRow = useMemo(() => firstError(skeleton), [skeleton]);
  const [feedbackStart, setFeedbackStart] = useState<AssessmentPanelProps["start"]>();
  const feedback = useRef<PopoverHandle>(null);
  const findInput = useRef<HTMLInputElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const [box, size] = useSize();
  const [firstBox, firstWidth] = useWidth();
  const stacked = size.width > 0 && size.width < STACKED_BELOW;

  const changed = useCallback(() => {
    previews.forget(openIds(skeleton));
    forgetOpenSpans(client, skeleton);
    void client.invalidateQueries({ queryKey: treeQuery(traceId).queryKey });
    void client.invalidateQueries({ queryKey: recordQuery(traceId).queryKey });
  }, [client, previews, skeleton, traceId]);
  useLiveTrace(traceId, skeleton.open > 0 || record.state === "IN_PROGRESS", changed);

  useTitle(record.name ?? traceId);

  const selectRow = useCallback(
    (next: number) => {
      if (next < 0) return;
      tree.show(next);
      pick(idOf(skeleton, next));
    },
    [tree.show, skeleton, pick],
  );
  const step = (rows: Int32Array, delta: 1 | -1) => selectRow(stepThrough(skeleton, rows, row, delta));
  const setView = (next: View) => setSearch({ view: next === "timeline" ? undefined : next }, { replace: true });
  const setTab = (next: Tab) => setSearch({ tab: next === "overview" ? undefined : next }, { replace: true });
  const comment = (start: AssessmentPanelProps["start"]) => {
    setFeedbackStart(start);
    feedback.current?.open();
  };
  const copy = (text: string, what: string) =>
    void copyText(text).then((done) =>
      toast(done ? `${what} copied` : "The browser did not allow copying", done ? "done" : "error"),
    );
  const told = useMemo(() => (view === "transcript" ? toldRows(skeleton) : null), [view, skeleton]);
  const moveTo = (line: number) => selection.selectLine(Math.max(0, Math.min(tree.rows.length - 1, line)));

  const move = (delta: 1 | -1) => (told ? step(told, delta) : moveTo(selection.line + delta));

  useTraceKeys(props.page, {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => moveTo(selection.line + Math.floor(size.height / LINE_HEIGHT / 2)),
    PageUp: () => moveTo(selection.line - Math.floor(size.height / LINE_HEIGHT / 2)),
    Home: () => moveTo(0),
    End: () => moveTo(tree.rows.length - 1),
    ArrowRight: () => expandOrEnter(skeleton, tree, selection),
    ArrowLeft: () => collapseOrLeave(skeleton, tree, selection),
    "shift+ArrowRight": () => tree.toggle(selection.line, true, true),
    "shift+ArrowLeft": () => tree.toggle(selection.line, true, false),
    Enter: () => focusDetail(box.current),
    Escape: () => leave(box.current, onClose),
    e: () => step(errors, 1),
    E: () => step(errors, -1),
    n: () => step(find.exact(), 1),
    N: () => step(find.exact(), -1),
    "mod+f": () => findInput.current?.select(),
    "/": () => findInput.current?.select(),
    w: () => setView("timeline"),
    t: () => setView("transcript"),
    r: () => setTab(tab === "raw" ? "overview" : "raw"),
    c: () => copy(linkTo(traceId, spanId), "Link"),
    y: () => detail.data && copy(JSON.stringify(detail.data, null, 2), "Span"),
    u: () => assess.rate(record, "thumbs", true),
    x: () => assess.rate(record, "thumbs", false),
    m: () => comment({ name: "comment", kind: "text" }),
    ...Object.fromEntries([1, 2, 3, 4, 5].map((stars) => [String(stars), () => assess.rate(record, "rating", stars)])),
    ...(onStep ? { J: () => onStep(1), K: () => onStep(-1) } : {}),
  });

  const span = spanId ? { id: spanId, name: oneLine(nameOf(skeleton, row)) } : null;
  const heading = (
    <FindField
      ref={findInput}
      text={find.text}
      at={find.at}
      hits={find.rows.length}
      errors={errors.length}
      onText={(text) => {
        find.setText(text);
        setSearch({ find: text || undefined }, { replace: true });
      }}
      onStep={(delta) => step(find.exact(), delta)}
      onStepError={(delta) => step(errors, delta)}
    />
  );
  return (
    <>
      <TraceHeader
        record={record}
        skeleton={skeleton}
        assess={assess}
        view={view}
        layout={layout}
        span={span}
        feedback={feedback}
        feedbackStart={feedbackStart}
        onFeedback={() => setFeedbackStart(undefined)}
        onView={setView}
        onSelectRow={selectRow}
        onStep={onStep}
        onClose={onClose}
        onDeleted={() => (onClose ? onClose() : void navigate({ to: "/traces" }))}
      />
      <MetaLine record={record} />
      <Gist record={record} skeleton={skeleton} errorRow={errorRow} onSelectRow={selectRow} />
      {props.stale && (
        <div className={styles.stale} role="alert">
          This may be out of date: {props.stale.message}{" "}
          <button type="button" onClick={props.retry}>
            Try again
          </button>
        </div>
      )}
      <Minimap skeleton={skeleton} palette={palette} end={time.end} window={time.window} onZoom={time.zoom} />
      <div ref={box} className={styles.split} data-stacked={stacked || undefined}>
        <Panes
          stacked={stacked}
          width={size.width}
          height={size.height}
          first={
            <div ref={firstBox} className={styles.fill}>
              {view === "transcript" ? (
                <Transcript
                  record={record}
                  skeleton={skeleton}
                  previews={previews}
                  selectedRow={row}
                  onSelectRow={selectRow}
                />
              ) : (
                <Timeline
                  {...{ skeleton, tree, selection, palette, time, previews, grid, heading }}
                  hits={find.set}
                  width={firstWidth}
                />
              )}
            </div>
          }
          second={
            row >= 0 ? (
              <SpanDetail
                traceId={traceId}
                skeleton={skeleton}
                row={row}
                record={record}
                query={detail}
                words={words}
                tab={tab}
                onTab={setTab}
                onSelectRow={selectRow}
              />
            ) : (
              <Failure error={MISSING_SPAN} what="span" retry={props.retry} />
            )
          }
        />
      </div>
    </>
  );
}

/** The tab of the browser says which trace it holds. */
function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · Spanwise`;
    return () => {
      document.title = before;
    };
  }, [title]);
}

const MISSING_SPAN = new ApiError({ type: "about:blank", title: "Not found", status: 404, detail: "" });

/** The spans of the next lines, which are likely to be read next. */
function nextIds(skeleton: Skeleton, rows: Rows, line: number): string[] {
  const ids: string[] = [];
  for (let next = line + 1; line >= 0 && next < rows.length && ids.length < PREFETCH_LINES; next++) {
    if (rows.fold[next] === 0) ids.push(idOf(skeleton, rows.row[next] ?? 0));
  }
  return ids;
}

function openIds(skeleton: Skeleton): string[] {
  const ids: string[] = [];
  for (let row = 0; row < skeleton.count; row++) if ((skeleton.duration[row] ?? 0) < 0) ids.push(idOf(skeleton, row));
  return ids;
}

/** Enter goes from the tree into the detail, where the first thing to press gets the focus. */
function focusDetail(box: HTMLElement | null): void {
  box?.querySelector<HTMLElement>("[data-detail] [role='tab'][aria-selected='true']")?.focus();
}

/** Escape goes back to the tree, and from there out of the page. */
function leave(box: HTMLElement | null, onClose: (() => void) | undefined): void {
  const inDetail = box?.querySelector("[data-detail]")?.contains(document.activeElement);
  const row = box?.querySelector<HTMLElement>("[role='row'][tabindex='0']");
  if (inDetail && row) row.focus();
  else onClose?.();
}
