// Long texts in pieces, so that only what is looked at is laid out.
import { oneLine } from "../../lib/oneLine";

/** A piece of plain text: large enough that a megabyte is a few hundred, small enough to be laid out in a frame. */
export const CHUNK_CHARS = 4096;
/** A piece of Markdown; parsed when it comes near the screen. */
export const MARKDOWN_CHUNK_CHARS = 8192;
/** Lines longer than this are broken, or one line of a megabyte would be laid out as a whole. */
const LONGEST_LINE = 2048;

/** Splits at line ends into pieces of about `size` characters; joined again they are the text. */
export function splitText(text: string, size = CHUNK_CHARS): string[] {
  const chunks: string[] = [];
  let from = 0;
  while (from < text.length) {
    const cut = endOfChunk(text, from, size);
    chunks.push(text.slice(from, cut));
    from = cut;
  }
  return chunks;
}

function endOfChunk(text: string, from: number, size: number): number {
  if (text.length - from <= size) return text.length;
  const newline = text.indexOf("\n", from + size);
  if (newline >= 0 && newline - from - size < LONGEST_LINE) return newline + 1;
  const space = text.lastIndexOf(" ", from + size);
  return space > from + size - 200 ? space + 1 : keepPair(text, from + size);
}

/** Never cuts between the two halves of a character beyond the basic plane. */
function keepPair(text: string, cut: number): number {
  const code = text.charCodeAt(cut - 1);
  return code >= 0xd800 && code < 0xdc00 ? cut + 1 : cut;
}

/** Splits Markdown between its blocks, never inside a fenced one unless that alone is too long. */
export function splitMarkdown(text: string, size = MARKDOWN_CHUNK_CHARS): string[] {
  if (text.length <= size) return [text];
  const chunks: string[] = [];
  let from = 0;
  let fence = "";
  for (let line = 0; line < text.length; ) {
    const newline = text.indexOf("\n", line);
    const end = newline < 0 ? text.length : newline + 1;
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text.slice(line, Math.min(end, line + 16)))?.[1] ?? "";
    if (fence === "") fence = mark;
    else if (mark.startsWith(fence)) fence = "";
    const blank = text.slice(line, end).trim() === "";
    if (end - from >= size * (fence === "" && blank ? 1 : 4)) {
      chunks.push(...splitText(text.slice(from, end), size * 4));
      from = end;
    }
    line = end;
  }
  if (from < text.length) chunks.push(...splitText(text.slice(from), size * 4));
  return chunks;
}

/** A rough count of tokens: about four characters each. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

/** True if a text uses marks that Markdown would render. Looks at its head only. */
export function looksLikeMarkdown(text: string): boolean {
  const head = text.slice(0, 8192);
  return /(^|\n)(#{1,6} |[-*+] \S|\d+[.)] \S|> |```|~~~|\|.+\|\s*\n\s*\|?[ :-]*-{2,})|\*\*[^*\n]+\*\*|`[^`\n]+`|\[[^\]\n]+\]\([^)\s]+\)/.test(
    head,
  );
}

/** The value that a text holds if it is JSON of an object or a list, else undefined. */
export function parseJsonText(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== "{" && first !== "[") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Previews may come with their lines joined already, so a fence is known by its marks, not by its line. */
function withoutFences(text: string): string {
  return text.replace(/(?:`{3,}|~{3,})(?:[\w+#.-]+(?=\s|$))?/g, "");
}

/** A text on one line, without the marks of Markdown; an object as `key: value` pairs. */
export function gistLine(text: string): string {
  const line = oneLine(withoutFences(text));
  if (line.startsWith("{")) return callText(line);
  return line.replace(/\*\*([^*]+)\*\*|`([^`]+)`/g, "$1$2").replace(/(^| )#{1,6} /g, "$1");
}

/** `{"city":"Lisbon"}` as one would write it in a call: `city: "Lisbon"`. JSON that was cut loses its brace only. */
export function callText(input: string): string {
  const text = oneLine(input);
  if (!text.startsWith("{")) return text;
  try {
    return Object.entries(JSON.parse(text) as object)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join(", ");
  } catch {
    return text.slice(1).replace(/"([A-Za-z_]\w*)":\s?/g, "$1: ");
  }
}
