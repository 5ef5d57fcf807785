// One run: what it logged, each scorer's mean, and a row for each question with its scores. Beside a baseline, rows that
// were asked the same stand side by side.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { resultsQuery } from "../../api/queries";
import type { Run, RunResults } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { ErrorState } from "../../components/ErrorState";
import { Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { equality } from "../filter/clauses";
import { TraceDrawer } from "../traces/TraceDrawer";
import { BaselinePicker } from "./BaselinePicker";
import { Columns } from "./Columns";
import { ResultTable } from "./ResultTable";
import styles from "./RunPage.module.css";
import { RunStatusText } from "./RunStatusText";
import { isOfKind, judging, numberText, ROW_KINDS, type RowKind } from "./results";

export function RunPage() {
  const { runId } = useParams({ from: "/runs/$runId" });
  const [search] = useAppSearch();
  const query = useQuery(resultsQuery(runId, search.baseline));
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  return <RunView results={query.data} isStale={query.isPlaceholderData} />;
}

function RunView({ results, isStale }: { results: RunResults; isStale: boolean }) {
  const { run, baseline, columns, rows } = results;
  const [search, update] = useAppSearch();
  const navigate = useNavigate();
  const scorers = useMemo(
    () => columns.filter((column) => column.kind === "score").map((column) => column.name),
    [columns],
  );
  const judges = useMemo(() => judging(rows, scorers), [rows, scorers]);
  const kind: RowKind = ROW_KINDS.find((one) => one === search.rows) ?? "all";
  const counts = useMemo(
    () => new Map(ROW_KINDS.map((one) => [one, rows.filter((pair) => isOfKind(pair, one, judges)).length])),
    [rows, judges],
  );
  const shown = useMemo(() => rows.filter((pair) => isOfKind(pair, kind, judges)), [rows, kind, judges]);
  const traces = shown.flatMap((pair) => (pair.run ?? pair.baseline)?.trace_id ?? []);
  const step = (delta: 1 | -1) => {
    const next = traces[traces.indexOf(search.trace ?? "") + delta];
    if (next) update({ trace: next, span: undefined }, { replace: true });
  };
  useShortcuts({
    Escape: () => {
      if (!search.trace) void navigate({ to: "/runs", search: { experiment: search.experiment } });
    },
  });
  const kinds: RowKind[] = baseline ? [...ROW_KINDS] : ["all", "failed"];

  return (
    <div className={`${grid.page} ${styles.page}`} data-stale={isStale || undefined}>
      <header className={styles.header}>
        <Link to="/runs" search={{ experiment: search.experiment }} className={styles.back}>
          Runs
        </Link>
        <h1 className="cut" data-full={run.name}>
          {oneLine(run.name)}
        </h1>
        <CopyButton text={run.run_id} label="Copy the run id" />
        <RunStatusText status={run.status} />
        <Facts run={run} />
        <Link to="/traces" search={{ filter: equality("run_id", run.run_id) }} className={styles.link}>
          Its traces
        </Link>
        <BaselinePicker run={run} baseline={baseline} onPick={(id) => update({ baseline: id, rows: undefined })} />
      </header>
      <Logged run={run} />
      {rows.length > 0 ? (
        <>
          <Columns columns={columns} judges={judges} hasBaseline={baseline !== null} />
          <div className={styles.kinds} role="toolbar" aria-label="Rows">
            {kinds.map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={one === kind}
                onClick={() => update({ rows: one === "all" ? undefined : one }, { replace: true })}
              >
                {one[0]?.toUpperCase()}
                {one.slice(1)} <span className="unit">{format.exact(counts.get(one) ?? 0)}</span>
              </button>
            ))}
            {results.is_cut && <span className="unit">Only the first {format.exact(rows.length)} rows are shown.</span>}
          </div>
          <ResultTable
            pairs={shown}
            scorers={scorers}
            judges={judges}
            hasBaseline={baseline !== null}
            open={search.trace ?? null}
            onOpen={(trace) => update({ trace, span: undefined }, { replace: search.trace !== undefined })}
          />
        </>
      ) : (
        <div className={grid.list}>
          <div className={grid.none} role="status">
            <h2>No traces belong to this run</h2>
            <p>
              What <code>mlflow.genai.evaluate(…)</code> asks becomes a row here, and so does each trace that is made
              while the run is active.
            </p>
          </div>
        </div>
      )}
      {search.trace && (
        <TraceDrawer
          traceId={search.trace}
          spanId={search.span ?? null}
          onSelectSpan={(span) => update({ span }, { replace: true })}
          onClose={() => update({ trace: undefined, span: undefined, view: undefined, tab: undefined })}
          onStep={step}
          onFullPage={() =>
            search.trace && void navigate({ to: "/traces/$traceId", params: { traceId: search.trace }, search: {} })
          }
        />
      )}
    </div>
  );
}

function Facts({ run }: { run: Run }) {
  return (
    <dl className={styles.facts}>
      <div>
        <dt>Started</dt>
        <dd>{format.timestamp(format.nsToMs(run.start_ns))}</dd>
      </div>
      {run.duration_ns !== null && (
        <div>
          <dt>Took</dt>
          <dd>
            <Duration ns={run.duration_ns} />
          </dd>
        </div>
      )}
      {run.user && (
        <div>
          <dt>By</dt>
          <dd>{run.user}</dd>
        </div>
      )}
      {run.datasets.length > 0 && (
        <div>
          <dt>Dataset</dt>
          <dd>
            {run.datasets.map((dataset) => (
              <DatasetName key={`${dataset.name} ${dataset.digest}`} dataset={dataset} />
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** A dataset that the run read; one of ours leads to its records as the run read them. */
function DatasetName({ dataset }: { dataset: Run["datasets"][number] }) {
  const { name, dataset_id, version } = dataset;
  if (dataset_id === null) return <span>{name} </span>;
  const search = { dataset: dataset_id, version: version === null ? undefined : String(version) };
  return (
    <Link to="/datasets" search={search} className={styles.dataset}>
      {name}
      {version !== null && <span className="unit"> v{version}</span>}
    </Link>
  );
}

/** Parameters, tags and metrics, each on one line that can be read on. */
function Logged({ run }: { run: Run }) {
  const metrics = Object.entries(run.metrics).map(([name, value]): [string, string] => [
    name,
    value === null ? "not a number" : numberText(value),
  ]);
  const groups: [string, [string, string][]][] = [
    ["Parameters", Object.entries(run.params)],
    ["Metrics", metrics],
    ["Tags", Object.entries(run.tags)],
  ];
  const filled = groups.filter(([, entries]) => entries.length > 0);
  if (filled.length === 0) return null;
  return (
    <section className={styles.logged} aria-label="Logged">
      {filled.map(([name, entries]) => (
        <div key={name}>
          <h2>{name}</h2>
          <ul>
            {entries.map(([key, value]) => (
              <li key={key} data-full={`${key}: ${value}`}>
                <span>{key}</span> {oneLine(value)}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
