// Each scorer, and latency, tokens and cost, over all rows: the mean, that of the baseline, and whether they differ by more
// than chance.
import type { ResultColumn } from "../../api/types";
import { Count, Duration } from "../../components/Figure";
import * as format from "../../lib/format";
import styles from "./RunPage.module.css";
import { chanceText, isSignificant, numberText } from "./results";

const NAMES: Partial<Record<ResultColumn["kind"], string>> = { latency: "Latency", tokens: "Tokens", cost: "Cost" };
const NS_PER_MS = 1e6;

interface ColumnsProps {
  columns: readonly ResultColumn[];
  /** Scorers of which a higher score is better. */
  judges: readonly string[];
  hasBaseline: boolean;
}

export function Columns({ columns, judges, hasBaseline }: ColumnsProps) {
  const shown = columns.filter((column) =>
    [column.run, column.baseline].some((one) => one && one.count + one.errors > 0),
  );
  return (
    <table className={styles.columns} aria-label="Means">
      <thead>
        <tr>
          <th>Scorer</th>
          <th data-numeric>Mean</th>
          {hasBaseline && <th data-numeric>Baseline</th>}
          {hasBaseline && <th data-numeric>Difference</th>}
          {hasBaseline && <th>Rows</th>}
          <th data-numeric>Scored</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((column) => (
          <tr key={column.name} data-scorer={column.name}>
            <th scope="row">{NAMES[column.kind] ?? column.name}</th>
            <td data-numeric>
              <Mean kind={column.kind} value={column.run.mean} />
            </td>
            {hasBaseline && (
              <td data-numeric>
                <Mean kind={column.kind} value={column.baseline?.mean ?? null} />
              </td>
            )}
            {hasBaseline && <Difference column={column} isJudge={judges.includes(column.name)} />}
            {hasBaseline && <td>{column.difference && <Ways difference={column.difference} />}</td>}
            <td data-numeric>
              {format.exact(column.run.count)}
              {column.run.errors > 0 && (
                <span className={styles.errors}> {format.exact(column.run.errors)} failed</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Mean({ kind, value }: { kind: ResultColumn["kind"]; value: number | null }) {
  if (value === null) return <span className="unit">–</span>;
  if (kind === "latency") return <Duration ns={value * NS_PER_MS} />;
  if (kind === "tokens") return <Count value={Math.round(value)} />;
  if (kind === "cost") return format.exactCost(value);
  return numberText(value);
}

function Difference({ column, isJudge }: { column: ResultColumn; isJudge: boolean }) {
  const { difference, kind } = column;
  if (!difference)
    return (
      <td data-numeric className="unit">
        –
      </td>
    );
  // A judge's higher mean is the better one, a higher cost the worse; of a length nobody knows.
  const direction = Math.sign(difference.mean) * (kind !== "score" ? -1 : isJudge ? 1 : 0);
  const sure = isSignificant(column);
  const tip = `${chanceText(difference.p_value)}: how probable so large a difference is by chance, from ${difference.pairs} rows that both have`;
  return (
    <td
      data-numeric
      className={styles.difference}
      data-way={sure && direction !== 0 ? (direction > 0 ? "better" : "worse") : undefined}
      data-tip={tip}
    >
      {difference.mean > 0 ? "+" : difference.mean < 0 ? "−" : ""}
      <Mean kind={kind} value={Math.abs(difference.mean)} />{" "}
      <span className="unit">{chanceText(difference.p_value)}</span>
    </td>
  );
}

function Ways({ difference }: { difference: NonNullable<ResultColumn["difference"]> }) {
  const { higher, lower, pairs } = difference;
  return (
    <span className="unit">
      {higher} higher, {lower} lower, {pairs - higher - lower} equal
    </span>
  );
}
