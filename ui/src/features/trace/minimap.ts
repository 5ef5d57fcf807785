// Draws the flame strip. Each level remembers how far it is painted, so 100,000 spans cost no more strokes than pixels.
import type { Palette } from "./data/palette";
import { endOf, type Skeleton, STATUS_ERROR } from "./model/skeleton";
import { sized } from "./tree/bars";

/** Deeper spans share the last level. */
const MOST_LEVELS = 9;
const PADDING = 2;

export interface MinimapView {
  skeleton: Skeleton;
  palette: Palette;
  end: number;
  width: number;
  height: number;
}

export function drawMinimap(canvas: HTMLCanvasElement, view: MinimapView): void {
  const context = sized(canvas, view.width, view.height);
  if (!context) return;
  const { skeleton } = view;
  const levels = Math.min(deepest(skeleton) + 1, MOST_LEVELS);
  const band = Math.min((view.height - 2 * PADDING) / levels, 8);
  const top = (view.height - levels * band) / 2;
  const painted = new Float64Array(levels);
  context.globalAlpha = 0.85;
  let colour = -1;
  for (let row = 0; row < skeleton.count; row++) {
    const level = Math.min(skeleton.depth[row] ?? 0, levels - 1);
    const start = pixel(view, skeleton.start[row] ?? 0);
    const from = Math.max(start, painted[level] ?? 0);
    const to = Math.max(pixel(view, spanEnd(view, row)), start + 1);
    if (to <= from) continue;
    const type = skeleton.type[row] ?? 0;
    // A canvas parses its colour on each assignment, which would cost more than the stroke.
    if (type !== colour) context.fillStyle = view.palette.types[type] ?? view.palette.lineStrong;
    colour = type;
    context.fillRect(from, top + level * band, to - from, Math.max(band - 1, 1));
    painted[level] = to;
  }
  context.globalAlpha = 1;
  drawErrors(context, view, levels, band, top);
}

/** Errors come last and are at least two pixels wide: they must never be painted over. */
function drawErrors(
  context: CanvasRenderingContext2D,
  view: MinimapView,
  levels: number,
  band: number,
  top: number,
): void {
  const { skeleton } = view;
  context.fillStyle = view.palette.error;
  const painted = new Float64Array(levels);
  for (let row = 0; row < skeleton.count; row++) {
    // A failed span whose failure lies below is drawn where it failed, or the whole strip would be red.
    if (skeleton.status[row] !== STATUS_ERROR || (skeleton.errorsBelow[row] ?? 0) > 1) continue;
    const level = Math.min(skeleton.depth[row] ?? 0, levels - 1);
    const start = pixel(view, skeleton.start[row] ?? 0);
    const from = Math.max(start, painted[level] ?? 0);
    const to = Math.max(pixel(view, spanEnd(view, row)), start + 2);
    if (to <= from) continue;
    context.fillRect(from, top + level * band, to - from, Math.max(band - 1, 2));
    painted[level] = to;
  }
}

function spanEnd(view: MinimapView, row: number): number {
  return (view.skeleton.duration[row] ?? 0) < 0 ? view.end : endOf(view.skeleton, row);
}

/** In halves, so that a level takes at most two strokes for each pixel. */
function pixel(view: MinimapView, at: number): number {
  return Math.round((at / view.end) * view.width * 2) / 2;
}

function deepest(skeleton: Skeleton): number {
  return skeleton.depth.reduce((deep, depth) => Math.max(deep, depth), 0);
}
