// The transcript: what the agent was asked, said, called and got, in order, without the plumbing in between.
import { childrenOf, NONE, ORPHAN, type Skeleton, STATUS_ERROR, typeOf } from "./skeleton";

export type StoryKind = "asked" | "answer" | "group" | "step";

export interface StoryItem {
  kind: StoryKind;
  row: number;
  /** How many agents it is inside of. */
  depth: number;
  /** Of a group: the steps below it, and what they cost. */
  steps: number;
  tokens: number;
  cost: number;
}

const MODELS = new Set(["LLM", "CHAT_MODEL"]);
const TOLD = new Set([
  ...MODELS,
  "AGENT",
  "TOOL",
  "RETRIEVER",
  "EMBEDDING",
  "RERANKER",
  "GUARDRAIL",
  "EVALUATOR",
  "MEMORY",
  "PARSER",
]);

/** Items in order; `closed` holds the rows of the groups that are folded. */
export function tellStory(skeleton: Skeleton, closed: ReadonlySet<number>): StoryItem[] {
  const told = chooseTold(skeleton);
  const items: StoryItem[] = [];
  const root = skeleton.roots[0];
  if (root !== undefined && skeleton.parent[root] !== ORPHAN) items.push(plain("asked", root));
  // Where each open group ends, as positions in depth-first order.
  const groupEnds: number[] = [];
  for (let at = 0; at < skeleton.count; at++) {
    const row = skeleton.order[at] ?? 0;
    while (groupEnds.length > 0 && at >= (groupEnds.at(-1) ?? 0)) groupEnds.pop();
    if (!told[row]) continue;
    const group = typeOf(skeleton, row) === "AGENT";
    items.push(group ? groupItem(skeleton, told, row, groupEnds.length) : stepItem(skeleton, row, groupEnds.length));
    if (!group) continue;
    const end = skeleton.subtreeEnd[row] ?? at + 1;
    if (closed.has(row)) at = end - 1;
    else groupEnds.push(end);
  }
  if (root !== undefined && skeleton.parent[root] !== ORPHAN) items.push(plain("answer", root));
  return items;
}

/** The rows that the story tells, in order: what the keys step through in the transcript. */
export function toldRows(skeleton: Skeleton): Int32Array {
  const told = chooseTold(skeleton);
  return skeleton.order.filter((row) => told[row] === 1);
}

function chooseTold(skeleton: Skeleton): Uint8Array {
  const interesting = skeleton.types.map((type) => TOLD.has(type));
  // A trace without a single step of a model or agent is told whole: there is no plumbing to leave out.
  const all = !interesting.some(Boolean);
  const told = new Uint8Array(skeleton.count);
  const insideModel = new Uint8Array(skeleton.count);
  for (const row of skeleton.order) {
    const model = MODELS.has(typeOf(skeleton, row));
    const up = skeleton.parent[row] ?? -1;
    // A call that only wraps another one of the same kind is told once, by its outer span.
    const inside = up >= 0 && insideModel[up] === 1;
    if (model || inside) insideModel[row] = typeOf(skeleton, row) === "TOOL" ? 0 : 1;
    const failedLeaf = skeleton.status[row] === STATUS_ERROR && skeleton.errorsBelow[row] === 1;
    told[row] = all || (interesting[skeleton.type[row] ?? 0] && !(inside && model)) || failedLeaf ? 1 : 0;
  }
  return told;
}

function plain(kind: StoryKind, row: number): StoryItem {
  return { kind, row, depth: 0, steps: 0, tokens: NONE, cost: NONE };
}

function stepItem(skeleton: Skeleton, row: number, depth: number): StoryItem {
  return { ...plain("step", row), depth, tokens: skeleton.tokens[row] ?? NONE, cost: skeleton.cost[row] ?? NONE };
}

function groupItem(skeleton: Skeleton, told: Uint8Array, row: number, depth: number): StoryItem {
  let steps = 0;
  for (let at = (skeleton.position[row] ?? 0) + 1; at < (skeleton.subtreeEnd[row] ?? 0); at++) {
    steps += told[skeleton.order[at] ?? 0] ?? 0;
  }
  return {
    kind: "group",
    row,
    depth,
    steps,
    tokens: skeleton.tokensBelow[row] || NONE,
    cost: skeleton.costBelow[row] || NONE,
  };
}

/**
 * The TOOL span that ran a call of a model: the first one of that name that starts after the model's span ended, among
 * the siblings of the model's span or of a span above it. `nth` counts calls of the same name in one message.
 */
export function toolSpanOf(skeleton: Skeleton, modelRow: number, toolName: string, nth = 0): number {
  const end = (skeleton.start[modelRow] ?? 0) + Math.max(skeleton.duration[modelRow] ?? 0, 0);
  for (let at = modelRow; at >= 0; at = skeleton.parent[at] ?? -1) {
    const up = skeleton.parent[at] ?? -1;
    const siblings = up < 0 ? skeleton.roots : childrenOf(skeleton, up);
    const found = siblings.filter((row) => isToolNamed(skeleton, row, toolName) && (skeleton.start[row] ?? 0) >= end)[
      nth
    ];
    if (found !== undefined) return found;
  }
  return -1;
}

function isToolNamed(skeleton: Skeleton, row: number, toolName: string): boolean {
  if (typeOf(skeleton, row) !== "TOOL") return false;
  const name = skeleton.names[skeleton.name[row] ?? 0] ?? "";
  // GenAI's conventions name such spans `execute_tool NAME`.
  return name === toolName || name.endsWith(` ${toolName}`) || name.endsWith(`.${toolName}`);
}

/** The model call before this one in the trace: the last one that started earlier, by depth-first order. -1 if none. */
export function previousModelCall(skeleton: Skeleton, row: number): number {
  for (let at = (skeleton.position[row] ?? 0) - 1; at >= 0; at--) {
    const before = skeleton.order[at] ?? 0;
    if (MODELS.has(typeOf(skeleton, before)) && (skeleton.subtreeEnd[before] ?? 0) <= (skeleton.position[row] ?? 0))
      return before;
  }
  return -1;
}

/** The first and the last call of a model by depth-first order; -1 if there is none. */
export function outerModelCalls(skeleton: Skeleton): { first: number; last: number } {
  const isCall = (row: number) => MODELS.has(typeOf(skeleton, row));
  return { first: skeleton.order.find(isCall) ?? -1, last: skeleton.order.findLast(isCall) ?? -1 };
}
