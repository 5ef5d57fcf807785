// The text of a prompt version: its messages, its variables, and how it differs from another version.
import { type ChangeObject, diffWordsWithSpace } from "diff";
import type { PromptVersion } from "../../api/types";

export interface PromptMessage {
  /** Null of a prompt that is one text. */
  role: string | null;
  text: string;
}

/** Returns the messages of a version; a chat that can't be read as one is shown as it is. */
export function messagesOf(version: Pick<PromptVersion, "template" | "summary">): PromptMessage[] {
  const whole = [{ role: null, text: version.template }];
  if (version.summary.kind !== "chat") return whole;
  try {
    const messages: unknown = JSON.parse(version.template);
    return Array.isArray(messages) && messages.every(isMessage) ? messages.map(shownMessage) : whole;
  } catch {
    return whole;
  }
}

function isMessage(value: unknown): value is { role: string; content: unknown } {
  return (
    typeof value === "object" &&
    value !== null &&
    "content" in value &&
    typeof (value as { role?: unknown }).role === "string"
  );
}

function shownMessage({ role, content }: { role: string; content: unknown }): PromptMessage {
  return { role, text: typeof content === "string" ? content : JSON.stringify(content, null, 2) };
}

/** A piece of a text: plain, or a variable with its braces. */
export interface Piece {
  text: string;
  isVariable: boolean;
}

const VARIABLE = /\{\{\s*[\w.[\]'"-]+\s*\}\}/g;

/** Splits a text at its variables; joined again the pieces are the text. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), isVariable: false });
    pieces.push({ text: match[0], isVariable: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), isVariable: false });
  return pieces;
}

/** Returns the names of a version's variables, each once, in the order in which they first stand. */
export function variablesOf(messages: readonly PromptMessage[]): string[] {
  const names = messages.flatMap(({ text }) =>
    piecesOf(text).flatMap((piece) => (piece.isVariable ? piece.text.slice(2, -2).trim() : [])),
  );
  return [...new Set(names)];
}

/** Texts that are longer than this together are not compared word by word, which could take seconds. */
const COMPARED_MAX = 200_000;

export type Part = Pick<ChangeObject<string>, "value" | "added" | "removed">;

/** Returns what was taken out of `before` and put into `after`, word by word; null if they are too long. */
export function differences(before: readonly PromptMessage[], after: readonly PromptMessage[]): Part[] | null {
  const [old, now] = [flat(before), flat(after)];
  return old.length + now.length > COMPARED_MAX ? null : diffWordsWithSpace(old, now);
}

function flat(messages: readonly PromptMessage[]): string {
  return messages.map(({ role, text }) => (role === null ? text : `${role}\n${text}`)).join("\n\n");
}
