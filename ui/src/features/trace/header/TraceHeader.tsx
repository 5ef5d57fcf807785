// The head of the page: what the trace is, what it took and cost, and what can be done with it.
import { Link } from "@tanstack/react-router";
import { type Ref, useState } from "react";
import { apiUrl } from "../../../api/client";
import type { TraceRecord } from "../../../api/types";
import { IconButton } from "../../../components/button/Button";
import { CopyButton, copyText } from "../../../components/CopyButton";
import { Duration } from "../../../components/Figure";
import { Menu, MenuItem, MenuSeparator } from "../../../components/popover/Menu";
import { Popover, type PopoverHandle } from "../../../components/popover/Popover";
import { toast } from "../../../components/toast/toast";
import { ago, exact, nsToMs, timestamp } from "../../../lib/format";
import { oneLine } from "../../../lib/oneLine";
import { STATE_NAMES } from "../../../lib/states";
import { AddToQueueDialog } from "../../reviews/AddToQueueDialog";
import { AssessmentPanel, type AssessmentPanelProps } from "../assess/AssessmentPanel";
import { TagEditor } from "../assess/TagEditor";
import { type Assess, ownRating } from "../assess/useAssess";
import { shortValue } from "../assess/value";
import { tracePath } from "../data/queries";
import explained from "../explained.module.css";
import { linkTo } from "../links";
import type { Skeleton } from "../model/skeleton";
import { CostPopover, TokensPopover } from "./CostPopover";
import { DeleteDialog } from "./DeleteDialog";
import styles from "./header.module.css";

export type View = "timeline" | "transcript";

export interface TraceHeaderProps {
  record: TraceRecord;
  skeleton: Skeleton | undefined;
  assess: Assess;
  view: View;
  layout: "drawer" | "page";
  span: AssessmentPanelProps["span"];
  feedback: Ref<PopoverHandle>;
  /** What the feedback form starts with when it opens. */
  feedbackStart: AssessmentPanelProps["start"];
  /** The button for feedback was pressed: the form starts empty. */
  onFeedback(): void;
  onView(view: View): void;
  onSelectRow(row: number): void;
  onStep?: ((delta: 1 | -1) => void) | undefined;
  onClose?: (() => void) | undefined;
  onDeleted(): void;
}

export function TraceHeader(props: TraceHeaderProps) {
  const { record, skeleton } = props;
  const startMs = nsToMs(record.start_ns);
  const name = oneLine(record.name ?? "") || record.trace_id;
  return (
    <header className={styles.header}>
      <h1 className="cut" title={name}>
        {name}
      </h1>
      <StateChip state={record.state} />
      <dl className={styles.figures}>
        <div className={styles.started} data-tip={timestamp(startMs)}>
          <dt className="visually-hidden">Started</dt>
          <dd>
            <time dateTime={new Date(startMs).toISOString()}>
              {agoText(startMs)}
              <span className={styles.absolute}> · {timestamp(startMs).slice(0, 19)}</span>
            </time>
          </dd>
        </div>
        {record.duration_ns !== null && (
          <div>
            <dt className="visually-hidden">Duration</dt>
            <dd>
              <Duration ns={record.duration_ns} />
            </dd>
          </div>
        )}
        {record.usage && <TokensPopover usage={record.usage} skeleton={skeleton} onSelectRow={props.onSelectRow} />}
        {record.cost && <CostPopover cost={record.cost} skeleton={skeleton} onSelectRow={props.onSelectRow} />}
      </dl>
      <Actions {...props} />
    </header>
  );
}

function agoText(ms: number): string {
  const passed = ago(ms, Date.now());
  return passed === "now" ? "now" : `${passed} ago`;
}

export function StateChip({ state }: { state: TraceRecord["state"] }) {
  return (
    <span className={styles.state} data-state={state}>
      {STATE_NAMES[state]}
    </span>
  );
}

function Actions(props: TraceHeaderProps) {
  const { record, layout, onStep, onClose } = props;
  return (
    <div className={styles.actions}>
      <ViewSwitch view={props.view} onView={props.onView} />
      <Ratings {...props} />
      <Popover
        label="Tags"
        align="end"
        width={420}
        button={(attributes) => <IconButton icon="tag" label="Tags" {...attributes} />}
      >
        {() => <TagEditor record={record} />}
      </Popover>
      <span className={styles.line} />
      {onStep && (
        <>
          <IconButton icon="arrowUp" label="Previous trace" keys="K" onClick={() => onStep(-1)} />
          <IconButton icon="arrowDown" label="Next trace" keys="J" onClick={() => onStep(1)} />
        </>
      )}
      {layout === "drawer" && (
        <Link
          to="/traces/$traceId"
          params={{ traceId: record.trace_id }}
          search={props.span ? { span: props.span.id } : {}}
          className={styles.iconLink}
          aria-label="Open as a page"
          data-tip="Open as a page"
        >
          <ExpandIcon />
        </Link>
      )}
      <More {...props} />
      {onClose && <IconButton icon="close" label="Close" keys="Escape" onClick={onClose} />}
    </div>
  );
}

function ExpandIcon() {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="M9.5 2.5h4v4M13.5 2.5l-5 5M6.5 13.5h-4v-4M2.5 13.5l5-5" />
    </svg>
  );
}

function ViewSwitch({ view, onView }: Pick<TraceHeaderProps, "view" | "onView">) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a legend of its own
    <div className={styles.switch} role="group" aria-label="View">
      <button
        type="button"
        aria-pressed={view === "timeline"}
        data-tip="Tree and timeline"
        data-tip-keys="w"
        onClick={() => onView("timeline")}
      >
        Timeline
      </button>
      <button
        type="button"
        aria-pressed={view === "transcript"}
        data-tip="The story in order"
        data-tip-keys="t"
        onClick={() => onView("transcript")}
      >
        Transcript
      </button>
    </div>
  );
}

function Ratings({ record, assess, span, feedback, feedbackStart, onFeedback }: TraceHeaderProps) {
  const rated = ownRating(record, "thumbs")?.value;
  return (
    <>
      <span className={styles.line} />
      <IconButton
        icon="thumbUp"
        label="Good"
        keys="u"
        aria-pressed={rated === true}
        onClick={() => assess.rate(record, "thumbs", true)}
      />
      <IconButton
        icon="thumbDown"
        label="Bad"
        keys="x"
        aria-pressed={rated === false}
        onClick={() => assess.rate(record, "thumbs", false)}
      />
      <Popover
        ref={feedback}
        label="Feedback"
        align="end"
        width={460}
        button={(attributes) => (
          <IconButton icon="comment" label="Feedback" keys="m" {...attributes} onClick={onFeedback} />
        )}
      >
        {() => (
          <div className={explained.panel}>
            <AssessmentPanel record={record} span={span} start={feedbackStart} />
          </div>
        )}
      </Popover>
    </>
  );
}

function More({ record, span, onDeleted }: TraceHeaderProps) {
  const [deleting, setDeleting] = useState(false);
  const [reviewing, setReviewing] = useState(false);
  const copy = (text: string, what: string) =>
    void copyText(text).then((done) =>
      done ? toast(`${what} copied`) : toast(`The browser did not allow copying the ${what.toLowerCase()}`, "error"),
    );
  return (
    <>
      <Popover
        label="More"
        align="end"
        width={260}
        button={(attributes) => <IconButton icon="dots" label="More" {...attributes} />}
      >
        {(close) => (
          <Menu label="More">
            <MenuItem
              icon="link"
              hint="c"
              onSelect={() => {
                copy(linkTo(record.trace_id, span?.id ?? null), "Link");
                close();
              }}
            >
              Copy link
            </MenuItem>
            <MenuItem
              icon="copy"
              onSelect={() => {
                copy(record.trace_id, "Trace id");
                close();
              }}
            >
              Copy trace id
            </MenuItem>
            <MenuItem
              icon="arrowDown"
              onSelect={() => {
                void download(record.trace_id);
                close();
              }}
            >
              Download as OTLP JSON
            </MenuItem>
            <MenuItem
              icon="reviews"
              onSelect={() => {
                close();
                setReviewing(true);
              }}
            >
              Add to a review queue…
            </MenuItem>
            <MenuSeparator />
            <MenuItem
              icon="trash"
              danger
              onSelect={() => {
                close();
                setDeleting(true);
              }}
            >
              Delete trace…
            </MenuItem>
          </Menu>
        )}
      </Popover>
      {reviewing && (
        <AddToQueueDialog
          request={{ trace_ids: [record.trace_id], experiments: [record.experiment_name] }}
          count={1}
          onClose={() => setReviewing(false)}
        />
      )}
      {deleting && <DeleteDialog record={record} onClose={() => setDeleting(false)} onDeleted={onDeleted} />}
    </>
  );
}

async function download(traceId: string): Promise<void> {
  try {
    const response = await fetch(apiUrl(`${tracePath(traceId)}/otlp`), { headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const url = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = url;
    link.download = `${traceId}.otlp.json`;
    link.click();
    URL.revokeObjectURL(url);
  } catch (error) {
    toast(`Could not download the trace: ${error instanceof Error ? error.message : error}`, "error");
  }
}

/** Where the trace belongs, and what is known of it: id, experiment, session, user, tags, feedback. */
export function MetaLine({ record }: { record: TraceRecord }) {
  const tags = Object.entries(record.tags).filter(([key]) => !key.startsWith("mlflow.") && key in record.own_tags);
  const ratings = record.assessments.filter((one) => one.valid && one.kind === "feedback");
  return (
    <div className={styles.meta}>
      <span className={styles.metaItem}>
        <code title={record.trace_id}>{shortId(record.trace_id)}</code>
        <span className={styles.tiny}>
          <CopyButton text={record.trace_id} label="Copy trace id" />
        </span>
      </span>
      <time className={styles.startedBelow} title={timestamp(nsToMs(record.start_ns))}>
        {agoText(nsToMs(record.start_ns))}
      </time>
      <span className={styles.metaItem}>
        <span>experiment</span>
        <Link to="/traces" search={{ experiment: [record.experiment_name] }}>
          {oneLine(record.experiment_name)}
        </Link>
      </span>
      {record.session !== null && <MetaFilter label="session" value={record.session} />}
      {record.user !== null && <MetaFilter label="user" value={record.user} />}
      <span className={styles.metaItem}>
        <span>{record.span_count === 1 ? "1 span" : `${exact(record.span_count)} spans`}</span>
      </span>
      {tags.map(([key, value]) => (
        <span key={key} className={styles.chip} title={`${key}: ${value}`}>
          <span>{oneLine(key)}</span> <bdi>{oneLine(value)}</bdi>
        </span>
      ))}
      {ratings.map((one) => (
        <span
          key={one.assessment_id}
          className={styles.chip}
          data-value={String(one.value)}
          title={one.rationale ?? undefined}
        >
          <span>{oneLine(one.name)}</span> <bdi>{oneLine(shortValue(one.value))}</bdi>
        </span>
      ))}
    </div>
  );
}

function MetaFilter({ label, value }: { label: "session" | "user"; value: string }) {
  return (
    <span className={styles.metaItem}>
      <span>{label}</span>
      <Link
        to="/traces"
        search={{ filter: `${label} = '${value.replaceAll("'", "''")}'` }}
        title={`Traces of this ${label}`}
      >
        {oneLine(value)}
      </Link>
    </span>
  );
}

function shortId(id: string): string {
  return id.length > 20 ? `${id.slice(0, 11)}…${id.slice(-4)}` : id;
}
