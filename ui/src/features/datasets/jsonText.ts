// JSON as it is written by hand: read with what is wrong with it and where.

export interface JsonProblem {
  message: string;
  /** From 1. */
  line: number;
}

export type Parsed = { value: unknown; problem: null } | { value: null; problem: JsonProblem };

/** Reads JSON; an empty text is null. */
export function parseJson(text: string): Parsed {
  if (text.trim() === "") return { value: null, problem: null };
  try {
    return { value: JSON.parse(text), problem: null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { value: null, problem: { message: reasonOf(message), line: lineOf(message, text) } };
  }
}

/** Reads a JSON object; an empty text is an empty one. */
export function parseObject(text: string): Parsed {
  const parsed = parseJson(text);
  if (parsed.problem) return parsed;
  const value = parsed.value ?? {};
  if (typeof value === "object" && !Array.isArray(value)) return { value, problem: null };
  return { value: null, problem: { message: 'Expected an object such as {"question": "…"}', line: 1 } };
}

/** Writes JSON for an editor; nothing is an empty text. */
export function jsonText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object" && Object.keys(value).length === 0 && !Array.isArray(value)) return "";
  return JSON.stringify(value, null, 2);
}

// Engines say where by line and column, by an offset, or not at all: then the first text is looked for that has the problem.
function lineOf(message: string, text: string): number {
  const line = /line (\d+)/.exec(message);
  if (line) return Number(line[1]);
  const offset = /position (\d+)/.exec(message);
  const end = offset ? Number(offset[1]) : /^Unexpected token/.test(message) ? firstUnexpected(text) : text.length;
  return text.slice(0, end).split("\n").length;
}

function firstUnexpected(text: string): number {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isUnexpected(text.slice(0, middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isUnexpected(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && /^Unexpected token/.test(error.message);
  }
}

function reasonOf(message: string): string {
  const reason = message
    .replace(/^JSON\.parse: /, "")
    .replace(/ in JSON at position.*$| at line \d+.*$| \(line \d+.*$/s, "")
    .replace(/, (\.\.\.)?".*$/s, "");
  return reason.charAt(0).toUpperCase() + reason.slice(1);
}
