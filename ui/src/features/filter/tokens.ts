// Splits filter text into tokens, as the server does, for colours and for finding clauses. Never fails: what fits nowhere
// is `other`. Offsets are UTF-16 units, as the editor counts.

export type TokenKind = "keyword" | "field" | "operator" | "string" | "number" | "bracket" | "other";

export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  text: string;
}

const KEYWORDS = /^(AND|OR|NOT|IN|IS|NULL|LIKE|ILIKE|RLIKE)$/i;
const OPERATOR_WORDS = /^(IN|IS|NULL|LIKE|ILIKE|RLIKE)$/i;

// A string ends at its quote unless that is doubled; an open string runs to the end of the text.
const PATTERN =
  /(?<string>'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$))|(?<number>-?\d[\w.]*)|(?<word>(?:`[^`]*`|[A-Za-z_])(?:[\w\-/:@$]|\.(?:`[^`]*`|"[^"]*"|'[^']*')?|`[^`]*`)*)|(?<operator>[<>=!~]+)|(?<bracket>[(),;])|(?<other>\S)/gu;

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(PATTERN)) {
    tokens.push({
      kind: kindOf(match.groups ?? {}),
      start: match.index,
      end: match.index + match[0].length,
      text: match[0],
    });
  }
  return tokens;
}

function kindOf(groups: Record<string, string | undefined>): TokenKind {
  if (groups.string !== undefined) return "string";
  if (groups.number !== undefined) return "number";
  if (groups.operator !== undefined) return "operator";
  if (groups.bracket !== undefined) return "bracket";
  if (groups.word === undefined) return "other";
  if (OPERATOR_WORDS.test(groups.word)) return "operator";
  return KEYWORDS.test(groups.word) ? "keyword" : "field";
}
