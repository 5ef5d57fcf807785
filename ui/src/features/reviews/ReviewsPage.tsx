// The review queues of the chosen experiments, the newest first, with how far each is.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { experimentsQuery } from "../../api/queries";
import type { ReviewProgress, ReviewQueue } from "../../api/types";
import { Button } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import grid from "../../components/grid/grid.module.css";
import { HEADER_PX, ROW_PX } from "../../components/grid/useEndlessRows";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import { queuesQuery } from "./api";
import { QueueForm } from "./QueueForm";
import styles from "./Reviews.module.css";

const COLUMNS =
  "minmax(160px, 1.4fr) minmax(100px, 1fr) minmax(120px, 1fr) 120px minmax(140px, 1fr) 96px 96px 96px 96px";

export function ReviewsPage() {
  const [search] = useAppSearch();
  const navigate = useNavigate();
  const query = useQuery(queuesQuery(search.experiment));
  const queues = query.data?.queues ?? [];
  const [active, setActive] = useState<string | null>(null);
  const [creating, setCreating] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow();
  const names = useExperimentNames();

  const open = (queueId: string) =>
    void navigate({ to: "/reviews/$queueId", params: { queueId }, search: { experiment: search.experiment } });
  const move = (delta: number) => {
    const at = queues.findIndex((queue) => queue.queue_id === active);
    const next = queues[at < 0 ? 0 : Math.max(0, Math.min(queues.length - 1, at + delta))];
    if (!next) return;
    setActive(next.queue_id);
    scroller.current?.querySelector(`[data-queue="${next.queue_id}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    n: () => setCreating(true),
    Enter: (event) => {
      if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) event.target.click();
      else if (active) open(active);
    },
  });

  return (
    <div className={grid.page}>
      <header className={styles.head}>
        <h1>Reviews</h1>
        <Button kind="outline" icon="plus" keys="n" tip="Create a queue" onClick={() => setCreating(true)}>
          New queue
        </Button>
      </header>
      <div className={grid.list} data-stale={query.isPlaceholderData || undefined}>
        {/* biome-ignore lint/a11y/useSemanticElements: the rows look like those of the other lists. */}
        <div ref={scroller} className={grid.scroller} role="grid" tabIndex={0} aria-label="Review queues">
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          <div
            role="rowgroup"
            className={`${grid.canvas} ${styles.canvas}`}
            style={{ height: HEADER_PX + queues.length * ROW_PX }}
          >
            <Header />
            {queues.map((queue, index) => (
              <QueueRow
                key={queue.queue_id}
                queue={queue}
                experiment={names.get(queue.experiment_id) ?? queue.experiment_id}
                top={HEADER_PX + index * ROW_PX}
                now={now}
                isActive={queue.queue_id === active}
                onOpen={() => open(queue.queue_id)}
              />
            ))}
          </div>
        </div>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && queues.length === 0 && <NoQueues onCreate={() => setCreating(true)} />}
      </div>
      {creating && (
        <QueueForm
          experiment={search.experiment?.[0]}
          onClose={() => setCreating(false)}
          onDone={(queue) => open(queue.queue_id)}
        />
      )}
    </div>
  );
}

function useExperimentNames(): Map<string, string> {
  const experiments = useQuery(experimentsQuery());
  return new Map((experiments.data ?? []).map((one) => [one.experiment_id, one.name]));
}

function NoQueues({ onCreate }: { onCreate(): void }) {
  return (
    <div className={grid.none} role="status">
      <h2>No review queues yet</h2>
      <p>
        A queue holds traces that people look at, and the questions that they answer about each. What they answer
        becomes feedback and expectations on the traces.
      </p>
      <Button kind="solid" icon="plus" onClick={onCreate}>
        New queue
      </Button>
    </div>
  );
}

const CELLS: readonly [string, boolean][] = [
  ["Name", false],
  ["Experiment", false],
  ["Reviewers", false],
  ["Created", false],
  ["Progress", false],
  ["To do", true],
  ["In progress", true],
  ["Done", true],
  ["Declined", true],
];

function Header() {
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div role="row" className={grid.header} style={{ height: HEADER_PX, gridTemplateColumns: COLUMNS }}>
      {CELLS.map(([name, isNumeric]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="columnheader" data-numeric={isNumeric || undefined}>
          {name}
        </div>
      ))}
    </div>
  );
}

interface QueueRowProps {
  queue: ReviewQueue;
  experiment: string;
  top: number;
  now: number;
  isActive: boolean;
  onOpen(): void;
}

function QueueRow({ queue, experiment, top, now, isActive, onOpen }: QueueRowProps) {
  const { progress } = queue;
  const users = queue.users.join(", ");
  const cells: [string, React.ReactNode, string | null][] = [
    ["name", oneLine(queue.name), queue.name],
    ["experiment", oneLine(experiment), experiment],
    ["users", users || "anyone", users],
    ["created", <Time key="time" ns={queue.created_ns} now={now} />, null],
    ["progress", <ProgressBar key="bar" progress={progress} />, byReviewer(progress)],
  ];
  const counts = [progress.pending, progress.in_progress, progress.complete, progress.declined];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page handles the keys.
    <div
      role="row"
      className={`${grid.row} ${styles.row}`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)`, gridTemplateColumns: COLUMNS }}
      data-queue={queue.queue_id}
      data-active={isActive || undefined}
      onClick={onOpen}
    >
      {cells.map(([name, content, full]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="gridcell" data-column={name} data-full={full || undefined}>
          {content}
        </div>
      ))}
      {counts.map((count, index) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        // biome-ignore lint/suspicious/noArrayIndexKey: the columns never move.
        <div key={index} role="gridcell" data-numeric>
          {count === 0 ? <span className="unit">–</span> : format.exact(count)}
        </div>
      ))}
    </div>
  );
}

function byReviewer(progress: ReviewProgress): string | null {
  const lines = progress.reviewers.map(
    (one) => `${one.reviewer}: ${one.complete} done, ${one.in_progress} in progress`,
  );
  return lines.join("\n") || null;
}

/** The parts of a queue, one beside the other. */
export function ProgressBar({ progress }: { progress: ReviewProgress }) {
  const parts = ["complete", "declined", "in_progress"] as const;
  return (
    <span
      className={styles.bar}
      role="img"
      aria-label={`${progress.complete + progress.declined} of ${progress.total} done`}
    >
      {parts.map((part) => (
        <span
          key={part}
          data-part={part}
          style={{ width: `${(100 * progress[part]) / Math.max(1, progress.total)}%` }}
        />
      ))}
    </span>
  );
}
