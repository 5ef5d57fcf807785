// The timeline view: the grid of tree and bars with what it remembers.
import { type ReactNode, type RefObject, useCallback } from "react";
import { useStored } from "../../lib/storage";
import type { Palette } from "./data/palette";
import type { Previews } from "./data/previews";
import type { Skeleton } from "./model/skeleton";
import { TREE_NARROWEST, TreeGrid } from "./tree/TreeGrid";
import type { Selection } from "./useSelection";
import type { TimeAxis } from "./useTimeAxis";
import type { TreeState } from "./useTree";

/** Of a line, in pixels: 28 and more of them fit beside the detail at 1600 × 1000. */
export const LINE_HEIGHT = 26;
/** Of the pane, unless the reader chose another width. */
const TREE_PART = 0.45;
const TREE_DEFAULT_MOST = 480;
/** Tokens, cost, time, and bars that still say something. */
const BESIDE_TREE = 50 + 70 + 66 + 90;

export interface TimelineProps {
  skeleton: Skeleton;
  tree: TreeState;
  selection: Selection;
  palette: Palette;
  time: TimeAxis;
  previews: Previews;
  hits: ReadonlySet<number>;
  grid: RefObject<HTMLDivElement | null>;
  heading: ReactNode;
  width: number;
}

export function Timeline({
  skeleton,
  tree,
  selection,
  palette,
  time,
  previews,
  hits,
  grid,
  heading,
  width,
}: TimelineProps) {
  const [chosen, setChosen] = useStored<number | null>("trace.treeWidth", null);
  const wanted = chosen ?? Math.min(width * TREE_PART, TREE_DEFAULT_MOST);
  const treeWidth = Math.round(Math.max(TREE_NARROWEST, Math.min(wanted, width - BESIDE_TREE)));
  const { rows, toggle } = tree;
  const { selectLine } = selection;
  const select = useCallback(
    (line: number) => {
      selectLine(line);
      // A fold has no detail of its own: a click opens it.
      if ((rows.fold[line] ?? 0) > 0) toggle(line, false);
    },
    [rows, toggle, selectLine],
  );
  return (
    <TreeGrid
      skeleton={skeleton}
      rows={rows}
      expansion={tree.expansion}
      selectedLine={selection.line}
      hits={hits}
      palette={palette}
      window={time.window}
      end={time.end}
      moving={time.moving}
      previews={previews}
      lineHeight={LINE_HEIGHT}
      treeWidth={treeWidth}
      onTreeWidth={setChosen}
      onSelect={select}
      onToggle={toggle}
      grid={grid}
      heading={heading}
    />
  );
}
