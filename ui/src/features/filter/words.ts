// The words that a filter looks for in texts, so that they can be marked where they stand.
import { tokenize } from "./tokens";

/** Returns the words of each `text ~ '…'` that is not denied, in lower case, each once. */
export function wordsOf(filter: string): string[] {
  const tokens = tokenize(filter);
  const words = new Set<string>();
  tokens.forEach((token, at) => {
    const [field, operator] = [tokens[at - 2], tokens[at - 1]];
    if (token.kind !== "string" || operator?.text !== "~" || field?.text.toLowerCase() !== "text") return;
    if (tokens[at - 3]?.text.toUpperCase() === "NOT") return;
    for (const word of token.text.slice(1).match(WORD) ?? []) words.add(word.toLowerCase());
  });
  return [...words];
}

const WORD = /[\p{L}\p{N}]+/gu;
