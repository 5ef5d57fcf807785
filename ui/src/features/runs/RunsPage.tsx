// The runs of the chosen experiments, the newest first, with the metrics that most of them have. Two that are marked are
// compared.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { runsQuery } from "../../api/queries";
import type { Run } from "../../api/types";
import { Button } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import { Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import { HEADER_PX, ROW_PX, useEndlessRows } from "../../components/grid/useEndlessRows";
import { useRowCursor } from "../../components/grid/useRowCursor";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { live } from "../frame/state";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import { RunStatusText } from "./RunStatusText";
import styles from "./RunsPage.module.css";
import { commonMetrics, numberText } from "./results";

const REFRESH_MS = 5000;
const METRIC_COLUMNS = 6;

export function RunsPage() {
  const [search, update] = useAppSearch();
  const navigate = useNavigate();
  const { experiment, filter } = search;
  const isLive = live.use();
  const query = useInfiniteQuery({
    ...runsQuery(experiment, filter),
    // Further pages would all be asked for again; whoever reads on there has the list stand still.
    refetchInterval: ({ state }) => isLive && (state.data?.pages.length ?? 0) <= 1 && REFRESH_MS,
  });
  const runs = useMemo(() => query.data?.pages.flatMap((page) => page.runs) ?? [], [query.data]);
  const metrics = useMemo(() => commonMetrics(runs, METRIC_COLUMNS), [runs]);
  const [marked, setMarked] = useState<readonly string[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const now = useNow();
  const { scroller, virtualizer, items } = useEndlessRows(runs.length, query);
  const { active, move } = useRowCursor(runs, (run) => run.run_id, virtualizer);

  const open = (runId: string, baseline?: string) =>
    void navigate({ to: "/runs/$runId", params: { runId }, search: { experiment, baseline } });
  const compare = () => {
    // The newer of both is the one that is judged.
    const [newer, older] = runs.map((run) => run.run_id).filter((id) => marked.includes(id));
    if (newer && older) open(newer, older);
  };
  const mark = (id: string) =>
    setMarked((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before.slice(-1), id]));
  useShortcuts({
    "/": () => field.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    x: () => active && mark(active),
    d: compare,
    Enter: (event) => {
      if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) event.target.click();
      else if (active) open(active);
    },
  });
  const columns = `28px 140px minmax(150px, 1fr) 108px minmax(110px, 200px) 100px 84px ${"minmax(84px, 130px) ".repeat(metrics.length)}`;

  return (
    <div className={grid.page}>
      <h1 className="visually-hidden">Runs</h1>
      <FilterField ref={field} applied={filter ?? ""} onApply={(text) => update({ filter: text || undefined })} />
      <div className={grid.list} data-stale={query.isPlaceholderData || undefined}>
        {/* biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list. */}
        <div ref={scroller} className={grid.scroller} role="grid" tabIndex={0} aria-label="Runs" aria-rowcount={-1}>
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          <div
            role="rowgroup"
            className={`${grid.canvas} ${styles.canvas}`}
            style={{ height: virtualizer.getTotalSize() }}
          >
            <Header metrics={metrics} columns={columns} />
            {items.map((item) => {
              const run = runs[item.index];
              if (!run) return null;
              return (
                <RunRow
                  key={run.run_id}
                  run={run}
                  metrics={metrics}
                  columns={columns}
                  top={item.start}
                  now={now}
                  isActive={run.run_id === active}
                  isMarked={marked.includes(run.run_id)}
                  onOpen={() => open(run.run_id)}
                  onMark={() => mark(run.run_id)}
                />
              );
            })}
          </div>
        </div>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && runs.length === 0 && (
          <NoRuns filtered={Boolean(filter)} onClear={() => update({ filter: undefined })} />
        )}
        {marked.length > 0 && (
          <div className={grid.bar} role="toolbar" aria-label="Marked runs">
            <span>{marked.length === 1 ? "Mark another run to compare with" : "Two runs"}</span>
            <Button kind="solid" keys="d" disabled={marked.length < 2} onClick={compare}>
              Compare
            </Button>
            <Button onClick={() => setMarked([])}>Clear</Button>
          </div>
        )}
      </div>
    </div>
  );
}

interface FilterFieldProps {
  ref: React.Ref<HTMLInputElement>;
  applied: string;
  onApply(text: string): void;
}

function FilterField({ ref, applied, onApply }: FilterFieldProps) {
  const [draft, setDraft] = useState(applied);
  useEffect(() => setDraft(applied), [applied]);
  return (
    <form
      className={styles.filter}
      onSubmit={(event) => {
        event.preventDefault();
        onApply(draft.trim());
      }}
    >
      <input
        ref={ref}
        aria-label="Filter of runs"
        className="mono"
        spellCheck={false}
        placeholder="Filter runs: metrics.`correctness/mean` > 0.8 AND status = 'FINISHED'"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setDraft(applied);
          event.currentTarget.blur();
        }}
      />
    </form>
  );
}

function NoRuns({ filtered, onClear }: { filtered: boolean; onClear(): void }) {
  return (
    <div className={grid.none} role="status">
      <h2>{filtered ? "No run matches" : "No runs yet"}</h2>
      {filtered ? (
        <Button kind="outline" onClick={onClear}>
          Clear the filter
        </Button>
      ) : (
        <p>
          Each <code>mlflow.genai.evaluate(…)</code> is a run with a row for each question, and so is what{" "}
          <code>mlflow.start_run()</code> logs.
        </p>
      )}
    </div>
  );
}

function Header({ metrics, columns }: { metrics: readonly string[]; columns: string }) {
  const cells: [string, boolean][] = [
    ["", false],
    ["Started", false],
    ["Name", false],
    ["Status", false],
    ["Dataset", false],
    ["User", false],
    ["Duration", true],
    ...metrics.map((name): [string, boolean] => [name, true]),
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div role="row" className={grid.header} style={{ height: HEADER_PX, gridTemplateColumns: columns }}>
      {cells.map(([name, isNumeric]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="columnheader" data-numeric={isNumeric || undefined} data-full={name}>
          {name || <span className="visually-hidden">Marked</span>}
        </div>
      ))}
    </div>
  );
}

interface RunRowProps {
  run: Run;
  metrics: readonly string[];
  columns: string;
  top: number;
  now: number;
  isActive: boolean;
  isMarked: boolean;
  onOpen(): void;
  onMark(): void;
}

function RunRow({ run, metrics, columns, top, now, isActive, isMarked, onOpen, onMark }: RunRowProps) {
  const datasets = run.datasets.map(({ name }) => name).join(", ");
  const cells: [string, React.ReactNode, string | null][] = [
    ["started", <Time key="time" ns={run.start_ns} now={now} />, null],
    ["name", oneLine(run.name), run.name],
    ["status", <RunStatusText key="status" status={run.status} />, null],
    ["dataset", datasets || "–", datasets],
    ["user", oneLine(run.user ?? "–"), run.user],
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page handles the keys.
    <div
      role="row"
      className={`${grid.row} ${styles.row}`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)`, gridTemplateColumns: columns }}
      data-run={run.run_id}
      data-active={isActive || undefined}
      data-open={isMarked || undefined}
      onClick={onOpen}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
      <div role="gridcell">
        <input
          type="checkbox"
          aria-label={`Mark ${run.name}`}
          checked={isMarked}
          onClick={(event) => event.stopPropagation()}
          onChange={onMark}
        />
      </div>
      {cells.map(([name, content, full]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={name} role="gridcell" data-column={name} data-full={full || undefined}>
          {content}
        </div>
      ))}
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
      <div role="gridcell" data-column="duration" data-numeric>
        {run.duration_ns === null ? <span className="unit">–</span> : <Duration ns={run.duration_ns} />}
      </div>
      {metrics.map((name) => {
        const value = run.metrics[name];
        return (
          // biome-ignore lint/a11y/useSemanticElements: see above.
          // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
          <div key={name} role="gridcell" data-numeric>
            {typeof value === "number" ? numberText(value) : <span className="unit">–</span>}
          </div>
        );
      })}
    </div>
  );
}
