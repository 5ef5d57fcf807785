// The sessions, the most recently active first, and the open one over them as a conversation.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { selectionOf, sessionsQuery } from "../../api/queries";
import type { SessionSummary } from "../../api/types";
import { ErrorState } from "../../components/ErrorState";
import { Count, Dollars, Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import { HEADER_PX, ROW_PX, useEndlessRows } from "../../components/grid/useEndlessRows";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { FilterBar, type FilterBarHandle } from "../filter/FilterBar";
import { live } from "../frame/state";
import { Time } from "../traces/columns";
import { EmptyState } from "../traces/EmptyState";
import { useNow } from "../traces/useNow";
import { SessionDrawer } from "./SessionDrawer";
import styles from "./SessionsPage.module.css";

const REFRESH_MS = 5000;
const HEADINGS = ["Last active", "Session", "User", "First input", "Last output"];
const NUMBERS = ["Traces", "Errors", "Length", "Tokens", "Cost"];

export function SessionsPage() {
  const [search, update] = useAppSearch();
  const { experiment, filter, from, to } = search;
  const selection = useMemo(() => selectionOf({ experiment, filter, from, to }), [experiment, filter, from, to]);
  const isLive = live.use();
  const query = useInfiniteQuery({
    ...sessionsQuery(selection),
    // Further pages would all be asked for again; whoever reads on there has the list stand still.
    refetchInterval: ({ state }) => isLive && (state.data?.pages.length ?? 0) <= 1 && REFRESH_MS,
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.sessions) ?? [], [query.data]);
  const [draft, setDraft] = useState(filter ?? "");
  useEffect(() => setDraft(filter ?? ""), [filter]);
  const [refused, setRefused] = useState(false);
  const [active, setActive] = useState<string | null>(search.session ?? null);
  const bar = useRef<FilterBarHandle>(null);
  const now = useNow();

  const { scroller, virtualizer, items } = useEndlessRows(rows.length, query);

  const open = (session: string) => {
    setActive(session);
    update({ session }, { replace: search.session !== undefined });
  };
  const move = (delta: number) => {
    const at = rows.findIndex((row) => row.session === active);
    const index = at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + delta));
    const next = rows[index];
    if (!next) return;
    virtualizer.scrollToIndex(index, { align: "auto" });
    if (search.session) open(next.session);
    else setActive(next.session);
  };
  useShortcuts({
    "/": () => bar.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    J: () => move(1),
    K: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: (event) => {
      if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) event.target.click();
      else if (active) open(active);
    },
  });

  return (
    <div className={grid.page}>
      <h1 className="visually-hidden">Sessions</h1>
      <FilterBar
        ref={bar}
        draft={draft}
        applied={filter ?? ""}
        selection={selection}
        onDraft={setDraft}
        onApply={(text) => update({ filter: text || undefined, session: undefined })}
        onRefused={setRefused}
        onLeave={() => scroller.current?.focus()}
      />
      <div className={grid.list} data-stale={query.isPlaceholderData || refused || undefined}>
        {/* biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list. */}
        <div ref={scroller} className={grid.scroller} role="grid" tabIndex={0} aria-label="Sessions" aria-rowcount={-1}>
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          <div
            role="rowgroup"
            className={`${grid.canvas} ${styles.canvas}`}
            style={{ height: virtualizer.getTotalSize() }}
          >
            <Header />
            {items.map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              return (
                <SessionRow
                  key={row.session}
                  row={row}
                  top={item.start}
                  now={now}
                  isActive={row.session === active}
                  isOpen={row.session === search.session}
                  onOpen={open}
                />
              );
            })}
          </div>
        </div>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && rows.length === 0 && (
          <NoSessions filtered={Boolean(filter || from || to)} {...{ selection, update }} />
        )}
      </div>
      {search.session && (
        <SessionDrawer
          key={search.session}
          session={search.session}
          summary={rows.find((row) => row.session === search.session)}
          experiment={experiment}
          onClose={() => {
            update({ session: undefined });
            scroller.current?.focus();
          }}
        />
      )}
    </div>
  );
}

function NoSessions({
  filtered,
  selection,
  update,
}: { filtered: boolean } & Pick<Parameters<typeof EmptyState>[0], "selection"> & {
    update: ReturnType<typeof useAppSearch>[1];
  }) {
  if (filtered)
    return <EmptyState selection={selection} onChange={(change) => update(change)} title="No session matches" />;
  return (
    <div className={grid.none} role="status">
      <h2>No sessions yet</h2>
      <p>
        Traces that carry a session id become a conversation here: <code>mlflow.trace.session</code> in the trace's
        metadata, or <code>session.id</code> on a span.
      </p>
    </div>
  );
}

function Header() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div role="row" className={`${grid.header} ${styles.header}`} style={{ height: HEADER_PX }}>
      {HEADINGS.map((name) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="columnheader">
          {name}
        </div>
      ))}
      {NUMBERS.map((name) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="columnheader" data-numeric>
          {name}
        </div>
      ))}
    </div>
  );
}

interface SessionRowProps {
  row: SessionSummary;
  top: number;
  now: number;
  isActive: boolean;
  isOpen: boolean;
  onOpen(session: string): void;
}

function SessionRow({ row, top, now, isActive, isOpen, onOpen }: SessionRowProps) {
  const cells: [string, React.ReactNode, string | null][] = [
    ["time", <Time key="time" ns={row.last_start_ns} now={now} />, null],
    ["session", oneLine(row.session), row.session],
    ["user", oneLine(row.user ?? "–"), row.user],
    ["input", oneLine(row.first_input ?? "–"), row.first_input],
    ["output", oneLine(row.last_output ?? "–"), row.last_output],
  ];
  const numbers: [string, React.ReactNode][] = [
    ["traces", row.trace_count],
    [
      "errors",
      <span key="errors" className={row.error_count > 0 ? styles.errors : "unit"}>
        {row.error_count}
      </span>,
    ],
    ["length", <Duration key="length" ns={row.duration_ns} />],
    ["tokens", <Count key="tokens" value={row.tokens} />],
    ["cost", <Dollars key="cost" value={row.cost} />],
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page handles the keys.
    <div
      role="row"
      className={`${grid.row} ${styles.row}`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)` }}
      data-session={row.session}
      data-active={isActive || undefined}
      data-open={isOpen || undefined}
      onClick={() => onOpen(row.session)}
    >
      {cells.map(([name, content, full]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="gridcell" data-column={name} data-full={full ?? undefined}>
          {content}
        </div>
      ))}
      {numbers.map(([name, content]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="gridcell" data-column={name} data-numeric>
          {content}
        </div>
      ))}
    </div>
  );
}
