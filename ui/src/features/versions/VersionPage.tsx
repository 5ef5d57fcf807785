// One version: what it is made of, what its traces add up to, what was measured of it, and the runs that evaluated it.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { Version, VersionDetail } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import { ErrorState } from "../../components/ErrorState";
import { Count, Dollars, Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { numberText } from "../runs/results";
import { versionQuery } from "./api";
import styles from "./Versions.module.css";
import { percent } from "./VersionsPage";

const NONE = <span className="unit">–</span>;

export function VersionPage() {
  const { modelId } = useParams({ from: "/versions/$modelId" });
  const [search] = useAppSearch();
  const { experiment, from, to } = search;
  const navigate = useNavigate();
  const query = useQuery(versionQuery(modelId, { from, to }));
  useShortcuts({ Escape: () => void navigate({ to: "/versions", search: { experiment, from, to } }) });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  const { version } = query.data;
  return (
    <div className={grid.page}>
      <header className={styles.header}>
        <Link to="/versions" search={{ experiment, from, to }} className={styles.back}>
          Versions
        </Link>
        <h1 className="cut" data-full={version.name}>
          {oneLine(version.name)}
        </h1>
        <code className="unit">{version.model_id}</code>
        <CopyButton text={version.model_id} label="Copy the model id" />
        <span className={styles.right}>
          {version.source_run_id && (
            <Link to="/runs/$runId" params={{ runId: version.source_run_id }} search={{}} className={styles.link}>
              The run that made it
            </Link>
          )}
          <Link to="/traces" search={{ filter: version.trace_filter }} className={styles.link}>
            Its traces
          </Link>
        </span>
      </header>
      <Sheet detail={query.data} />
    </div>
  );
}

function Sheet({ detail }: { detail: VersionDetail }) {
  const { version, metrics } = detail;
  return (
    <div className={styles.sheet}>
      <Facts version={version} />
      <h2>Traces</h2>
      {version.figures.traces === 0 ? (
        <p className={styles.none}>
          No traces name this version; those that follow <code>mlflow.set_active_model(model_id=…)</code> do.
        </p>
      ) : (
        <Figures version={version} />
      )}
      <Scores version={version} />
      {metrics.length > 0 && (
        <>
          <h2>Metrics</h2>
          <table className={styles.table} aria-label="Metrics">
            <thead>
              <tr>
                <th>Metric</th>
                <th data-numeric>Value</th>
                <th>Dataset</th>
                <th>Run</th>
              </tr>
            </thead>
            <tbody>
              {metrics.map((metric) => (
                <tr key={`${metric.key} ${metric.dataset} ${metric.run_id}`}>
                  <th scope="row">{metric.key}</th>
                  <td data-numeric>{metric.value === null ? NONE : numberText(metric.value)}</td>
                  <td>{metric.dataset ?? NONE}</td>
                  <td>
                    <RunLink id={metric.run_id} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <Texts title="Parameters" texts={version.params} />
      <Texts title="Tags" texts={version.tags} />
      <Runs version={version} />
    </div>
  );
}

function RunLink({ id }: { id: string }) {
  return (
    <Link to="/runs/$runId" params={{ runId: id }} search={{}} className={styles.link}>
      {id.slice(0, 12)}
    </Link>
  );
}

function Facts({ version }: { version: Version }) {
  const { git } = version;
  const facts: [string, React.ReactNode][] = [
    ["Created", format.timestamp(format.nsToMs(version.created_ns))],
    ["Status", version.status.toLowerCase().replaceAll("_", " ")],
    ...(version.model_type ? ([["Kind", version.model_type]] as [string, React.ReactNode][]) : []),
    ...(git ? ([["Commit", <code key="commit">{git.commit}</code>]] as [string, React.ReactNode][]) : []),
    ...(git?.branch ? ([["Branch", git.branch]] as [string, React.ReactNode][]) : []),
    ...(git?.is_dirty ? ([["Changes", "in no commit"]] as [string, React.ReactNode][]) : []),
    ...(git?.repository ? ([["Repository", git.repository]] as [string, React.ReactNode][]) : []),
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Figures({ version }: { version: Version }) {
  const { figures } = version;
  const facts: [string, React.ReactNode][] = [
    ["Traces", format.exact(figures.traces)],
    ["Errors", figures.error_rate === null ? NONE : percent(figures.error_rate)],
    ["p50", figures.p50_ns === null ? NONE : <Duration key="p50" ns={figures.p50_ns} />],
    ["p95", figures.p95_ns === null ? NONE : <Duration key="p95" ns={figures.p95_ns} />],
    [
      "Tokens each",
      figures.total_tokens.mean === null ? (
        NONE
      ) : (
        <Count key="Tokens each" value={Math.round(figures.total_tokens.mean)} />
      ),
    ],
    ["Cost each", figures.cost.mean === null ? NONE : format.exactCost(figures.cost.mean)],
    ["Cost in all", figures.cost.sum === null ? NONE : <Dollars key="Cost in all" value={figures.cost.sum} />],
    [
      "Last",
      figures.last_start_ns === null ? NONE : format.timestamp(format.nsToMs(figures.last_start_ns)).slice(0, 19),
    ],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name} data-fact={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Scores({ version }: { version: Version }) {
  const { scores } = version.figures;
  if (scores.length === 0) return null;
  return (
    <>
      <h2>Feedback</h2>
      <table className={styles.table} aria-label="Feedback">
        <thead>
          <tr>
            <th>Name</th>
            <th data-numeric>Pass</th>
            <th data-numeric>Mean</th>
            <th data-numeric>Traces</th>
          </tr>
        </thead>
        <tbody>
          {scores.map((score) => (
            <tr key={score.name} data-score={score.name}>
              <th scope="row">{score.name}</th>
              <td data-numeric>{score.pass_rate === null ? NONE : percent(score.pass_rate)}</td>
              <td data-numeric>{score.mean === null ? NONE : numberText(score.mean)}</td>
              <td data-numeric>{format.exact(score.traces)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Texts({ title, texts }: { title: string; texts: Record<string, string> }) {
  const entries = Object.entries(texts);
  if (entries.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <table className={styles.table} aria-label={title}>
        <tbody>
          {entries.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td data-wide data-full={value}>
                {oneLine(value)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Runs({ version }: { version: Version }) {
  const { runs, run_count } = version.figures;
  if (runs.length === 0) return null;
  return (
    <>
      <h2>Runs that evaluated it</h2>
      <table className={styles.table} aria-label="Runs">
        <thead>
          <tr>
            <th>Run</th>
            <th data-numeric>Its traces</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.run_id}>
              <th scope="row">
                <RunLink id={run.run_id} />
              </th>
              <td data-numeric>{format.exact(run.traces)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {run_count > runs.length && (
        <p className={styles.note}>
          Only the {runs.length} with the most traces of {format.exact(run_count)} are shown.
        </p>
      )}
    </>
  );
}
