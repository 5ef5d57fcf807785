// The versions of applications (logged models), the newest first, with what their traces add up to. Those that are marked
// are compared.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import type { Version } from "../../api/types";
import { Button } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import { Count, Dollars, Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import { HEADER_PX, ROW_PX, useEndlessRows } from "../../components/grid/useEndlessRows";
import { useRowCursor } from "../../components/grid/useRowCursor";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { numberText } from "../runs/results";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import { versionsQuery } from "./api";
import styles from "./Versions.module.css";
import { COMPARED_MAX, commonScores, shortCommit } from "./versions";

const SCORE_COLUMNS = 4;

export function VersionsPage() {
  const [search] = useAppSearch();
  const navigate = useNavigate();
  const { experiment, from, to } = search;
  const [name, setName] = useState("");
  const query = useInfiniteQuery(versionsQuery(experiment, name, { from, to }));
  const versions = useMemo(() => query.data?.pages.flatMap((page) => page.versions) ?? [], [query.data]);
  const scores = useMemo(() => commonScores(versions, SCORE_COLUMNS), [versions]);
  const [marked, setMarked] = useState<readonly string[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const now = useNow();
  const { scroller, virtualizer, items } = useEndlessRows(versions.length, query);
  const { active, move } = useRowCursor(versions, (version) => version.model_id, virtualizer);

  const open = (modelId: string) =>
    void navigate({ to: "/versions/$modelId", params: { modelId }, search: { experiment, from, to } });
  const compare = () => {
    // The oldest is what the others are compared with.
    const inOrder = versions.map((version) => version.model_id).filter((id) => marked.includes(id));
    if (inOrder.length < 2) return;
    const search = { experiment, from, to, versions: inOrder.reverse().join(",") };
    void navigate({ to: "/versions/compare", search });
  };
  const mark = (id: string) =>
    setMarked((before) =>
      before.includes(id) ? before.filter((one) => one !== id) : [...before.slice(1 - COMPARED_MAX), id],
    );
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
  const columns = `28px 124px minmax(140px, 1fr) 160px 76px 72px 84px 84px 92px 84px 96px ${"minmax(84px, 120px) ".repeat(scores.length)}`;

  return (
    <div className={grid.page}>
      <h1 className="visually-hidden">Versions</h1>
      <div className={styles.filter}>
        <input
          ref={field}
          aria-label="Find a version"
          placeholder="Find versions by name"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
      </div>
      <div className={grid.list} data-stale={query.isPlaceholderData || undefined}>
        {/* biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list. */}
        <div ref={scroller} className={grid.scroller} role="grid" tabIndex={0} aria-label="Versions" aria-rowcount={-1}>
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          <div
            role="rowgroup"
            className={`${grid.canvas} ${styles.canvas}`}
            style={{ height: virtualizer.getTotalSize() }}
          >
            <Header scores={scores} columns={columns} />
            {items.map((item) => {
              const version = versions[item.index];
              if (!version) return null;
              return (
                <VersionRow
                  key={version.model_id}
                  version={version}
                  scores={scores}
                  columns={columns}
                  top={item.start}
                  now={now}
                  isActive={version.model_id === active}
                  isMarked={marked.includes(version.model_id)}
                  onOpen={() => open(version.model_id)}
                  onMark={() => mark(version.model_id)}
                />
              );
            })}
          </div>
        </div>
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && versions.length === 0 && <NoVersions named={name !== ""} onClear={() => setName("")} />}
        {marked.length > 0 && (
          <section className={grid.bar} aria-label="Marked versions">
            <span>{marked.length === 1 ? "Mark another to compare" : `${marked.length} marked`}</span>
            <Button kind="solid" keys="d" tip="Compare" disabled={marked.length < 2} onClick={compare}>
              Compare
            </Button>
            <Button onClick={() => setMarked([])}>Clear</Button>
          </section>
        )}
      </div>
    </div>
  );
}

function NoVersions({ named, onClear }: { named: boolean; onClear(): void }) {
  return (
    <div className={grid.none} role="status">
      <h2>{named ? "No version has this name" : "No versions yet"}</h2>
      {named ? (
        <Button kind="outline" onClick={onClear}>
          Show all
        </Button>
      ) : (
        <p>
          <code>mlflow.set_active_model(name=…)</code> makes a version of an application; the traces that follow belong
          to it, and are added up here.
        </p>
      )}
    </div>
  );
}

function Header({ scores, columns }: { scores: readonly string[]; columns: string }) {
  const cells: [string, boolean][] = [
    ["", false],
    ["Created", false],
    ["Name", false],
    ["Commit", false],
    ["Traces", true],
    ["Errors", true],
    ["p50", true],
    ["p95", true],
    ["Tokens each", true],
    ["Cost each", true],
    ["Cost", true],
    ...scores.map((name): [string, boolean] => [name, true]),
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

interface VersionRowProps {
  version: Version;
  scores: readonly string[];
  columns: string;
  top: number;
  now: number;
  isActive: boolean;
  isMarked: boolean;
  onOpen(): void;
  onMark(): void;
}

const NONE = <span className="unit">–</span>;

function VersionRow(props: VersionRowProps) {
  const { version, scores, columns, top, now, isActive, isMarked, onOpen, onMark } = props;
  const { figures } = version;
  const commit = shortCommit(version);
  const texts: [string, React.ReactNode, string | null][] = [
    ["created", <Time key="time" ns={version.created_ns} now={now} />, null],
    ["name", oneLine(version.name), `${version.name}\n${version.model_id}`],
    ["git", commit ?? NONE, version.git?.commit ?? null],
  ];
  const numbers: [string, React.ReactNode][] = [
    ["traces", figures.traces === 0 ? NONE : <Count key="traces" value={figures.traces} />],
    ["errors", figures.error_rate === null ? NONE : percent(figures.error_rate)],
    ["p50", figures.p50_ns === null ? NONE : <Duration key="p50" ns={figures.p50_ns} />],
    ["p95", figures.p95_ns === null ? NONE : <Duration key="p95" ns={figures.p95_ns} />],
    [
      "tokens",
      figures.total_tokens.mean === null ? NONE : <Count key="tokens" value={Math.round(figures.total_tokens.mean)} />,
    ],
    ["cost-each", figures.cost.mean === null ? NONE : <Dollars key="cost-each" value={figures.cost.mean} />],
    ["cost", figures.cost.sum === null ? NONE : <Dollars key="cost" value={figures.cost.sum} />],
    ...scores.map((name): [string, React.ReactNode] => {
      const score = figures.scores.find((one) => one.name === name);
      if (!score || score.mean === null) return [name, NONE];
      return [name, score.pass_rate === null ? numberText(score.mean) : percent(score.pass_rate)];
    }),
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the page handles the keys.
    <div
      role="row"
      className={`${grid.row} ${styles.row}`}
      style={{ height: ROW_PX, transform: `translateY(${top}px)`, gridTemplateColumns: columns }}
      data-version={version.model_id}
      data-active={isActive || undefined}
      data-open={isMarked || undefined}
      onClick={onOpen}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
      <div role="gridcell">
        <input
          type="checkbox"
          aria-label={`Mark ${version.name}`}
          checked={isMarked}
          onClick={(event) => event.stopPropagation()}
          onChange={onMark}
        />
      </div>
      {texts.map(([column, content, full]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={column} role="gridcell" data-column={column} data-full={full || undefined}>
          {content}
        </div>
      ))}
      {numbers.map(([column, content]) => (
        // biome-ignore lint/a11y/useSemanticElements: see above.
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
        <div key={column} role="gridcell" data-column={column} data-numeric>
          {content}
        </div>
      ))}
    </div>
  );
}

/** A share in percent, as exact as a table needs it. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? format.exact(Number(value.toFixed(1))) : format.exact(Math.round(value))} %`;
}
