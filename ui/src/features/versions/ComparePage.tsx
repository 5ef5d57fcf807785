// Versions side by side: quality, errors, latency, tokens and cost, each with how it differs from the first and how probable
// that is by chance; and what of parameters, tags and code differs.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { Version, VersionColumn, VersionComparison } from "../../api/types";
import { Button } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import { Count, Dollars, Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import * as format from "../../lib/format";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { chanceText, numberText } from "../runs/results";
import { comparisonQuery } from "./api";
import styles from "./Versions.module.css";
import { percent } from "./VersionsPage";
import { columnName, compared, type Difference, shortCommit, sideBySide, wayOf } from "./versions";

const NS_PER_MS = 1e6;
const NONE = <span className="unit">–</span>;

export function ComparePage() {
  const [search, update] = useAppSearch();
  const ids = compared(search.versions);
  const { experiment, from, to } = search;
  const query = useQuery(comparisonQuery(ids, { from, to }));
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className={grid.page}>
      <header className={styles.header}>
        <Link to="/versions" search={{ experiment, from, to }} className={styles.back}>
          Versions
        </Link>
        <h1>Compare</h1>
        {query.data && <Rows versions={query.data.versions} />}
      </header>
      {ids.length < 2 ? (
        <div className={grid.list}>
          <div className={grid.none} role="status">
            <h2>Two versions are needed</h2>
            <p>Mark two or more in the list of versions.</p>
          </div>
        </div>
      ) : (
        query.data && (
          <Comparison
            comparison={query.data}
            onFirst={(id) =>
              update({ versions: [id, ...ids.filter((one) => one !== id)].join(",") }, { replace: true })
            }
          />
        )
      )}
    </div>
  );
}

/** Where both have evaluations, these are compared row by row. */
function Rows({ versions }: { versions: readonly Version[] }) {
  const [first, second] = versions;
  const [baseline, run] = [first?.figures.runs[0]?.run_id, second?.figures.runs[0]?.run_id];
  if (versions.length !== 2 || !baseline || !run || baseline === run) return null;
  return (
    <span className={styles.right}>
      <Link to="/runs/$runId" params={{ runId: run }} search={{ baseline }} className={styles.link}>
        Compare their runs row by row
      </Link>
    </span>
  );
}

function Comparison({ comparison, onFirst }: { comparison: VersionComparison; onFirst(id: string): void }) {
  const { versions, columns } = comparison;
  const filled = columns.filter((column) => column.values.some((value) => value.count > 0));
  const git = versions.map((version): Record<string, string> => {
    const commit = shortCommit(version);
    const parts = {
      commit: commit ?? "",
      branch: version.git?.branch ?? "",
      repository: version.git?.repository ?? "",
    };
    return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ""));
  });
  return (
    <div className={styles.sheet}>
      <table className={styles.table} aria-label="Comparison">
        <Heads versions={versions} onFirst={onFirst} />
        <tbody>
          <tr data-row="traces">
            <th scope="row">Traces</th>
            {versions.map((version, index) => (
              <Cells key={version.model_id} isFirst={index === 0}>
                <Link to="/traces" search={{ filter: version.trace_filter }} className={styles.link}>
                  {format.exact(version.figures.traces)}
                </Link>
              </Cells>
            ))}
          </tr>
          {filled.map((column) => (
            <Fragment key={`${column.kind} ${column.name}`}>
              <Row column={column} />
              {column.kind === "latency" && (
                <>
                  <Percentiles name="p50" versions={versions} of={(version) => version.figures.p50_ns} />
                  <Percentiles name="p95" versions={versions} of={(version) => version.figures.p95_ns} />
                </>
              )}
            </Fragment>
          ))}
          <tr data-row="total">
            <th scope="row">Cost in all</th>
            {versions.map(({ model_id, figures }, index) => (
              <Cells key={model_id} isFirst={index === 0}>
                {figures.cost.sum === null ? NONE : <Dollars value={figures.cost.sum} />}
              </Cells>
            ))}
          </tr>
        </tbody>
      </table>
      <p className={styles.note}>
        p is how probable so large a difference from the first version is by chance: Fisher's exact test of shares,
        Welch's test of means. The versions' traces are taken as samples that share nothing. A colour stands where it is
        below 0.05.
      </p>
      <Differences title="Code" rows={sideBySide(git)} versions={versions} />
      <Differences title="Parameters" rows={sideBySide(versions.map(({ params }) => params))} versions={versions} />
      <Differences title="Tags" rows={sideBySide(versions.map(({ tags }) => tags))} versions={versions} />
    </div>
  );
}

function Heads({ versions, onFirst }: { versions: readonly Version[]; onFirst(id: string): void }) {
  return (
    <thead>
      <tr>
        <th />
        {versions.map((version, index) => (
          <Fragment key={version.model_id}>
            <th data-numeric>
              <Link
                to="/versions/$modelId"
                params={{ modelId: version.model_id }}
                search={{}}
                data-full={version.model_id}
              >
                {oneLine(version.name)}
              </Link>
            </th>
            {index > 0 && (
              <th data-numeric>
                <Button tip="Compare the others with this one" onClick={() => onFirst(version.model_id)}>
                  Make it the first
                </Button>
              </th>
            )}
          </Fragment>
        ))}
      </tr>
    </thead>
  );
}

/** A value and, but for the first version, room for how it differs. */
function Cells({
  isFirst,
  children,
  change,
}: {
  isFirst: boolean;
  children: React.ReactNode;
  change?: React.ReactNode;
}) {
  return (
    <>
      <td data-numeric>{children}</td>
      {!isFirst && <td data-numeric>{change}</td>}
    </>
  );
}

function Row({ column }: { column: VersionColumn }) {
  return (
    <tr data-row={column.name}>
      <th scope="row">
        {columnName(column)}{" "}
        <span className="unit">
          {column.kind === "pass_rate" ? "pass" : column.kind === "error_rate" ? "" : "mean"}
        </span>
      </th>
      {column.values.map((value, index) => (
        <Cells
          // biome-ignore lint/suspicious/noArrayIndexKey: the versions of one comparison never move.
          key={index}
          isFirst={index === 0}
          change={<Change column={column} index={index} />}
        >
          <span data-tip={`${format.exact(value.count)} traces have it`}>
            <Value column={column} value={value.mean} />
          </span>
        </Cells>
      ))}
    </tr>
  );
}

function Value({ column, value }: { column: VersionColumn; value: number | null }) {
  if (value === null) return NONE;
  switch (column.kind) {
    case "pass_rate":
    case "error_rate":
      return percent(value);
    case "latency":
      return <Duration ns={value * NS_PER_MS} />;
    case "tokens":
      return <Count value={Math.round(value)} />;
    case "cost":
      return format.exactCost(value);
    default:
      return numberText(value);
  }
}

function Change({ column, index }: { column: VersionColumn; index: number }) {
  const change = column.changes[index];
  if (!change) return NONE;
  const sign = change.mean > 0 ? "+" : change.mean < 0 ? "−" : "";
  const isShare = column.kind === "pass_rate" || column.kind === "error_rate";
  const size = Math.abs(change.mean);
  return (
    <span className={styles.change} data-way={wayOf(column, index)}>
      {sign}
      {isShare ? points(size) : <Value column={column} value={size} />}{" "}
      <span className={styles.chance}>{change.p_value === null ? "too few" : chanceText(change.p_value)}</span>
    </span>
  );
}

/** The difference of two shares, which is no share of either. */
function points(difference: number) {
  return (
    <span data-tip="Percentage points">
      {percent(difference).replace(" %", "")}
      <span className="unit"> pp</span>
    </span>
  );
}

interface PercentilesProps {
  name: string;
  versions: readonly Version[];
  of(version: Version): number | null;
}

function Percentiles({ name, versions, of }: PercentilesProps) {
  return (
    <tr data-row={name}>
      <th scope="row">
        Latency <span className="unit">{name}</span>
      </th>
      {versions.map((version, index) => {
        const ns = of(version);
        return (
          <Cells key={version.model_id} isFirst={index === 0}>
            {ns === null ? NONE : <Duration ns={ns} />}
          </Cells>
        );
      })}
    </tr>
  );
}

function Differences({
  title,
  rows,
  versions,
}: {
  title: string;
  rows: readonly Difference[];
  versions: readonly Version[];
}) {
  if (rows.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <table className={styles.table} aria-label={title}>
        <thead>
          <tr>
            <th />
            {versions.map((version) => (
              <th key={version.model_id}>{oneLine(version.name)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-differs={row.differs || undefined} data-row={row.key}>
              <th scope="row">{row.key}</th>
              {row.values.map((value, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the versions of one comparison never move.
                <td key={index} data-wide data-full={value}>
                  {value === undefined ? NONE : oneLine(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
