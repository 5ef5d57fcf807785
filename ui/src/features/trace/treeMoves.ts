// What the arrow keys do in the tree.
import { hasChildren, type Skeleton } from "./model/skeleton";
import type { Selection } from "./useSelection";
import type { TreeState } from "./useTree";

/** Right: opens what is closed, else goes to the first line within. */
export function expandOrEnter(skeleton: Skeleton, tree: TreeState, selection: Selection): void {
  const { line } = selection;
  const row = tree.rows.row[line] ?? 0;
  const fold = (tree.rows.fold[line] ?? 0) > 0;
  if (!fold && !hasChildren(skeleton, row)) return;
  const open = fold ? tree.expansion.folds.has(row) : tree.expansion.rows[row] === 1;
  if (open) selection.selectLine(line + 1);
  else tree.toggle(line, false, true);
}

/** Left: closes what is open, else goes to the line above it in the tree. */
export function collapseOrLeave(skeleton: Skeleton, tree: TreeState, selection: Selection): void {
  const { line } = selection;
  const row = tree.rows.row[line] ?? 0;
  const fold = (tree.rows.fold[line] ?? 0) > 0;
  const open = fold ? tree.expansion.folds.has(row) : hasChildren(skeleton, row) && tree.expansion.rows[row] === 1;
  if (open) {
    tree.toggle(line, false, false);
    return;
  }
  const depth = tree.rows.depth[line] ?? 0;
  let above = line - 1;
  while (above >= 0 && (tree.rows.depth[above] ?? 0) >= depth) above--;
  selection.selectLine(above);
}
