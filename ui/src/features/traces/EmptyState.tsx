// Nothing matches: which clause takes everything away, and what there would be without it.
import { useQueries } from "@tanstack/react-query";
import { histogramQuery, type Selection } from "../../api/queries";
import { Button } from "../../components/button/Button";
import { Icon } from "../../components/icon/Icon";
import * as format from "../../lib/format";
import { label, wider } from "../../lib/range";
import { clausesOf, removeClause } from "../filter/clauses";
import styles from "./EmptyState.module.css";

interface EmptyStateProps {
  selection: Selection;
  onChange(selection: Partial<Selection>): void;
  title?: string;
}

interface Way {
  text: string;
  code?: string;
  change: Partial<Selection>;
}

// More clauses than these are not counted one by one.
const WAYS_MAX = 8;

export function EmptyState({ selection, onChange, title = "No trace matches" }: EmptyStateProps) {
  const ways = waysOut(selection);
  const counts = useQueries({
    queries: ways.map((way) => ({ ...histogramQuery({ ...selection, ...way.change }), placeholderData: undefined })),
  });
  return (
    <div className={styles.empty} role="status">
      <Icon name="search" size={20} />
      <h2>{title}</h2>
      {ways.length === 0 ? (
        <p>There is nothing in this experiment yet.</p>
      ) : (
        <ul>
          {ways.map((way, index) => {
            const { total, open } = counts[index]?.data ?? {};
            // None so far says nothing yet.
            const isKnown = total !== undefined && (total > 0 || open === 0);
            return (
              <li key={way.text + way.code} data-helps={(total ?? 0) > 0 || undefined}>
                <span className={styles.way}>
                  {way.text} {way.code && <code>{way.code}</code>}
                </span>
                <span className={styles.total}>
                  {isKnown ? `${open ? "≥ " : ""}${format.exact(total)} ${total === 1 ? "trace" : "traces"}` : "…"}
                </span>
                <Button kind="outline" onClick={() => onChange(way.change)}>
                  {way.code ? "Remove" : "Show"}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

function waysOut(selection: Selection): Way[] {
  const filter = selection.filter ?? "";
  const clauses = clausesOf(filter);
  const ways: Way[] = clauses.slice(0, WAYS_MAX).map((clause, index) => ({
    text: "Without",
    code: clause.text,
    change: { filter: removeClause(filter, index) || undefined },
  }));
  if (clauses.length > 1) ways.push({ text: "Without any filter", change: { filter: undefined } });
  if (selection.from || selection.to) {
    const range = wider(selection, Date.now());
    ways.push({
      text: `In a wider range: ${label(range, Date.now()).toLowerCase()}`,
      change: { from: range.from, to: range.to },
    });
    if (range.from) ways.push({ text: "In all time", change: { from: undefined, to: undefined } });
  }
  if (selection.experiment) ways.push({ text: "In all experiments", change: { experiment: undefined } });
  return ways;
}
