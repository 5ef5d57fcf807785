// The facets: which values the selection has, and how many traces each. They edit the filter's text and nothing else.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { FACET_VALUES_MAX, facetsQuery, type Selection } from "../../api/queries";
import type { Facet, FacetValue } from "../../api/types";
import { Icon } from "../../components/icon/Icon";
import * as format from "../../lib/format";
import { useStored } from "../../lib/storage";
import { presenceOf, toggleClause, valuesOf } from "../filter/clauses";
import styles from "./FacetSidebar.module.css";
import { ownFilter } from "./ownFilter";

interface FacetSidebarProps {
  selection: Selection;
  /** What is written in the bar; edits keep all of it. */
  text: string;
  onText(text: string): void;
}

export function FacetSidebar({ selection, text, onText }: FacetSidebarProps) {
  const query = useQuery(facetsQuery(selection));
  const facets = useOwnCounts(query.data?.facets ?? [], selection);
  return (
    <aside className={styles.sidebar} aria-label="Facets">
      {facets.map((facet) => (
        <FacetSection key={facet.field} facet={facet} selection={selection} text={text} onText={onText} />
      ))}
      {query.isPending && <Skeletons />}
      {query.isError && <p className={styles.note}>{query.error.message}</p>}
      {query.data && !query.data.complete && (
        <p className={styles.note}>
          {query.data.unfinished ? "Counting; so far the newest " : "Counted over the newest "}
          {format.exact(query.data.counted_traces)} traces.
        </p>
      )}
      {query.data && facets.length === 0 && <p className={styles.note}>No trace, no facet.</p>}
    </aside>
  );
}

/**
 * A facet that the filter already narrows would show only what it was narrowed to. Its counts are therefore asked without
 * its own clauses, so that another value can be added or chosen instead.
 */
function useOwnCounts(facets: readonly Facet[], selection: Selection): Facet[] {
  const filter = selection.filter ?? "";
  const narrowed = facets
    .map((facet) => ({ field: facet.field, filter: ownFilter(filter, facet.field) }))
    .filter((own) => own.filter !== null);
  const answers = useQueries({
    queries: narrowed.map((own) => facetsQuery({ ...selection, filter: own.filter ?? "" }, own.field)),
  });
  const wider = new Map(narrowed.map((own, index) => [own.field, answers[index]]));
  // Until its own counts are there, a facet stays as it was: its values must not jump away under the pointer.
  const shown = useRef(new Map<string, Facet>());
  return facets.map((facet) => {
    const own = wider.get(facet.field);
    const result = own ? (own.data?.facets[0] ?? shown.current.get(facet.field) ?? facet) : facet;
    shown.current.set(facet.field, result);
    return result;
  });
}

interface FacetSectionProps {
  facet: Facet;
  selection: Selection;
  text: string;
  onText(text: string): void;
}

function FacetSection({ facet, selection, text, onText }: FacetSectionProps) {
  const [closed, setClosed] = useStored(`facet.closed.${facet.field}`, false);
  const [long, setLong] = useState(false);
  const filter = ownFilter(selection.filter ?? "", facet.field) ?? selection.filter;
  const more = useQuery({ ...facetsQuery({ ...selection, filter }, facet.field, FACET_VALUES_MAX), enabled: long });
  const shown = (long && more.data?.facets[0]) || facet;
  const places = useRef<string[]>([]);
  const values = withActive(shown, text, places.current);
  places.current = values.map((value) => value.value);
  const max = Math.max(...shown.values.map((value) => value.count), 1);
  const hidden = facet.distinct - shown.values.length;
  return (
    <section>
      <h2>
        <button type="button" aria-expanded={!closed} onClick={() => setClosed(!closed)} className={styles.heading}>
          <Icon name={closed ? "chevronRight" : "chevronDown"} size={12} />
          <span className={styles.title}>{facet.label}</span>
        </button>
      </h2>
      {!closed && (
        <ul>
          {values.map((value) => (
            <ValueRow key={value.clause} value={value} share={(value.count ?? 0) / max} text={text} onText={onText} />
          ))}
        </ul>
      )}
      {!closed && hidden > 0 && (
        <button type="button" className={styles.moreValues} onClick={() => setLong(true)} disabled={long}>
          {long ? `${format.exact(hidden)} rarer values; the filter finds them` : `${format.exact(hidden)} more`}
        </button>
      )}
    </section>
  );
}

type ShownValue = Omit<FacetValue, "count"> & { count: number | null };

/**
 * Values that the filter names are always there, also when they are rare or excluded, and stay where they were: what was
 * clicked must not jump away from under the pointer.
 */
function withActive(facet: Facet, text: string, places: readonly string[]): ShownValue[] {
  const values: ShownValue[] = [...facet.values];
  const known = new Set(facet.values.map((value) => value.value));
  for (const missing of valuesOf(text, facet.field)) {
    if (known.has(missing.value)) continue;
    values.splice(Math.max(0, places.indexOf(missing.value)), 0, { ...missing, count: null });
  }
  return values;
}

interface ValueRowProps {
  value: ShownValue;
  share: number;
  text: string;
  onText(text: string): void;
}

function ValueRow({ value, share, text, onText }: ValueRowProps) {
  const presence = presenceOf(text, value.clause);
  const toggle = (wanted: "include" | "exclude") => onText(toggleClause(text, value.clause, wanted));
  const [hovered, setHovered] = useState(false);
  return (
    <li
      className={styles.row}
      data-presence={presence ?? undefined}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <button
        type="button"
        className={styles.value}
        aria-pressed={presence === "include"}
        onClick={(event) => toggle(event.altKey ? "exclude" : "include")}
      >
        <span className={styles.bar} style={{ width: `${share * 100}%` }} />
        <span className={styles.box}>{presence === "include" && <Icon name="check" size={12} />}</span>
        <span className={`${styles.text} cut`} data-full={hovered ? value.value : undefined}>
          {value.value}
        </span>
        <span className={styles.count}>{value.count !== null && format.plain(format.count(value.count))}</span>
      </button>
      <button
        type="button"
        className={styles.exclude}
        aria-label={`Exclude ${value.value}`}
        aria-pressed={presence === "exclude"}
        data-tip={presence === "exclude" ? "Excluded; click to undo" : "Exclude (⌥ click)"}
        onClick={() => toggle("exclude")}
      >
        <Icon name="minus" size={12} />
      </button>
    </li>
  );
}

function Skeletons() {
  return (
    <div className={styles.skeletons} aria-hidden="true">
      {[72, 56, 88, 48, 64, 80, 40].map((width) => (
        <span key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
