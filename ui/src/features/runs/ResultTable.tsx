// The rows of a run as a table that is drawn as far as it is on the screen. A cell that is cut shows the whole on hover,
// and a score its rationale.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { ResultPair, ResultRow, Score } from "../../api/types";
import { Count, Dollars, Duration } from "../../components/Figure";
import grid from "../../components/grid/grid.module.css";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import styles from "./RunPage.module.css";
import { changeOf, scoresOf, scoreText } from "./results";

const ROW_PX = 32;
const HEADER_PX = 28;

interface ResultTableProps {
  pairs: readonly ResultPair[];
  scorers: readonly string[];
  /** Scorers of which a higher score is better. */
  judges: readonly string[];
  hasBaseline: boolean;
  /** The trace that is open beside the table. */
  open: string | null;
  onOpen(trace: string): void;
}

export function ResultTable({ pairs, scorers, judges, hasBaseline, open, onOpen }: ResultTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(-1);
  const virtualizer = useVirtualizer({
    count: pairs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 15,
    paddingStart: HEADER_PX,
    scrollPaddingStart: HEADER_PX,
    useFlushSync: false,
  });
  const move = (delta: number) => {
    const next = Math.max(0, Math.min(pairs.length - 1, active + delta));
    virtualizer.scrollToIndex(next, { align: "auto" });
    setActive(next);
  };
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: (event) => {
      const trace = (pairs[active]?.run ?? pairs[active]?.baseline)?.trace_id;
      if (event.target instanceof HTMLButtonElement || event.target instanceof HTMLAnchorElement) event.target.click();
      else if (trace) onOpen(trace);
    },
  });
  const texts = hasBaseline ? 3 : 2;
  const columns = `repeat(${texts}, minmax(150px, 1fr)) ${"minmax(88px, 150px) ".repeat(scorers.length)} 76px 68px 82px`;
  const names = ["Input", "Output", ...(hasBaseline ? ["Baseline's output"] : []), ...scorers];
  return (
    <div className={`${grid.list} ${styles.results}`}>
      {/* biome-ignore lint/a11y/useSemanticElements: a table element can't hold rows that are placed by a virtual list. */}
      <div
        ref={scroller}
        className={grid.scroller}
        role="grid"
        tabIndex={0}
        aria-label="Results"
        aria-rowcount={pairs.length}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
        <div
          role="rowgroup"
          className={grid.canvas}
          style={{ height: virtualizer.getTotalSize(), minWidth: texts * 150 + scorers.length * 88 + 242 }}
        >
          {/* biome-ignore lint/a11y/useSemanticElements: see above. */}
          {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus. */}
          <div role="row" className={grid.header} style={{ height: HEADER_PX, gridTemplateColumns: columns }}>
            {names.map((name) => (
              // biome-ignore lint/a11y/useSemanticElements: see above.
              // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
              <div key={name} role="columnheader" data-full={name}>
                {name}
              </div>
            ))}
            {["Latency", "Tokens", "Cost"].map((name) => (
              // biome-ignore lint/a11y/useSemanticElements: see above.
              // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
              <div key={name} role="columnheader" data-numeric>
                {name}
              </div>
            ))}
          </div>
          {virtualizer.getVirtualItems().map((item) => {
            const pair = pairs[item.index];
            const row = pair?.run ?? pair?.baseline;
            if (!pair || !row) return null;
            return (
              // biome-ignore lint/a11y/useSemanticElements: see above.
              // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
              // biome-ignore lint/a11y/useKeyWithClickEvents: the page handles the keys.
              <div
                key={row.trace_id}
                role="row"
                className={`${grid.row} ${styles.row}`}
                style={{ height: ROW_PX, transform: `translateY(${item.start}px)`, gridTemplateColumns: columns }}
                data-result={row.trace_id}
                data-active={item.index === active || undefined}
                data-open={open === row.trace_id || undefined}
                onClick={() => {
                  setActive(item.index);
                  onOpen(row.trace_id);
                }}
              >
                <Text text={row.input} />
                <Text text={pair.run?.output ?? null} row={pair.run} />
                {hasBaseline && <Text text={pair.baseline?.output ?? null} row={pair.baseline} />}
                {scorers.map((name) => (
                  <ScoreCell
                    key={name}
                    pair={pair}
                    name={name}
                    isJudge={judges.includes(name)}
                    hasBaseline={hasBaseline}
                  />
                ))}
                <Figures row={pair.run} />
              </div>
            );
          })}
        </div>
      </div>
      {pairs.length === 0 && (
        <p className={grid.none} role="status">
          No row is of this kind
        </p>
      )}
    </div>
  );
}

function Text({ text, row }: { text: string | null; row?: ResultRow | null }) {
  const failed = row?.state === "ERROR";
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div role="gridcell" data-full={text ?? undefined} className={failed ? styles.errors : undefined}>
      {text === null ? <span className="unit">{failed ? "failed" : "–"}</span> : oneLine(text)}
    </div>
  );
}

interface ScoreCellProps {
  pair: ResultPair;
  name: string;
  isJudge: boolean;
  hasBaseline: boolean;
}

function ScoreCell({ pair, name, isJudge, hasBaseline }: ScoreCellProps) {
  const [now, before] = [scoresOf(pair.run, name), scoresOf(pair.baseline, name)];
  const change = changeOf(pair, name);
  const isChanged = change !== null && change !== 0;
  const way = isChanged && isJudge ? (change > 0 ? "better" : "worse") : undefined;
  const full = [...explained(now, ""), ...explained(before, "Baseline: ")].join("\n");
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div role="gridcell" data-scorer={name} data-way={way} data-tip={full || undefined}>
      {hasBaseline && isChanged && (
        <span className="unit">
          <Values scores={before} /> →{" "}
        </span>
      )}
      <Values scores={now} />
    </div>
  );
}

function Values({ scores }: { scores: readonly Score[] }) {
  if (scores.length === 0) return <span className="unit">–</span>;
  return scores.map((score, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: scores of one row never move.
    <span key={index} className={styles.score} data-value={tone(score)}>
      {scoreText(score)}
    </span>
  ));
}

/** How a score is coloured: what counts as 0 or 1 says yes or no, other numbers say neither. */
function tone(score: Score): string | undefined {
  if (score.error !== null) return "failed";
  if (typeof score.value === "number") return undefined;
  return score.number === 1 ? "yes" : score.number === 0 ? "no" : undefined;
}

function explained(scores: readonly Score[], prefix: string): string[] {
  return scores.flatMap((score) => {
    const why = score.error ?? score.rationale;
    return why ? [`${prefix}${scoreText(score)}: ${why}`] : [];
  });
}

function Figures({ row }: { row: ResultRow | null }) {
  const cells: [string, React.ReactNode][] = [
    ["latency", row && row.duration_ns !== null ? <Duration key="latency" ns={row.duration_ns} /> : null],
    ["tokens", row && row.tokens !== null ? <Count key="tokens" value={row.tokens} /> : null],
    ["cost", row && row.cost !== null ? <Dollars key="cost" value={row.cost} /> : null],
  ];
  return cells.map(([name, content]) => (
    // biome-ignore lint/a11y/useSemanticElements: see above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus.
    <div key={name} role="gridcell" data-numeric data-column={name}>
      {content ?? <span className="unit">–</span>}
    </div>
  ));
}
