// One session as a conversation: what was asked, what was answered, in the order of time, each with its trace.

import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { tracesQuery } from "../../api/queries";
import type { SessionSummary, TraceSummary } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { CopyButton } from "../../components/CopyButton";
import { ErrorState } from "../../components/ErrorState";
import { Count, Dollars, Duration } from "../../components/Figure";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { equality } from "../filter/clauses";
import { Status } from "../traces/columns";
import styles from "./SessionDrawer.module.css";

interface SessionDrawerProps {
  session: string;
  summary: SessionSummary | undefined;
  experiment: string[] | undefined;
  onClose(): void;
}

export function SessionDrawer({ session, summary, experiment, onClose }: SessionDrawerProps) {
  const filter = equality("session", session);
  const query = useInfiniteQuery({
    ...tracesQuery({ experiment, filter }, "start ASC"),
    placeholderData: undefined,
  });
  const turns = query.data?.pages.flatMap((page) => page.traces) ?? [];
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => drawer.current?.focus({ preventScroll: true }), []);
  useShortcuts({ Escape: onClose });

  return (
    <aside ref={drawer} tabIndex={-1} aria-label="Session" className={styles.drawer} data-testid="session-drawer">
      <header className={styles.header}>
        <div className={styles.title}>
          <h2 data-full={session} className="cut">
            {session}
          </h2>
          <CopyButton text={session} label="Copy the session id" />
        </div>
        <Link to="/traces" search={{ experiment, filter }} className={styles.link}>
          In the list
        </Link>
        <IconButton icon="close" label="Close" keys="Escape" onClick={onClose} />
      </header>
      {summary && <Figures summary={summary} />}
      <section className={styles.turns} aria-label="Turns" tabIndex={-1}>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        <ol>
          {turns.map((turn, index) => (
            <Turn key={turn.trace_id} turn={turn} number={index + 1} experiment={experiment} />
          ))}
        </ol>
        {query.hasNextPage && (
          <Button kind="outline" className={styles.more} onClick={() => void query.fetchNextPage()}>
            More turns
          </Button>
        )}
      </section>
    </aside>
  );
}

function Figures({ summary }: { summary: SessionSummary }) {
  return (
    <dl className={styles.figures}>
      {summary.user && (
        <div>
          <dt>User</dt>
          <dd>{summary.user}</dd>
        </div>
      )}
      <div>
        <dt>Traces</dt>
        <dd>{format.exact(summary.trace_count)}</dd>
      </div>
      {summary.error_count > 0 && (
        <div>
          <dt>Errors</dt>
          <dd className={styles.errors}>{format.exact(summary.error_count)}</dd>
        </div>
      )}
      <div>
        <dt>Length</dt>
        <dd>
          <Duration ns={summary.duration_ns} />
        </dd>
      </div>
      <div>
        <dt>Tokens</dt>
        <dd>
          <Count value={summary.tokens} />
        </dd>
      </div>
      <div>
        <dt>Cost</dt>
        <dd>
          <Dollars value={summary.cost} />
        </dd>
      </div>
    </dl>
  );
}

function Turn({ turn, number, experiment }: { turn: TraceSummary; number: number; experiment: string[] | undefined }) {
  return (
    <li className={styles.turn}>
      <div className={styles.meta}>
        <span className={styles.number}>{number}</span>
        <Link to="/traces/$traceId" params={{ traceId: turn.trace_id }} search={{ experiment }} className={styles.name}>
          {oneLine(turn.name ?? "") || turn.trace_id}
        </Link>
        {turn.state !== "OK" && <Status state={turn.state} />}
        <span className={styles.when} data-tip={format.timestamp(format.nsToMs(turn.start_ns))}>
          {format.shortTime(format.nsToMs(turn.start_ns), Date.now())}
        </span>
        <span className={styles.numbers}>
          {turn.duration_ns !== null && (
            <span>
              <Duration ns={turn.duration_ns} />
            </span>
          )}
          {turn.usage && (
            <span>
              <Count value={turn.usage.total} /> <span className="unit">tokens</span>
            </span>
          )}
          {turn.cost && (
            <span>
              <Dollars value={turn.cost.total} />
            </span>
          )}
        </span>
      </div>
      <Said label="Input" text={turn.input} />
      <Said label="Output" text={turn.output} />
    </li>
  );
}

function Said({ label, text }: { label: string; text: string | null }) {
  return (
    <div className={styles.said} data-said={label}>
      <span className={styles.role}>{label}</span>
      <p>{text ?? <span className="unit">nothing recorded</span>}</p>
    </div>
  );
}
