// What one clause says about one field: `model = 'a'`, `model IN ('a', 'b')`, `NOT span(type = 'TOOL')`.
//
// Bare clauses on fields of spans that AND joins speak of the same span, so that two facets would rarely have a trace in
// common. What is chosen by clicks is therefore written in a group of its own: `span(model = 'a') AND span(type = 'TOOL')`.
import { type Token, tokenize } from "./tokens";

export interface Said {
  negated: boolean;
  /** By its full name, also in a group: `span.type`. */
  field: string;
  /** The values as they are written. */
  literals: string[];
  /** On a field of a span, but in no group. */
  bare: boolean;
}

/** Reads `field = literal` and `field IN (literal, …)`, also under NOT, in parentheses and in `span(…)`. */
export function read(clause: string): Said | null {
  let tokens = tokenize(clause);
  const negated = isWord(tokens[0], "NOT");
  if (negated) tokens = tokens.slice(1);
  while (isEnclosed(tokens, 0)) tokens = tokens.slice(1, -1);
  const grouped = tokens[0]?.text === "span" && isEnclosed(tokens, 1);
  if (grouped) tokens = tokens.slice(2, -1);
  const [name, ...rest] = tokens;
  const literals = valuesIn(rest);
  if (name?.kind !== "field" || !literals) return null;
  const field = grouped ? fullName(name.text) : name.text;
  return { negated, field, literals, bare: !grouped && isOfSpan(field) };
}

/** Writes it, a span's field always in its group. */
export function write({ negated, field, literals }: Omit<Said, "bare">): string {
  const [only, ...more] = literals;
  const name = isOfSpan(field) ? shortName(field) : field;
  const clause = more.length === 0 ? `${name} = ${only}` : `${name} IN (${literals.join(", ")})`;
  return `${negated ? "NOT " : ""}${isOfSpan(field) ? `span(${clause})` : clause}`;
}

/** Returns a clause as a click writes it: on a span's field in a group of its own. */
export function written(clause: string): string {
  const said = read(clause);
  if (said) return write(said);
  const [name] = tokenize(clause);
  if (name?.kind !== "field" || !isOfSpan(name.text)) return clause;
  return `span(${shortName(name.text)}${clause.slice(name.end)})`;
}

/** Returns whether bare clauses on this field speak of a span with no other condition on it. */
export function isAlone(text: string, field: string): boolean {
  const tokens = tokenize(text);
  let group = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text === "(") group += group > 0 || tokens[index - 1]?.text === "span" ? 1 : 0;
    else if (token.text === ")") group = Math.max(0, group - 1);
    else if (group === 0 && token.kind === "field" && token.text !== field && isAboutSpan(token.text)) return false;
  }
  return true;
}

/** Returns the value of a literal: the grammar has three kinds of quotes and no escape in them. */
export function contentOf(literal: string): string {
  return literal.slice(1, -1);
}

export function isWord(token: Token | undefined, word: string): boolean {
  return (token?.kind === "keyword" || token?.kind === "operator") && token.text.toUpperCase() === word;
}

function isOfSpan(field: string): boolean {
  return field === "model" || field === "provider" || field.startsWith("span.");
}

// A search for words is one of a span's too.
function isAboutSpan(field: string): boolean {
  return isOfSpan(field) || field === "text";
}

function fullName(name: string): string {
  const full = isOfSpan(name) ? name : `span.${name}`;
  return full === "span.model" || full === "span.provider" ? full.slice(5) : full;
}

function shortName(field: string): string {
  return field.replace(/^span\./, "");
}

function valuesIn([operator, ...rest]: Token[]): string[] | null {
  const [only, ...more] = rest;
  if (operator?.text === "=") return only && more.length === 0 && isLiteral(only) ? [only.text] : null;
  if (!isWord(operator, "IN") || !isEnclosed(rest, 0)) return null;
  const list = rest.slice(1, -1);
  const fits = list.every((token, index) => (index % 2 === 0 ? isLiteral(token) : token.text === ","));
  return fits && list.length % 2 === 1 ? list.filter((_, index) => index % 2 === 0).map((token) => token.text) : null;
}

// A text in backticks looks like a name.
function isLiteral(token: Token): boolean {
  return token.kind === "string" || /^`[^`]*`$/.test(token.text);
}

/** Returns whether the parenthesis at this place is closed by the last token. */
function isEnclosed(tokens: readonly Token[], at: number): boolean {
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (index < at) continue;
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth === 0) return token.text === ")" && index === tokens.length - 1;
  }
  return false;
}
