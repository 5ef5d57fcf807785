// Draws the bars of the lines on the screen on one canvas: a light bar for the whole span, dark where it was busy itself,
// a line below what the trace's duration hangs on.
import type { Palette } from "../data/palette";
import type { Tick, TimeWindow } from "../data/time";
import { foldMembers, type Rows } from "../model/rows";
import { endOf, type Skeleton, STATUS_ERROR, selfSegments } from "../model/skeleton";

const BAR = 12;
const RADIUS = 2;
/** Nothing is drawn thinner than this, or short spans could not be seen. */
const THINNEST = 2;
/** Beyond this many children the gaps between them are finer than a pixel anyway. */
const MOST_SEGMENTS = 4000;

export interface BarsView {
  skeleton: Skeleton;
  rows: Rows;
  first: number;
  last: number;
  lineHeight: number;
  width: number;
  window: TimeWindow;
  /** The end of the axis: where bars of open spans end. */
  now: number;
  ticks: Tick[];
  palette: Palette;
  /** 0 … 1, moves the hint on open bars. */
  phase: number;
}

export function drawBars(canvas: HTMLCanvasElement, view: BarsView): void {
  const context = sized(canvas, view.width, (view.last - view.first) * view.lineHeight);
  if (!context) return;
  const scale = view.width / (view.window.to - view.window.from);
  const x = (at: number) => (at - view.window.from) * scale;
  drawGrid(context, view, x);
  for (let line = view.first; line < view.last; line++) {
    const top = (line - view.first) * view.lineHeight;
    if ((view.rows.fold[line] ?? 0) > 0) drawFold(context, view, line, top, x);
    else drawSpan(context, view, view.rows.row[line] ?? 0, top, x);
  }
}

/** Sizes a canvas in device pixels and clears it; null if it has no room or the browser no context. */
export function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  if (width <= 0 || height <= 0) return null;
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

function drawGrid(context: CanvasRenderingContext2D, view: BarsView, x: (at: number) => number): void {
  context.fillStyle = view.palette.line;
  for (const tick of view.ticks)
    context.fillRect(Math.round(x(tick.at)), 0, 1, (view.last - view.first) * view.lineHeight);
}

function drawSpan(
  context: CanvasRenderingContext2D,
  view: BarsView,
  row: number,
  top: number,
  x: (at: number) => number,
): void {
  const { skeleton, palette } = view;
  const open = (skeleton.duration[row] ?? 0) < 0;
  const from = x(skeleton.start[row] ?? 0);
  const to = Math.max(x(open ? view.now : endOf(skeleton, row)), from + THINNEST);
  if (to < 0 || from > view.width) {
    edgeMark(context, view, from > view.width, top);
    return;
  }
  const y = top + (view.lineHeight - BAR) / 2;
  context.fillStyle = colourOf(skeleton, palette, row);
  context.globalAlpha = 0.36;
  bar(context, Math.max(from, -RADIUS), y, Math.min(to, view.width + RADIUS), BAR);
  context.globalAlpha = 1;
  drawSelf(context, view, row, y, x);
  if (open) drawOpen(context, view, from, to, y);
  if (skeleton.criticalTells && skeleton.critical[row]) {
    context.fillStyle = palette.critical;
    context.fillRect(Math.max(from, 0), y + BAR + 2, Math.min(to, view.width) - Math.max(from, 0), 1.5);
  }
}

function drawSelf(
  context: CanvasRenderingContext2D,
  view: BarsView,
  row: number,
  y: number,
  x: (at: number) => number,
): void {
  const { skeleton } = view;
  const children = (skeleton.childStart[row + 1] ?? 0) - (skeleton.childStart[row] ?? 0);
  if (children > MOST_SEGMENTS) return;
  const segments = selfSegments(skeleton, row);
  for (let at = 0; at < segments.length; at += 2) {
    const from = Math.max(x(segments[at] ?? 0), -RADIUS);
    const to = Math.min(
      Math.max(x(segments[at + 1] ?? 0), from + (segments.length === 2 ? THINNEST : 0.5)),
      view.width + RADIUS,
    );
    if (to > from) bar(context, from, y, to, BAR);
  }
}

/** A gap of light runs along an open bar: it goes on. It is cut out, so that it has the colour of what lies below. */
function drawOpen(context: CanvasRenderingContext2D, view: BarsView, from: number, to: number, y: number): void {
  const glow = from + (to - from) * view.phase;
  const half = Math.min(28, (to - from) / 2);
  const gradient = context.createLinearGradient(glow - half, 0, glow + half, 0);
  gradient.addColorStop(0, "rgb(0 0 0 / 0)");
  gradient.addColorStop(0.5, "rgb(0 0 0 / 0.6)");
  gradient.addColorStop(1, "rgb(0 0 0 / 0)");
  const left = Math.max(from, glow - half);
  context.globalCompositeOperation = "destination-out";
  context.fillStyle = gradient;
  context.fillRect(left, y, Math.min(to, glow + half) - left, BAR);
  context.globalCompositeOperation = "source-over";
}

/** All members of a fold on one line; each pixel is painted once. */
function drawFold(
  context: CanvasRenderingContext2D,
  view: BarsView,
  line: number,
  top: number,
  x: (at: number) => number,
): void {
  const { skeleton, rows } = view;
  const y = top + (view.lineHeight - BAR) / 2;
  let painted = -1;
  context.fillStyle = colourOf(skeleton, view.palette, rows.row[line] ?? 0);
  context.globalAlpha = 0.75;
  for (const row of foldMembers(skeleton, rows, line)) {
    const from = Math.max(x(skeleton.start[row] ?? 0), painted, 0);
    const to = Math.min(Math.max(x(endOf(skeleton, row)), x(skeleton.start[row] ?? 0) + 1), view.width);
    if (to <= from) continue;
    context.fillRect(from, y + 1, to - from, BAR - 2);
    painted = to;
  }
  context.globalAlpha = 1;
}

/** A small mark at the edge for a bar outside of the zoomed window. */
function edgeMark(context: CanvasRenderingContext2D, view: BarsView, right: boolean, top: number): void {
  const middle = top + view.lineHeight / 2;
  const tip = right ? view.width - 2 : 2;
  const back = right ? tip - 4 : tip + 4;
  context.fillStyle = view.palette.lineStrong;
  context.beginPath();
  context.moveTo(tip, middle);
  context.lineTo(back, middle - 3);
  context.lineTo(back, middle + 3);
  context.fill();
}

function colourOf(skeleton: Skeleton, palette: Palette, row: number): string {
  if (skeleton.status[row] === STATUS_ERROR) return palette.error;
  return palette.types[skeleton.type[row] ?? 0] ?? palette.lineStrong;
}

function bar(context: CanvasRenderingContext2D, from: number, y: number, to: number, height: number): void {
  context.beginPath();
  context.roundRect(from, y, to - from, height, Math.min(RADIUS, (to - from) / 2));
  context.fill();
}
