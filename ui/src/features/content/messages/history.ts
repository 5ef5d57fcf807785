// What of a conversation is new in this call, and which result belongs to which tool call.
import type { Message, Part } from "../../../api/types";

/**
 * How many leading messages of `now` the call before already had, as its input or its answer. The last message always
 * counts as new: a call that repeats another one whole still shows what it asked.
 */
export function repeatedMessages(
  now: Message[],
  before: { input: Message[] | null; output: Message[] | null },
): number {
  const known = [...(before.input ?? []), ...(before.output ?? [])];
  const limit = Math.min(now.length - 1, known.length);
  let repeated = 0;
  while (repeated < limit && sameMessage(now[repeated], known[repeated])) repeated++;
  return Math.max(repeated, 0);
}

function sameMessage(a: Message | undefined, b: Message | undefined): boolean {
  if (a === undefined || b === undefined || a.role !== b.role) return false;
  // Providers leave empty texts in messages that only call tools; their clients drop them on the next turn.
  const left = a.parts.filter(says),
    right = b.parts.filter(says);
  return left.length === right.length && left.every((part, at) => samePart(part, right[at]));
}

function says(part: Part): boolean {
  return part.type === "text" ? part.text.trim() !== "" : part.type !== "thinking";
}

function samePart(a: Part, b: Part | undefined): boolean {
  if (b === undefined || a.type !== b.type) return false;
  if (a.type === "text" && b.type === "text") return a.text.trim() === b.text.trim();
  if (a.type === "tool_call" && b.type === "tool_call") return a.name === b.name && sameJson(a.arguments, b.arguments);
  if (a.type === "tool_result" && b.type === "tool_result") return a.id === b.id && sameJson(a.result, b.result);
  return sameJson(a, b);
}

/** Deep equality of JSON values; the order of keys does not matter. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  const left = Object.keys(a),
    right = Object.keys(b);
  if (left.length !== right.length || Array.isArray(a) !== Array.isArray(b)) return false;
  return left.every((key) => sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

export type ToolCall = Extract<Part, { type: "tool_call" }>;
export type ToolResult = Extract<Part, { type: "tool_result" }>;

/** The result of each call that has one among the messages; and the messages that hold nothing but such results. */
export function matchResults(messages: Message[]): { results: Map<ToolCall, ToolResult>; absorbed: Set<Message> } {
  const results = new Map<ToolCall, ToolResult>();
  const absorbed = new Set<Message>();
  const open: ToolCall[] = [];
  for (const message of messages) {
    let all = message.parts.length > 0;
    for (const part of message.parts) {
      if (part.type === "tool_call") open.push(part);
      const call = part.type === "tool_result" ? takeCall(open, part) : undefined;
      if (call && part.type === "tool_result") results.set(call, part);
      else all = false;
    }
    if (all) absorbed.add(message);
  }
  return { results, absorbed };
}

function takeCall(open: ToolCall[], result: ToolResult): ToolCall | undefined {
  const at = open.findIndex((call) => (result.id !== null ? call.id === result.id : call.name === result.name));
  return at < 0 ? undefined : open.splice(at, 1)[0];
}

/** Arguments on one line, as one would write a call: `city: "Lisbon", nights: 3`. */
export function argumentsLine(value: unknown, limit = 240): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object" || Array.isArray(value)) return short(value, limit);
  const text = Object.entries(value)
    .map(([key, item]) => `${key}: ${short(item, limit)}`)
    .join(", ");
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

function short(value: unknown, limit: number): string {
  const text = JSON.stringify(typeof value === "string" && value.length > limit ? value.slice(0, limit) : value) ?? "";
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}
