// Edits of the filter's text by clauses: what the facets, the table's cells and the empty state do. The text is the one
// source of truth, and each edit leaves every other clause as it was typed.
import { contentOf, isAlone, isWord, read, type Said, write, written } from "./said";
import { type Token, tokenize } from "./tokens";

export interface Clause {
  text: string;
  start: number;
  end: number;
}

export type Presence = "include" | "exclude" | null;

/** Returns the parts of the text that AND joins at its top level. A top-level OR makes the whole text one clause. */
export function clausesOf(text: string): Clause[] {
  const tokens = tokenize(text);
  const groups: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth === 0 && isWord(token, "OR")) return whole(text, tokens);
    if (depth === 0 && isWord(token, "AND")) groups.push([]);
    else groups.at(-1)?.push(token);
  }
  return groups.filter((group) => group.length > 0).map((group) => clauseFrom(text, group));
}

/** Returns the text with one more clause. A text with a top-level OR is put in parentheses first. */
export function addClause(text: string, clause: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return clause;
  return `${hasTopLevelOr(trimmed) ? `(${trimmed})` : trimmed} AND ${clause}`;
}

/** Returns the text without its n-th clause and the AND beside it. */
export function removeClause(text: string, index: number): string {
  const clauses = clausesOf(text);
  const clause = clauses[index];
  if (!clause) return text;
  const next = clauses[index + 1];
  const previous = clauses[index - 1];
  if (next) return text.slice(0, clause.start) + text.slice(next.start);
  return previous ? text.slice(0, previous.end) + text.slice(clause.end) : "";
}

/** Returns whether the text already includes or excludes what this clause says. */
export function presenceOf(text: string, clause: string): Presence {
  return find(text, clause)?.presence ?? null;
}

/**
 * Returns the text after a click on a value of a facet. What is there already is taken away; a second value of the same
 * field joins the first (`span(model IN ('a', 'b'))`), because both at once would match nothing.
 */
export function toggleClause(text: string, clause: string, wanted: "include" | "exclude"): string {
  const found = find(text, clause);
  if (!found) return wanted === "include" ? include(text, clause) : addClause(text, `NOT ${written(clause)}`);
  const without = takeAway(text, found);
  return found.presence === wanted ? without : toggleClause(without, clause, wanted);
}

/** Returns what the text includes and excludes of a field by `=`, `IN` and NOT: each value with its own clause. */
export function valuesOf(text: string, field: string): { value: string; clause: string }[] {
  return aboutField(text, field).flatMap(({ said }) =>
    said.literals.map((literal) => ({
      value: contentOf(literal),
      clause: write({ negated: false, field, literals: [literal] }),
    })),
  );
}

/** Returns the text without the clauses that include values of this field. */
export function withoutIncluded(text: string, field: string): string {
  const places = aboutField(text, field).filter(({ said }) => !said.negated);
  return places.reverse().reduce((left, { index }) => removeClause(left, index), text);
}

/** Returns a value as the filter writes it, or null if it holds all three kinds of quotes, which no literal can. */
export function quote(value: string): string | null {
  const mark = ["'", '"', "`"].find((one) => !value.includes(one));
  return mark === undefined ? null : `${mark}${value}${mark}`;
}

/** Returns the clause that a field has a value. Where no quotes fit, any character may stand for each of the value's. */
export function equality(field: string, value: string): string {
  const literal = quote(value);
  return literal === null ? `${field} LIKE '${value.replace(/['"`]/g, "_")}'` : `${field} = ${literal}`;
}

const UNITS = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** Returns a duration as the filter writes it: whole milliseconds, in the largest unit that is exact. */
export function duration(ns: number): string {
  const ms = Math.floor(ns / 1e6);
  const [unit, size] = UNITS.find(([, size]) => ms > 0 && ms % size === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

interface Found {
  index: number;
  presence: "include" | "exclude";
  /** What the clause says if it is about values, and which of them this is. */
  among?: { said: Said; at: number };
}

function find(text: string, clause: string): Found | null {
  const wanted = read(clause);
  if (!wanted) return findSame(text, normal(written(clause)));
  for (const { index, said } of aboutField(text, wanted.field)) {
    const at = said.literals.map(contentOf).indexOf(contentOf(wanted.literals[0] ?? ""));
    if (at >= 0) return { index, presence: said.negated ? "exclude" : "include", among: { said, at } };
  }
  return null;
}

function findSame(text: string, wanted: string): Found | null {
  for (const [index, present] of clausesOf(text).entries()) {
    const body = normal(present.text);
    if (body === wanted) return { index, presence: "include" };
    if (body === `NOT ${wanted}`) return { index, presence: "exclude" };
  }
  return null;
}

/** Returns the clauses that speak of a field and of nothing else, a bare one only if no other shares its span. */
function aboutField(text: string, field: string): { index: number; said: Said }[] {
  return clausesOf(text).flatMap((present, index) => {
    const said = read(present.text);
    return said?.field === field && (!said.bare || isAlone(text, field)) ? [{ index, said }] : [];
  });
}

function include(text: string, clause: string): string {
  const wanted = read(clause);
  const joined = wanted && canBeListed(wanted.field) ? aboutField(text, wanted.field) : [];
  const first = joined.find(({ said }) => !said.negated);
  if (!wanted || !first) return addClause(text, written(clause));
  return replace(text, first.index, { ...first.said, literals: [...first.said.literals, ...wanted.literals] });
}

function takeAway(text: string, { index, among }: Found): string {
  const literals = among?.said.literals.filter((_, at) => at !== among.at) ?? [];
  return among && literals.length > 0 ? replace(text, index, { ...among.said, literals }) : removeClause(text, index);
}

function replace(text: string, index: number, said: Said): string {
  const present = clausesOf(text)[index];
  return present ? splice(text, present, write(said)) : text;
}

// Assessments have no IN.
function canBeListed(field: string): boolean {
  return !/^(feedback|expectation|issue)\b/.test(field);
}

function splice(text: string, clause: Clause, replacement: string): string {
  return text.slice(0, clause.start) + replacement + text.slice(clause.end);
}

// Blanks and the case of keywords make no difference; double quotes mean the same as single ones.
function normal(clause: string): string {
  return tokenize(stripParentheses(clause))
    .map((token) => (token.kind === "keyword" || token.kind === "operator" ? token.text.toUpperCase() : literal(token)))
    .join(" ");
}

function literal(token: Token): string {
  const inner = token.text.slice(1, -1);
  return token.kind === "string" && token.text.startsWith('"') && !inner.includes("'") ? `'${inner}'` : token.text;
}

function stripParentheses(clause: string): string {
  const trimmed = clause.trim();
  if (!trimmed.startsWith("(") || !trimmed.endsWith(")")) return trimmed;
  let depth = 0;
  for (const token of tokenize(trimmed)) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth === 0 && token.end < trimmed.length) return trimmed;
  }
  return trimmed.slice(1, -1);
}

function hasTopLevelOr(text: string): boolean {
  let depth = 0;
  for (const token of tokenize(text)) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (depth === 0 && isWord(token, "OR")) return true;
  }
  return false;
}

function whole(text: string, tokens: Token[]): Clause[] {
  return tokens.length > 0 ? [clauseFrom(text, tokens)] : [];
}

function clauseFrom(text: string, tokens: Token[]): Clause {
  const start = tokens[0]?.start ?? 0;
  const end = tokens.at(-1)?.end ?? start;
  return { text: text.slice(start, end), start, end };
}
