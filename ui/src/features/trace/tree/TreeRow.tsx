// biome-ignore-all lint/a11y/useSemanticElements: table elements cannot be positioned as virtual rows are
// biome-ignore-all lint/a11y/useFocusableInteractive: the row takes the focus, its cells do not
// One line of the tree: indent, type, name, a dimmed text, what is notable, tokens, cost, time. The bar beside it is on
// the canvas below.
import { type MouseEvent, memo } from "react";
import { Count, Dollars, Duration } from "../../../components/Figure";
import { Icon } from "../../../components/icon/Icon";
import { SpanTypeIcon } from "../../../components/icon/SpanTypeIcon";
import { exact, exactCost } from "../../../lib/format";
import { STATE_NAMES } from "../../../lib/states";
import { FoldSpark } from "./FoldSpark";
import styles from "./tree.module.css";

/** Indent of a level, and of those deeper than `DEEP`. */
export const INDENT = 14;
export const DEEP_INDENT = 6;
export const DEEP = 12;

export interface RowModel {
  line: number;
  row: number;
  level: number;
  name: string;
  type: string;
  model: string | null;
  /** Null for a span without children. */
  expanded: boolean | null;
  failed: boolean;
  /** Failures that are hidden below a collapsed row. */
  failuresBelow: number;
  open: boolean;
  retry: boolean;
  orphan: boolean;
  tokens: number;
  cost: number;
  /** The figures are sums of what is below. */
  summed: boolean;
  uncounted: boolean;
  duration: number;
  /** How many siblings the line stands for; 0 for a plain span. */
  fold: number;
  durations: number[] | null;
  preview: string | null;
  previewIsCall: boolean;
}

export interface RowHandlers {
  select(line: number): void;
  toggle(line: number, subtree: boolean): void;
}

export interface TreeRowProps extends RowHandlers {
  model: RowModel;
  lineHeight: number;
  selected: boolean;
  focusable: boolean;
  hit: boolean;
  path(row: number): string;
}

export const TreeRow = memo(function TreeRow({
  model,
  lineHeight,
  selected,
  focusable,
  hit,
  path,
  select,
  toggle,
}: TreeRowProps) {
  const { line, level, expanded } = model;
  const chevron = (event: MouseEvent) => {
    event.stopPropagation();
    toggle(line, event.shiftKey || event.altKey);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled for all rows by the page
    <div
      role="row"
      aria-level={level + 1}
      aria-rowindex={line + 2}
      aria-expanded={expanded ?? undefined}
      aria-selected={selected}
      tabIndex={focusable ? 0 : -1}
      data-line={line}
      className={styles.row}
      data-hit={hit || undefined}
      style={{ height: lineHeight, transform: `translateY(${line * lineHeight}px)` }}
      onClick={() => select(line)}
      onDoubleClick={() => expanded !== null && toggle(line, false)}
    >
      <div role="gridcell" className={styles.tree} style={{ paddingLeft: indentOf(level) + 4 }}>
        <span className={styles.guides} style={{ width: Math.min(level, DEEP) * INDENT }} />
        {expanded === null ? (
          <span className={styles.chevron} />
        ) : (
          // The row itself says whether it is expanded and takes the keys; this is for the pointer.
          // biome-ignore lint/a11y/useKeyWithClickEvents: see above
          // biome-ignore lint/a11y/noStaticElementInteractions: see above
          <span
            className={styles.chevron}
            data-chevron
            onClick={chevron}
            onDoubleClick={(event) => event.stopPropagation()}
          >
            <Icon name={expanded ? "chevronDown" : "chevronRight"} size={14} />
          </span>
        )}
        <SpanTypeIcon type={model.type} size={15} />
        <RowText model={model} title={level > DEEP ? path(model.row) : undefined} />
        <Badges model={model} />
      </div>
      <Figures model={model} />
    </div>
  );
});

export function indentOf(level: number): number {
  return Math.min(level, DEEP) * INDENT + Math.max(level - DEEP, 0) * DEEP_INDENT;
}

function RowText({ model, title }: { model: RowModel; title: string | undefined }) {
  if (model.fold > 0) {
    return (
      <>
        <span className={styles.name}>{model.name}</span>
        <span className={styles.times}>× {exact(model.fold)}</span>
        {model.durations && <FoldSpark durations={model.durations} />}
      </>
    );
  }
  return (
    <>
      <span className={styles.name} data-failed={model.failed || undefined} title={title}>
        {model.name}
      </span>
      {model.preview !== null && (
        <span className={styles.preview} data-call={model.previewIsCall || undefined} data-full={model.preview}>
          {model.preview}
        </span>
      )}
    </>
  );
}

function Badges({ model }: { model: RowModel }) {
  return (
    <span className={styles.badges}>
      {model.orphan && (
        <span className={styles.badge} data-tip="The parent that this span names is not in the trace">
          no parent
        </span>
      )}
      {model.retry && (
        <span className={styles.badge} data-tip="Called again after a call of this name failed">
          retry
        </span>
      )}
      {model.open && (
        <span className={styles.badge} data-kind="open">
          {STATE_NAMES.IN_PROGRESS}
        </span>
      )}
      {model.failed ? (
        <span className={styles.badge} data-kind="error">
          {STATE_NAMES.ERROR}
        </span>
      ) : (
        model.failuresBelow > 0 && (
          <span className={styles.badge} data-kind="error">
            {exact(model.failuresBelow)} {model.failuresBelow === 1 ? "error" : "errors"} below
          </span>
        )
      )}
    </span>
  );
}

function Figures({ model }: { model: RowModel }) {
  const dim = model.summed || model.uncounted ? "" : undefined;
  const tip = model.uncounted
    ? "Not counted in the trace: spans above or below it count instead"
    : model.summed
      ? "Sum of what is counted below"
      : undefined;
  return (
    <>
      <div role="gridcell" className={styles.figure} data-dim={dim} data-tip={model.tokens > 0 ? tip : undefined}>
        {model.tokens > 0 &&
          (model.uncounted ? <>({<Count value={model.tokens} />})</> : <Count value={model.tokens} />)}
      </div>
      <div
        role="gridcell"
        className={styles.figure}
        data-dim={dim}
        data-tip={model.cost > 0 ? (tip ?? exactCost(model.cost)) : undefined}
      >
        {model.cost > 0 && <Dollars value={model.cost} />}
      </div>
      <div role="gridcell" className={styles.figure} data-tip={model.fold > 0 ? "Sum of all of them" : undefined}>
        {model.duration >= 0 && <Duration ns={model.duration} />}
      </div>
      <div role="gridcell" className={styles.bar} />
    </>
  );
}
