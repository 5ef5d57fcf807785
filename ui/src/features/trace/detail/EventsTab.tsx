// What happened within a span, in order of time: its events, and the log records that belong to it.
import type { SpanDetail } from "../../../api/types";
import { Duration } from "../../../components/Figure";
import { nsToMs, timestamp } from "../../../lib/format";
import { PrettyValue } from "../../content/Value";
import type { Skeleton } from "../model/skeleton";
import styles from "./detail.module.css";

interface Entry {
  key: string;
  time_ns: string;
  name: string;
  note: string;
  value: unknown;
}

export function EventsTab({ skeleton, span }: { skeleton: Skeleton; span: SpanDetail }) {
  const entries = gather(span);
  if (entries.length === 0 && span.links.length === 0)
    return <p className={styles.empty}>Nothing happened within this span: it has no events, logs or links.</p>;
  return (
    <div className={styles.events}>
      {entries.map((entry) => (
        <article key={entry.key} className={styles.event} data-kind={entry.name === "exception" ? "error" : undefined}>
          <header>
            <strong>{entry.name}</strong>
            <span className={styles.count}>{entry.note}</span>
            <time title={timestamp(nsToMs(entry.time_ns))}>
              +<Duration ns={Math.max(0, Number(BigInt(entry.time_ns) - BigInt(span.start_ns)))} />
            </time>
          </header>
          {entry.value !== null && <PrettyValue value={entry.value} />}
        </article>
      ))}
      {span.links.map((link) => (
        <article key={`${link.trace_id}/${link.span_id}`} className={styles.event}>
          <header>
            <strong>link</strong>
            <a href={`/traces/${link.trace_id}?span=${link.span_id}`}>
              {link.trace_id === skeleton.traceId ? "in this trace" : link.trace_id} · {link.span_id}
            </a>
          </header>
        </article>
      ))}
    </div>
  );
}

function gather(span: SpanDetail): Entry[] {
  const object = (attributes: SpanDetail["attributes"]) =>
    attributes.length === 0
      ? null
      : Object.fromEntries(attributes.map((attribute) => [attribute.key, attribute.value]));
  const events = span.events.map((event, at) => ({
    key: `e${at}`,
    time_ns: event.time_ns,
    name: event.name,
    note: "",
    value: object(event.attributes),
  }));
  const logs = span.logs.map((log, at) => ({
    key: `l${at}`,
    time_ns: log.time_ns,
    name: log.event_name || "log",
    note: log.severity,
    value: log.attributes.length > 0 ? { body: log.body, ...object(log.attributes) } : log.body,
  }));
  return [...events, ...logs].sort((a, b) => a.time_ns.length - b.time_ns.length || (a.time_ns < b.time_ns ? -1 : 1));
}
