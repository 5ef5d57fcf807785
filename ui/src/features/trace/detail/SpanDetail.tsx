// One span: what it is and cost on top, then its content in tabs.
import type { UseQueryResult } from "@tanstack/react-query";
import { useRef } from "react";
import type { SpanDetail as Detail, TraceRecord } from "../../../api/types";
import { Button } from "../../../components/button/Button";
import { exact } from "../../../lib/format";
import { AssessmentPanel } from "../assess/AssessmentPanel";
import { Failure } from "../Failure";
import type { Skeleton } from "../model/skeleton";
import { AttributesTab } from "./AttributesTab";
import styles from "./detail.module.css";
import { EventsTab } from "./EventsTab";
import { OverviewTab } from "./OverviewTab";
import { RawTab } from "./RawTab";
import { SpanHeader } from "./SpanHeader";
import { useMarkedWords } from "./useMarkedWords";

export const TABS = ["overview", "attributes", "events", "raw", "assessments"] as const;
export type Tab = (typeof TABS)[number];

const TITLES: Record<Tab, string> = {
  overview: "Overview",
  attributes: "Attributes",
  events: "Events",
  raw: "Raw",
  assessments: "Assessments",
};

const NONE: readonly string[] = [];

export interface SpanDetailProps {
  traceId: string;
  skeleton: Skeleton;
  row: number;
  record: TraceRecord | undefined;
  query: UseQueryResult<Detail>;
  /** What the list's filter looked for in texts; marked where it stands. */
  words: readonly string[];
  tab: Tab;
  onTab(tab: Tab): void;
  onSelectRow(row: number): void;
}

export function SpanDetail(props: SpanDetailProps) {
  const { query, tab } = props;
  const panel = useRef<HTMLElement>(null);
  useMarkedWords(panel, query.data ? props.words : NONE);
  if (query.isError) return <Failure error={query.error} what="span" retry={() => void query.refetch()} />;
  const span = query.data;
  return (
    <section ref={panel} className={styles.detail} aria-label="Selected span" aria-busy={query.isFetching}>
      <SpanHeader skeleton={props.skeleton} row={props.row} span={span} traceId={props.traceId} />
      <TabList {...props} />
      <div
        className={styles.panel}
        role="tabpanel"
        id="span-panel"
        aria-labelledby={`span-tab-${tab}`}
        key={`${props.row}/${tab}`}
      >
        {span ? <Panel {...props} span={span} /> : <div className={styles.waiting} />}
      </div>
    </section>
  );
}

function Panel(props: SpanDetailProps & { span: Detail }) {
  const { traceId, skeleton, row, span, tab, onSelectRow } = props;
  switch (tab) {
    case "attributes":
      return <AttributesTab traceId={traceId} span={span} />;
    case "events":
      return <EventsTab skeleton={skeleton} span={span} />;
    case "raw":
      return <RawTab span={span} />;
    case "assessments":
      return props.record ? (
        <AssessmentPanel record={props.record} span={{ id: span.span_id, name: span.name }} />
      ) : null;
    default:
      return <OverviewTab traceId={traceId} skeleton={skeleton} row={row} span={span} onSelectRow={onSelectRow} />;
  }
}

function TabList({ query, tab, onTab, record }: SpanDetailProps) {
  const span = query.data;
  const counts: Partial<Record<Tab, number>> = {
    attributes: span?.attributes.length ?? 0,
    events: (span?.events.length ?? 0) + (span?.logs.length ?? 0),
    assessments:
      record?.assessments.filter((one) => one.valid && (one.span_id === null || one.span_id === span?.span_id))
        .length ?? 0,
  };
  const move = (event: React.KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
    if (next) onTab(next);
    document.getElementById(`span-tab-${next}`)?.focus();
  };
  return (
    <div className={styles.tabs} role="tablist" aria-label="Parts of the span" onKeyDown={move} data-own-arrows>
      {TABS.map((one) => (
        <Button
          key={one}
          id={`span-tab-${one}`}
          role="tab"
          aria-selected={one === tab}
          aria-controls="span-panel"
          tabIndex={one === tab ? 0 : -1}
          className={styles.tab}
          onClick={() => onTab(one)}
        >
          {TITLES[one]}
          {(counts[one] ?? 0) > 0 && <span className={styles.count}>{exact(counts[one] ?? 0)}</span>}
        </Button>
      ))}
    </div>
  );
}
