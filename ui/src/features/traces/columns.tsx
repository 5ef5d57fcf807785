// The columns of the list: what each shows, by what it sorts, and which clause its value makes.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { experimentsQuery } from "../../api/queries";
import type { State, TraceSummary, Usage } from "../../api/types";
import { Count, Dollars, Duration } from "../../components/Figure";
import { Icon } from "../../components/icon/Icon";
import * as format from "../../lib/format";
import { oneLine } from "../../lib/oneLine";
import { STATE_NAMES } from "../../lib/states";
import { duration, equality } from "../filter/clauses";
import styles from "./TraceTable.module.css";

export interface Column {
  id: string;
  label: string;
  /** The field of `order_by`, if the server can sort by it. */
  order?: string;
  numeric?: boolean;
  /** Pixels; a flexible column has at least these and shares what is left. */
  width: number;
  flexible?: boolean;
  cell(trace: TraceSummary, now: number): ReactNode;
  /** The whole text, shown when the cell cuts it. */
  full?(trace: TraceSummary): string | null;
  clause?(trace: TraceSummary): string | null;
}

export const COLUMNS: readonly Column[] = [
  {
    id: "time",
    label: "Time",
    order: "start",
    width: 132,
    cell: (trace, now) => <Time ns={trace.start_ns} now={now} />,
  },
  {
    id: "name",
    label: "Name",
    order: "name",
    width: 140,
    cell: (trace) => <span className={styles.name}>{shown(trace.name)}</span>,
    full: (trace) => trace.name,
    clause: (trace) => equals("name", trace.name),
  },
  {
    id: "input",
    label: "Input",
    width: 150,
    flexible: true,
    cell: (trace) => shown(trace.input),
    full: (trace) => trace.input,
  },
  {
    id: "output",
    label: "Output",
    width: 150,
    flexible: true,
    cell: (trace) =>
      trace.output === null ? <Nothing /> : <span className={styles.quiet}>{cellText(trace.output)}</span>,
    full: (trace) => trace.output,
  },
  {
    id: "status",
    label: "Status",
    order: "status",
    width: 116,
    cell: (trace) => <TraceStatus trace={trace} />,
    clause: (trace) => equals("status", trace.state),
  },
  {
    id: "latency",
    label: "Latency",
    order: "latency",
    numeric: true,
    width: 78,
    cell: (trace) => (trace.duration_ns === null ? <Nothing /> : <Duration ns={trace.duration_ns} />),
    clause: (trace) => (trace.duration_ns === null ? null : `latency >= ${duration(trace.duration_ns)}`),
  },
  {
    id: "tokens",
    label: "Tokens",
    order: "tokens",
    numeric: true,
    width: 74,
    cell: (trace) => (trace.usage === null ? <Nothing /> : <Tokens usage={trace.usage} />),
    clause: (trace) => trace.usage && `tokens >= ${trace.usage.total}`,
  },
  {
    id: "cost",
    label: "Cost",
    order: "cost",
    numeric: true,
    width: 90,
    cell: (trace) => (trace.cost === null ? <Nothing /> : <Dollars value={trace.cost.total} />),
    clause: (trace) => trace.cost && `cost >= ${Number(trace.cost.total.toPrecision(6))}`,
  },
  {
    id: "session",
    label: "Session",
    order: "session",
    width: 124,
    cell: (trace) => shown(trace.session),
    full: (trace) => trace.session,
    clause: (trace) => equals("session", trace.session),
  },
  {
    id: "user",
    label: "User",
    order: "user",
    width: 98,
    cell: (trace) => shown(trace.user),
    full: (trace) => trace.user,
    clause: (trace) => equals("user", trace.user),
  },
  {
    id: "experiment",
    label: "Experiment",
    width: 120,
    cell: (trace) => <ExperimentName id={trace.experiment_id} />,
  },
  {
    id: "spans",
    label: "Spans",
    order: "spans",
    numeric: true,
    width: 66,
    cell: (trace) => <Count value={trace.span_count} />,
    clause: (trace) => `spans >= ${trace.span_count}`,
  },
  {
    id: "tags",
    label: "Tags",
    width: 180,
    cell: (trace) => <Tags tags={trace.tags} />,
    full: (trace) => tagText(trace.tags),
  },
  {
    id: "feedback",
    label: "Feedback",
    width: 140,
    cell: (trace) => <Feedback trace={trace} />,
    full: (trace) => trace.assessments.map(({ name, value }) => `${name}: ${shortValue(value)}`).join("\n"),
  },
  {
    id: "trace_id",
    label: "Trace ID",
    order: "trace_id",
    width: 140,
    cell: (trace) => <span className="mono">{trace.trace_id}</span>,
    full: (trace) => trace.trace_id,
    clause: (trace) => equals("trace_id", trace.trace_id),
  },
];

export const DEFAULT_COLUMNS = [
  "time",
  "name",
  "input",
  "output",
  "status",
  "latency",
  "tokens",
  "cost",
  "session",
  "user",
] as const;

/** Returns the columns that the URL or the browser's memory names; what they name wrongly is left out. */
export function chosenColumns(text: string | undefined, remembered: readonly string[]): Column[] {
  const ids = text ? text.split(",") : remembered;
  const columns = ids.flatMap((id) => COLUMNS.find((column) => column.id === id) ?? []);
  return columns.length > 0 ? columns : chosenColumns(undefined, DEFAULT_COLUMNS);
}

export function Status({ state }: { state: State }) {
  return (
    <span className={styles.status} data-state={state}>
      {state === "ERROR" ? (
        <Icon name="warning" size={13} />
      ) : state === "IN_PROGRESS" ? (
        <Icon name="running" size={12} />
      ) : (
        <span className={styles.dot} />
      )}
      {STATE_NAMES[state]}
    </span>
  );
}

function TraceStatus({ trace }: { trace: TraceSummary }) {
  const failed = failuresInside(trace);
  return (
    <span className={styles.statusLine}>
      <Status state={trace.state} />
      {failed > 0 && (
        <span
          className={styles.failures}
          data-tip={`${format.exact(failed)} ${failed === 1 ? "span" : "spans"} in it failed`}
        >
          {format.plain(format.count(failed))} failed
        </span>
      )}
    </span>
  );
}

/** Spans that failed in a trace whose own state does not say so. */
export function failuresInside(trace: TraceSummary): number {
  if (trace.state === "ERROR") return 0;
  return trace.error_span_count ?? 0;
}

export function Time({ ns, now }: { ns: string; now: number }) {
  const ms = format.nsToMs(ns);
  return (
    <span className={styles.time} data-tip={`${format.timestamp(ms)} local time`}>
      <span>{format.shortTime(ms, now)}</span>
      <span className={styles.ago}>{format.ago(ms, now)}</span>
    </span>
  );
}

// A summary has the id only; the names are asked for once, by the switcher above. That of a deleted one is not among them.
function ExperimentName({ id }: { id: string }) {
  const { data } = useQuery({
    ...experimentsQuery(),
    select: (experiments) => experiments.find((one) => one.experiment_id === id)?.name,
  });
  const name = oneLine(data ?? "") || id;
  return (
    <div className="cut" data-full={name}>
      {name}
    </div>
  );
}

function Tokens({ usage }: { usage: Usage }) {
  const cached = usage.cache_read ? ` (${format.exact(usage.cache_read)} cached)` : "";
  return (
    <span data-tip={`${format.exact(usage.input)} in${cached}, ${format.exact(usage.output)} out`}>
      <Count value={usage.total} />
    </span>
  );
}

function Nothing() {
  return <span className={styles.nothing}>–</span>;
}

function Tags({ tags }: { tags: Record<string, string> }) {
  return Object.entries(tags).map(([key, value]) => (
    <span key={key} className={styles.tag}>
      <span className="unit">{cellText(key)}</span> <bdi>{cellText(value)}</bdi>
    </span>
  ));
}

function tagText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}: ${value}`)
    .join("\n");
}

function Feedback({ trace }: { trace: TraceSummary }) {
  return trace.assessments.map((assessment) => (
    <span key={`${assessment.name} ${assessment.kind}`} className={styles.tag} data-good={goodness(assessment.value)}>
      <span className="unit">{cellText(assessment.name)}</span> <bdi>{cellText(shortValue(assessment.value))}</bdi>
    </span>
  ));
}

function goodness(value: unknown): "yes" | "no" | undefined {
  if (value === true || value === "yes") return "yes";
  return value === false || value === "no" ? "no" : undefined;
}

function shortValue(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function equals(field: string, value: string | null): string | null {
  return value === null ? null : equality(field, value);
}

/** More of a text than any cell shows; what is longer would only be measured. */
const CELL_CHARS = 400;

function cellText(text: string): string {
  return oneLine(text.slice(0, CELL_CHARS));
}

function shown(text: string | null): ReactNode {
  return text === null ? <Nothing /> : cellText(text);
}
