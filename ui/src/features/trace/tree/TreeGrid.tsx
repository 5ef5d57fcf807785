// Tree and waterfall in one grid. Rows are virtual and of one height; the bars of the rows that exist are drawn on one
// canvas that scrolls with them.
import {
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Palette } from "../data/palette";
import { type Previews, usePreviewVersion } from "../data/previews";
import { type TimeWindow, ticks } from "../data/time";
import type { Expansion, Rows } from "../model/rows";
import { idOf, type Skeleton } from "../model/skeleton";
import { Splitter } from "../Splitter";
import { useSize, useWidth } from "../useSize";
import { type BarsView, drawBars } from "./bars";
import { pathOf, rowModel, visibleIds } from "./rowModel";
import { type RowModel, TreeRow } from "./TreeRow";
import styles from "./tree.module.css";

const OVERSCAN = 20;
/** The window of rows moves in steps, so that most scroll events change nothing. */
const STEP = 10;
/** Of the head, which sticks above the rows. */
const HEAD = 26;
/** A label that would be cut at the right edge is left out. */
const LABEL_ROOM = 44;
const FRAME_MS = 60;
const GLOW_MS = 1800;

export const TREE_NARROWEST = 220;
export const TREE_WIDEST = 640;

export interface TreeGridProps {
  skeleton: Skeleton;
  rows: Rows;
  expansion: Expansion;
  selectedLine: number;
  hits: ReadonlySet<number>;
  palette: Palette;
  window: TimeWindow;
  end: number;
  moving: boolean;
  previews: Previews;
  lineHeight: number;
  treeWidth: number;
  onTreeWidth(width: number): void;
  onSelect(line: number): void;
  onToggle(line: number, subtree: boolean): void;
  grid: RefObject<HTMLDivElement | null>;
  /** Over the tree's column: the search field. */
  heading: ReactNode;
}

export function TreeGrid(props: TreeGridProps) {
  const { skeleton, rows, expansion, selectedLine, lineHeight, previews, treeWidth, grid } = props;
  const [box, { height }] = useSize();
  const [bars, barsWidth] = useWidth();
  const view = useScrollWindow(box, rows.length, lineHeight, height - HEAD);
  const version = usePreviewVersion(previews);
  const models = useModels(skeleton, rows, expansion, previews, version);
  useWanted(props, view);
  useFollowSelection(box, selectedLine, lineHeight, height - HEAD);
  const path = useCallback((row: number) => pathOf(skeleton, row), [skeleton]);
  const tickList = useMemo(() => ticks(props.window, barsWidth), [props.window, barsWidth]);

  const shown: RowModel[] = [];
  for (let line = view.first; line < view.last; line++) shown.push(models(line));
  const selectedShown = selectedLine >= view.first && selectedLine < view.last;
  return (
    <div className={styles.grid} style={{ "--tree-width": `${treeWidth}px` } as React.CSSProperties}>
      <div ref={box} className={styles.scroll}>
        <div className={styles.head}>
          <div className={styles.heading}>{props.heading}</div>
          <span className={styles.headFigure}>Tokens</span>
          <span className={styles.headFigure}>Cost</span>
          <span className={styles.headFigure}>Time</span>
          <div ref={bars} className={styles.axis} aria-hidden="true">
            {tickList.map((tick) => {
              const left = ((tick.at - props.window.from) / (props.window.to - props.window.from)) * barsWidth;
              return (
                <span key={tick.at} style={{ left }}>
                  {left < barsWidth - LABEL_ROOM && tick.label}
                </span>
              );
            })}
          </div>
          <Splitter
            label="Width of the tree"
            className={styles.treeSplitter}
            value={treeWidth}
            least={TREE_NARROWEST}
            most={TREE_WIDEST}
            onChange={props.onTreeWidth}
          />
        </div>
        <div className={styles.body}>
          <div
            ref={grid}
            role="treegrid"
            aria-label="Spans of the trace"
            aria-rowcount={rows.length + 1}
            aria-colcount={5}
            tabIndex={selectedShown ? -1 : 0}
            className={styles.lines}
            style={{ height: rows.length * lineHeight }}
          >
            {shown.map((model) => (
              <TreeRow
                key={`${model.row}/${model.fold}`}
                model={model}
                lineHeight={lineHeight}
                selected={model.line === selectedLine}
                focusable={model.line === selectedLine}
                hit={model.fold === 0 && props.hits.has(model.row)}
                path={path}
                select={props.onSelect}
                toggle={props.onToggle}
              />
            ))}
          </div>
          <Bars {...props} first={view.first} last={view.last} width={barsWidth} ticks={tickList} />
        </div>
      </div>
    </div>
  );
}

interface ScrollWindow {
  first: number;
  last: number;
}

function useScrollWindow(
  box: RefObject<HTMLDivElement | null>,
  count: number,
  lineHeight: number,
  height: number,
): ScrollWindow {
  const [from, setFrom] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const update = () => setFrom(Math.floor(element.scrollTop / lineHeight / STEP) * STEP);
    update();
    element.addEventListener("scroll", update, { passive: true });
    return () => element.removeEventListener("scroll", update);
  }, [box, lineHeight]);
  const screen = Math.ceil(height / lineHeight) + STEP;
  return { first: Math.max(0, Math.min(from, count - 1) - OVERSCAN), last: Math.min(count, from + screen + OVERSCAN) };
}

/** Models of lines, each made once for a state of the tree. */
function useModels(
  skeleton: Skeleton,
  rows: Rows,
  expansion: Expansion,
  previews: Previews,
  version: number,
): (line: number) => RowModel {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version means that previews answer differently
  return useMemo(() => {
    const made = new Map<number, RowModel>();
    return (line) => {
      let model = made.get(line);
      if (!model) {
        model = rowModel(skeleton, rows, expansion, line, previews.get(idOf(skeleton, rows.row[line] ?? 0)));
        made.set(line, model);
      }
      return model;
    };
  }, [skeleton, rows, expansion, previews, version]);
}

function useWanted({ skeleton, rows, previews }: TreeGridProps, view: ScrollWindow): void {
  useEffect(
    () => previews.want(visibleIds(skeleton, rows, view.first, view.last)),
    [skeleton, rows, previews, view.first, view.last],
  );
}

/** Brings the selected line onto the screen, and the focus to its row if the focus was in the tree. */
function useFollowSelection(
  box: RefObject<HTMLDivElement | null>,
  line: number,
  lineHeight: number,
  height: number,
): void {
  const ready = height > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a pane that is resized must not scroll
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || line < 0 || !ready) return;
    const top = line * lineHeight;
    const margin = 2 * lineHeight;
    if (top - margin < element.scrollTop || top + lineHeight + margin > element.scrollTop + height) {
      const far = top < element.scrollTop - height || top > element.scrollTop + 2 * height;
      const up = top - margin < element.scrollTop;
      element.scrollTop = far ? top - height / 3 : up ? top - margin : top + lineHeight + margin - height;
    }
  }, [box, line, lineHeight, ready]);
  useEffect(() => {
    const element = box.current;
    const active = document.activeElement;
    // Also while the focus is on something around the tree, as when the page has just opened.
    const inTree = element && (element.contains(active) || active?.contains(element));
    if (inTree && line >= 0)
      element.querySelector<HTMLElement>(`[data-line="${line}"]`)?.focus({ preventScroll: true });
  }, [box, line]);
}

type BarsProps = TreeGridProps & Pick<BarsView, "first" | "last" | "width" | "ticks">;

function Bars(props: BarsProps) {
  const { skeleton, rows, first, last, lineHeight, width, window, end, ticks, palette, moving } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = (phase: number) =>
      drawBars(element, { skeleton, rows, first, last, lineHeight, width, window, now: end, ticks, palette, phase });
    const still = !moving || matchMedia("(prefers-reduced-motion: reduce)").matches;
    draw(still ? 1 : (performance.now() % GLOW_MS) / GLOW_MS);
    if (still) return;
    const timer = setInterval(() => draw((performance.now() % GLOW_MS) / GLOW_MS), FRAME_MS);
    return () => clearInterval(timer);
  }, [skeleton, rows, first, last, lineHeight, width, window, end, ticks, palette, moving]);
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a canvas without a tabindex takes no focus
    <canvas
      ref={canvas}
      aria-hidden="true"
      className={styles.bars}
      style={{ top: first * lineHeight, width, height: (last - first) * lineHeight }}
    />
  );
}
