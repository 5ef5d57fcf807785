// The traces in a queue, those that came first at the beginning, with who is at each and who did it.
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { ReviewItem, ReviewQueue, ReviewState } from "../../api/types";
import { IconButton } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import grid from "../../components/grid/grid.module.css";
import { HEADER_PX, ROW_PX, useEndlessRows } from "../../components/grid/useEndlessRows";
import { toast } from "../../components/toast/toast";
import * as format from "../../lib/format";
import { oneLine } from "../../lib/oneLine";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import { itemsQuery, removeFromQueue, work } from "./api";
import styles from "./Reviews.module.css";
import { reviewer as reviewerStore } from "./state";

const COLUMNS = "110px minmax(200px, 2fr) minmax(160px, 2fr) minmax(110px, 1fr) minmax(110px, 1fr) 120px 84px";
const STATES: readonly [ReviewState | undefined, string][] = [
  [undefined, "All"],
  ["pending", "To do"],
  ["in_progress", "In progress"],
  ["complete", "Done"],
  ["declined", "Declined"],
];
const STATE_TEXT = new Map(STATES);

export function QueueItems({ queue }: { queue: ReviewQueue }) {
  const [state, setState] = useState<ReviewState>();
  const query = useInfiniteQuery(itemsQuery(queue.queue_id, state));
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const { scroller, virtualizer, items: rows } = useEndlessRows(items.length, query);
  const now = useNow();
  const { progress } = queue;
  const counts: Record<string, number> = { ...progress, all: progress.total } as never;
  return (
    <>
      <div className={styles.tools} role="toolbar" aria-label="Traces that are shown">
        {STATES.map(([one, text]) => (
          <button key={text} type="button" aria-pressed={one === state} onClick={() => setState(one)}>
            {text} <span className="unit">{format.exact(counts[one ?? "all"] ?? 0)}</span>
          </button>
        ))}
        <span />
      </div>
      <div className={grid.list} data-stale={query.isPlaceholderData || undefined}>
        {/* biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list. */}
        <div
          ref={scroller}
          className={grid.scroller}
          role="grid"
          tabIndex={0}
          aria-label="Traces in the queue"
          aria-rowcount={-1}
        >
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          <div
            role="rowgroup"
            className={`${grid.canvas} ${styles.canvas}`}
            style={{ height: virtualizer.getTotalSize() }}
          >
            <Header />
            {rows.map((row) => {
              const item = items[row.index];
              return (
                item && <ItemRow key={item.trace_id} queueId={queue.queue_id} item={item} top={row.start} now={now} />
              );
            })}
          </div>
        </div>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && items.length === 0 && (
          <div className={grid.none} role="status">
            <h2>{state === undefined ? "No traces in this queue" : "None of the traces stands there"}</h2>
            {state === undefined && (
              <>
                <p>Select traces in the list of traces, or open one, and add them to this queue.</p>
                <Link to="/traces" search={{ experiment: [queue.experiment_id] }} className={styles.link}>
                  To the traces
                </Link>
              </>
            )}
          </div>
        )}
      </div>
    </>
  );
}

function Header() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div role="row" className={grid.header} style={{ height: HEADER_PX, gridTemplateColumns: COLUMNS }}>
      {["State", "Input", "Output", "At it", "Answered by", "When", ""].map((name) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="columnheader">
          {name || <span className="visually-hidden">Actions</span>}
        </div>
      ))}
    </div>
  );
}

function ItemRow({ queueId, item, top, now }: { queueId: string; item: ReviewItem; top: number; now: number }) {
  const client = useQueryClient();
  const refresh = () => {
    for (const key of ["review items", "review queue", "review queues"])
      void client.invalidateQueries({ queryKey: [key] });
  };
  const change = useMutation({
    mutationFn: async (what: "remove" | "reopen") => {
      const reviewer = item.completed_by ?? reviewerStore.get();
      if (what === "remove") await removeFromQueue(queueId, [item.trace_id]);
      else await work(queueId, item.trace_id, "reopen", { reviewer, hold: false });
    },
    onSuccess: refresh,
    onError: (error) => toast(error.message, "error"),
  });
  const isEnded = item.state === "complete" || item.state === "declined";
  const input = item.trace?.input ?? item.trace?.name ?? item.trace_id;
  const output = item.trace?.output ?? "";
  const answered = item.answered_by.join(", ") || (item.state === "declined" ? item.completed_by : null) || "";
  const cells: [string, React.ReactNode, string | null][] = [
    [
      "state",
      <span key="state" className={styles.state} data-state={item.state}>
        {STATE_TEXT.get(item.state)}
      </span>,
      null,
    ],
    [
      "input",
      <Link key="trace" to="/traces/$traceId" params={{ traceId: item.trace_id }} search={{}}>
        {oneLine(input)}
      </Link>,
      input,
    ],
    ["output", oneLine(output), output],
    ["held", item.held_by ?? <span className="unit">–</span>, null],
    ["answered", answered || <span className="unit">–</span>, answered],
    [
      "when",
      item.completed_ns ? (
        <Time key="when" ns={item.completed_ns} now={now} />
      ) : (
        <span key="none" className="unit">
          –
        </span>
      ),
      null,
    ],
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div
      role="row"
      className={`${grid.row} ${styles.row}`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)`, gridTemplateColumns: COLUMNS }}
      data-item={item.trace_id}
    >
      {cells.map(([name, content, full]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="gridcell" data-column={name} data-full={full || undefined}>
          {content}
        </div>
      ))}
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
      <div role="gridcell">
        <IconButton
          icon="undo"
          label="Reopen: to be reviewed again"
          disabled={!isEnded}
          onClick={() => change.mutate("reopen")}
        />
        <IconButton icon="trash" label="Take out of the queue" onClick={() => change.mutate("remove")} />
      </div>
    </div>
  );
}
