// Edits of the filter's text by clauses: what the facets, the table's cells and the empty state do. The text is the one
// source of truth, and each edit leaves every other clause as it was typed.
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
 * field joins the first (`model IN ('a', 'b')`), because both at once would match nothing.
 */
export function toggleClause(text: string, clause: string, wanted: "include" | "exclude"): string {
  const found = find(text, clause);
  if (!found) return wanted === "include" ? include(text, clause) : addClause(text, `NOT ${clause}`);
  const without = takeAway(text, found);
  return found.presence === wanted ? without : toggleClause(without, clause, wanted);
}

/** Returns what the text includes and excludes of a field by `=`, `IN` and `NOT … =`: each value with its own clause. */
export function valuesOf(text: string, field: string): { value: string; clause: string }[] {
  const literals = clausesOf(text).flatMap((clause) => {
    const body = clause.text.replace(/^NOT\s+/i, "");
    const equal = equality(body);
    return equal?.field === field ? [equal.value] : (sameList(body, field) ?? []);
  });
  return literals.map((literal) => ({ value: literal.slice(1, -1), clause: `${field} = ${literal}` }));
}

/** Returns a value as the filter writes it, or null if it holds both kinds of quotes, which no literal can. */
export function quote(value: string): string | null {
  if (!value.includes("'")) return `'${value}'`;
  return value.includes('"') ? null : `"${value}"`;
}

interface Found {
  index: number;
  presence: "include" | "exclude";
  /** The values of an IN list, and which of them this is. */
  list?: { field: string; values: string[]; at: number };
}

function find(text: string, clause: string): Found | null {
  const wanted = normal(clause);
  const equal = equality(clause);
  for (const [index, present] of clausesOf(text).entries()) {
    const body = normal(present.text);
    if (body === wanted) return { index, presence: "include" };
    if (body === `NOT ${wanted}`) return { index, presence: "exclude" };
    const list = equal ? listOf(present.text) : null;
    const at = list && equal && list.field === equal.field ? list.values.indexOf(equal.value) : -1;
    if (list && at >= 0) return { index, presence: "include", list: { ...list, at } };
  }
  return null;
}

function include(text: string, clause: string): string {
  const equal = equality(clause);
  if (!equal || !canBeListed(equal.field)) return addClause(text, clause);
  for (const present of clausesOf(text)) {
    const other = equality(present.text) ?? null;
    const values = other?.field === equal.field ? [other.value] : sameList(present.text, equal.field);
    if (values) return splice(text, present, inList(equal.field, [...values, equal.value]));
  }
  return addClause(text, clause);
}

function takeAway(text: string, found: Found): string {
  const present = clausesOf(text)[found.index];
  if (!present || !found.list) return removeClause(text, found.index);
  const { field, values, at } = found.list;
  const left = values.filter((_, index) => index !== at);
  if (left.length === 0) return removeClause(text, found.index);
  return splice(text, present, left.length === 1 ? `${field} = ${left[0]}` : inList(field, left));
}

// Assessments have no IN.
function canBeListed(field: string): boolean {
  return !/^(feedback|expectation|issue)\b/.test(field);
}

function inList(field: string, values: string[]): string {
  return `${field} IN (${values.join(", ")})`;
}

function sameList(text: string, field: string): string[] | null {
  const list = listOf(text);
  return list?.field === field ? list.values : null;
}

/** Reads `field = literal`. */
function equality(clause: string): { field: string; value: string } | null {
  const [field, operator, value, ...rest] = tokenize(clause);
  if (rest.length > 0 || field?.kind !== "field" || operator?.text !== "=" || value?.kind !== "string") return null;
  return { field: field.text, value: value.text };
}

/** Reads `field IN (literal, …)`. */
function listOf(clause: string): { field: string; values: string[] } | null {
  const [field, operator, open, ...rest] = tokenize(clause);
  if (field?.kind !== "field" || !operator || !isWord(operator, "IN") || open?.text !== "(") return null;
  if (rest.pop()?.text !== ")") return null;
  const values = rest.filter((_, index) => index % 2 === 0);
  const commas = rest.filter((_, index) => index % 2 === 1);
  if (values.some((value) => value.kind !== "string") || commas.some((comma) => comma.text !== ",")) return null;
  return { field: field.text, values: values.map((value) => value.text) };
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

function isWord(token: Token, word: string): boolean {
  return (token.kind === "keyword" || token.kind === "operator") && token.text.toUpperCase() === word;
}
