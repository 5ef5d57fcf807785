// What one line of the tree shows, gathered from the skeleton and the previews.
import type { SpanPreview } from "../../../api/types";
import { oneLine } from "../../../lib/oneLine";
import { callText, gistLine } from "../../content/text";
import { type Expansion, foldMembers, type Rows } from "../model/rows";
import {
  hasChildren,
  idOf,
  modelOf,
  NONE,
  nameOf,
  ORPHAN,
  type Skeleton,
  STATUS_ERROR,
  typeOf,
} from "../model/skeleton";
import type { RowModel } from "./TreeRow";

export function rowModel(
  skeleton: Skeleton,
  rows: Rows,
  expansion: Expansion,
  line: number,
  preview: SpanPreview | undefined,
): RowModel {
  const row = rows.row[line] ?? 0;
  const fold = rows.fold[line] ?? 0;
  const common = {
    line,
    row,
    fold,
    level: rows.depth[line] ?? 0,
    name: shortName(skeleton, row),
    type: typeOf(skeleton, row),
    model: modelOf(skeleton, row),
  };
  return fold > 0
    ? { ...common, ...foldFields(skeleton, rows, expansion, line) }
    : { ...common, ...spanFields(skeleton, expansion, row, preview) };
}

/** GenAI's conventions name a tool's span `execute_tool NAME`; its icon says the first half. */
export function shortName(skeleton: Skeleton, row: number): string {
  const name = oneLine(nameOf(skeleton, row));
  return typeOf(skeleton, row) === "TOOL" ? name.replace(/^execute_tool (?=\S)/, "") : name;
}

type Fields = Omit<RowModel, "line" | "row" | "fold" | "level" | "name" | "type" | "model">;

function spanFields(skeleton: Skeleton, expansion: Expansion, row: number, preview: SpanPreview | undefined): Fields {
  const parent = hasChildren(skeleton, row);
  const expanded = parent ? expansion.rows[row] === 1 : null;
  const failed = skeleton.status[row] === STATUS_ERROR;
  const uncounted = skeleton.uncounted[row] === 1;
  // Where spans below count instead, what they add up to says more than what was not counted.
  const told = (skeleton.tokens[row] ?? NONE) > 0 || (skeleton.cost[row] ?? NONE) > 0;
  const own = told && !(uncounted && (skeleton.tokensBelow[row] ?? 0) > 0);
  const isTool = typeOf(skeleton, row) === "TOOL";
  return {
    expanded,
    failed,
    failuresBelow: expanded === false ? (skeleton.errorsBelow[row] ?? 0) - (failed ? 1 : 0) : 0,
    open: (skeleton.duration[row] ?? 0) < 0,
    retry: skeleton.retry[row] === 1,
    orphan: skeleton.parent[row] === ORPHAN,
    tokens: own ? (skeleton.tokens[row] ?? NONE) : (skeleton.tokensBelow[row] ?? 0),
    cost: own ? (skeleton.cost[row] ?? NONE) : (skeleton.costBelow[row] ?? 0),
    summed: !own,
    uncounted: own && uncounted,
    duration: skeleton.duration[row] ?? NONE,
    durations: null,
    preview: previewText(preview, isTool, failed),
    previewIsCall: isTool && !(failed && preview?.error),
  };
}

function foldFields(skeleton: Skeleton, rows: Rows, expansion: Expansion, line: number): Fields {
  const first = rows.row[line] ?? 0;
  const members = foldMembers(skeleton, rows, line);
  const durations: number[] = [];
  let duration = 0,
    tokens = 0,
    cost = 0;
  for (const row of members) {
    const lasted = Math.max(skeleton.duration[row] ?? 0, 0);
    durations.push(lasted);
    duration += lasted;
    tokens += skeleton.tokensBelow[row] ?? 0;
    cost += skeleton.costBelow[row] ?? 0;
  }
  const expanded = expansion.folds.has(first);
  return {
    expanded,
    durations,
    duration,
    tokens,
    cost,
    failed: false,
    failuresBelow:
      !expanded && (skeleton.errorsBelow[first] ?? 0) > 0
        ? members.reduce((sum, row) => sum + (skeleton.errorsBelow[row] ?? 0), 0)
        : 0,
    open: false,
    retry: false,
    orphan: false,
    summed: true,
    uncounted: false,
    preview: null,
    previewIsCall: false,
  };
}

function previewText(preview: SpanPreview | undefined, isTool: boolean, failed: boolean): string | null {
  if (!preview) return null;
  if (failed && preview.error) return oneLine(preview.error);
  if (isTool) return preview.input === null ? null : `(${callText(preview.input)})`;
  const text = preview.output ?? preview.input;
  return text === null ? null : gistLine(text);
}

/** The names from the root to a row, for rows whose indent no longer tells. */
export function pathOf(skeleton: Skeleton, row: number): string {
  const names: string[] = [];
  for (let at = row; at >= 0; at = skeleton.parent[at] ?? -1) names.unshift(oneLine(nameOf(skeleton, at)));
  return names.length > 12 ? [...names.slice(0, 3), "…", ...names.slice(-8)].join(" › ") : names.join(" › ");
}

export function visibleIds(skeleton: Skeleton, rows: Rows, first: number, last: number): string[] {
  const ids: string[] = [];
  for (let line = first; line < last; line++) if (rows.fold[line] === 0) ids.push(idOf(skeleton, rows.row[line] ?? 0));
  return ids;
}
