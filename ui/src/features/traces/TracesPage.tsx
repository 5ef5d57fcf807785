// The list of traces: bar, course over time, facets, table, and the open trace over them. All of its state that a link
// must carry is in the URL.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { histogramQuery, selectionOf } from "../../api/queries";
import { Button, IconButton } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import { Icon } from "../../components/icon/Icon";
import { toast } from "../../components/toast/toast";
import { useAppSearch } from "../../lib/useAppSearch";
import { FacetSidebar } from "../facets/FacetSidebar";
import { presenceOf, toggleClause } from "../filter/clauses";
import { FilterBar, type FilterBarHandle } from "../filter/FilterBar";
import { density, facetsOpen, live, rememberTrace } from "../frame/state";
import { METRICS, type Metric } from "../histogram/geometry";
import { HistogramStrip } from "../histogram/HistogramStrip";
import { BulkBar } from "./BulkBar";
import { ColumnMenu } from "./ColumnMenu";
import { COLUMNS, type Column } from "./columns";
import { EmptyState } from "./EmptyState";
import { RowMenu, type RowMenuState } from "./RowMenu";
import { TraceDrawer } from "./TraceDrawer";
import styles from "./TracesPage.module.css";
import { TraceTable, type TraceTableHandle } from "./TraceTable";
import { useColumns } from "./useColumns";
import { useListKeys } from "./useListKeys";
import { useSelected } from "./useSelected";
import { useTraceList } from "./useTraceList";

const ERRORS = "status = 'ERROR'";
const ROW_PX = { regular: 32, compact: 26 };

export function TracesPage() {
  const [search, update] = useAppSearch();
  const navigate = useNavigate();
  const applied = search.filter ?? "";
  const { experiment, from, to } = search;
  const selection = useMemo(
    () => selectionOf({ experiment, filter: applied || undefined, from, to }),
    [experiment, applied, from, to],
  );
  const metric = METRICS.includes(search.metric as Metric) ? (search.metric as Metric) : "count";

  const bar = useRef<FilterBarHandle>(null);
  const table = useRef<TraceTableHandle>(null);
  const showFacets = facetsOpen.use();
  const rowHeight = ROW_PX[density.use()];
  const [draft, setDraft] = useState(applied);
  useEffect(() => setDraft(applied), [applied]);
  const [refused, setRefused] = useState(false);

  const histogram = useQuery(histogramQuery(selection));
  const list = useTraceList({
    selection,
    order: search.order,
    live: live.use(),
    isAtTop: () => table.current?.isAtTop() ?? true,
  });
  const { rows, query } = list;
  const selected = useSelected(rows, JSON.stringify([selection, search.order ?? null]));
  const columns = useColumns();
  const [active, setActive] = useState<string | null>(search.trace ?? null);
  const [activeColumn, setActiveColumn] = useState("name");
  const [menu, setMenu] = useState<RowMenuState | null>(null);

  const apply = useCallback(
    (filter: string) => update({ filter: filter || undefined, trace: undefined, span: undefined }),
    [update],
  );
  const editFilter = (text: string) => bar.current?.apply(text);

  const open = (traceId: string, fullPage: boolean) => {
    setActive(traceId);
    const name = rows.find((row) => row.trace_id === traceId)?.name ?? null;
    rememberTrace({ id: traceId, name });
    // The filter goes along for the words in it, which are marked in the trace.
    if (fullPage)
      void navigate({ to: "/traces/$traceId", params: { traceId }, search: { experiment, filter: search.filter } });
    else update({ trace: traceId, span: undefined }, { replace: search.trace !== undefined });
  };
  const close = () => {
    update({ trace: undefined, span: undefined, tab: undefined, find: undefined });
    table.current?.focus();
  };
  const step = (delta: 1 | -1) => {
    const at = rows.findIndex((row) => row.trace_id === search.trace);
    const next = rows[at + delta];
    if (at >= 0 && next) open(next.trace_id, false);
    if (at + delta >= rows.length - 2 && query.hasNextPage) more();
  };
  const more = useCallback(() => {
    if (!query.isFetchingNextPage && !query.isPlaceholderData) void query.fetchNextPage();
  }, [query.isFetchingNextPage, query.isPlaceholderData, query.fetchNextPage]);

  const clauseOf = (traceId: string | null, columnId: string) => {
    const trace = rows.find((row) => row.trace_id === traceId);
    return trace ? (COLUMNS.find((column) => column.id === columnId)?.clause?.(trace) ?? null) : null;
  };
  const editByClause = (clause: string, wanted: "include" | "exclude") =>
    editFilter(toggleClause(draft, clause, wanted));

  useListKeys({
    enabled: search.trace === undefined,
    rows,
    columns: columns.columns,
    active,
    activeColumn,
    onFocus: () => table.current?.focus(),
    onActive: setActive,
    onActiveColumn: setActiveColumn,
    onOpen: open,
    onSelect: (traceId) => selected.toggle(traceId),
    onClear: selected.clear,
    onFilter: () => bar.current?.focus(),
    onFacets: () => facetsOpen.set(!facetsOpen.get()),
    onClause(wanted) {
      const clause = clauseOf(active, activeColumn);
      if (clause) editByClause(clause, wanted);
      else
        toast(
          whyNoClause(
            active,
            columns.columns.find((column) => column.id === activeColumn),
          ),
          "error",
        );
    },
  });

  const showMenu = (traceId: string, columnId: string | null, event: MouseEvent) => {
    const trace = rows.find((row) => row.trace_id === traceId);
    const column = COLUMNS.find((one) => one.id === columnId) ?? null;
    if (trace) setMenu({ trace, column, x: event.clientX, y: event.clientY });
    setActive(traceId);
  };

  const isEmpty = query.isSuccess && !query.isPlaceholderData && rows.length === 0;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">Traces</h1>
      <FilterBar
        ref={bar}
        draft={draft}
        applied={applied}
        selection={selection}
        onDraft={setDraft}
        onApply={apply}
        onRefused={setRefused}
        onLeave={() => table.current?.focus()}
        start={
          <IconButton
            icon="facets"
            label={showFacets ? "Hide facets" : "Show facets"}
            keys="f"
            aria-pressed={showFacets}
            onClick={() => facetsOpen.set(!showFacets)}
          />
        }
        end={
          <ColumnMenu
            columns={columns.columns.map((column) => column.id)}
            onColumns={columns.choose}
            onReset={columns.reset}
          />
        }
      />
      <HistogramStrip
        histogram={histogram.isError ? undefined : histogram.data}
        failed={histogram.isError}
        stale={histogram.isPlaceholderData}
        metric={metric}
        onMetric={(next) => update({ metric: next === "count" ? undefined : next }, { replace: true })}
        onlyErrors={presenceOf(draft, ERRORS) === "include"}
        onErrors={() => editByClause(ERRORS, "include")}
        onZoom={(start, end) => update({ from: String(start), to: String(end) })}
      />
      <div className={styles.below}>
        {showFacets && <FacetSidebar selection={selection} text={draft} onText={editFilter} />}
        <section className={styles.list} aria-label="List" data-stale={query.isPlaceholderData || refused || undefined}>
          <TraceTable
            ref={table}
            rows={rows}
            columns={columns.columns}
            widths={columns.widths}
            onWidth={columns.setWidth}
            order={search.order}
            onOrder={(order) => update({ order })}
            rowHeight={rowHeight}
            active={active}
            activeColumn={activeColumn}
            open={search.trace ?? null}
            selected={selected.selected}
            allSelected={selected.allSelected}
            onActive={(traceId, column) => {
              setActive(traceId);
              if (column) setActiveColumn(column);
            }}
            onOpen={open}
            onSelect={selected.toggle}
            onSelectAll={selected.toggleAll}
            onMenu={showMenu}
            isLoading={query.isPending}
            hasMore={query.hasNextPage}
            onMore={more}
          />
          {list.waiting > 0 && (
            <Button
              kind="solid"
              className={styles.waiting}
              onClick={() => {
                list.showWaiting();
                table.current?.scrollToTop();
              }}
            >
              <Icon name="arrowUp" />
              {list.waiting} new
            </Button>
          )}
          {query.isLoadingError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
          {query.isRefetchError && (
            <Button kind="outline" icon="refresh" className={styles.old} onClick={() => void query.refetch()}>
              Not up to date: the server does not answer
            </Button>
          )}
          {isEmpty && <EmptyState selection={selection} onChange={(change) => update(change)} />}
          {selected.selected.size > 0 && (
            <BulkBar
              selected={selected.selected}
              everything={selected.everything}
              total={histogram.data?.open === 0 ? histogram.data.total : undefined}
              selection={selection}
              onEverything={() => selected.setEverything(true)}
              onClear={selected.clear}
            />
          )}
        </section>
      </div>
      {search.trace && (
        <TraceDrawer
          traceId={search.trace}
          spanId={search.span ?? null}
          onSelectSpan={(span) => update({ span }, { replace: true })}
          onClose={close}
          onStep={step}
          onFullPage={() => search.trace && open(search.trace, true)}
        />
      )}
      {menu && (
        <RowMenu
          at={menu}
          onClose={() => setMenu(null)}
          onOpen={open}
          onClause={editByClause}
          onSelect={(traceId) => selected.toggle(traceId)}
        />
      )}
    </div>
  );
}

function whyNoClause(active: string | null, column: Column | undefined): string {
  if (active === null || !column) return "No cell is chosen: the arrow keys choose one";
  const label = column.label.toLowerCase();
  return column.clause
    ? `This trace has no ${label} to filter by`
    : `The list can't be filtered by the ${label} of a cell`;
}
