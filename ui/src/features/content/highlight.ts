// Light highlighting of code: strings, comments, numbers, keywords. One scanner for all languages, since what a reader
// needs of a snippet is its shape, not its grammar.

export type CodeKind = "plain" | "string" | "comment" | "number" | "keyword" | "name";
export interface CodeToken {
  kind: CodeKind;
  text: string;
}

/** Code beyond this is shown plain: a span an element costs more than colours are worth. */
export const HIGHLIGHT_LIMIT = 20_000;

const KEYWORDS = new Set(
  `abstract and as assert async await break case catch class const continue def default defer del do elif else end enum
  except export extends extern false False final finally fn for foreach from func function go goto if impl implements
  import in instanceof interface is lambda let loop match mod module mut namespace new nil None not null of or package
  pass private protected pub public raise return self select static struct super switch then this throw trait true True
  try type typeof undefined unsafe use using var void where while with yield
  SELECT FROM WHERE AND OR NOT INSERT INTO UPDATE DELETE SET VALUES JOIN LEFT RIGHT INNER OUTER ON GROUP BY ORDER HAVING
  LIMIT AS CREATE TABLE DROP ALTER INDEX NULL IS IN LIKE BETWEEN UNION ALL DISTINCT COUNT SUM CASE WHEN THEN ELSE END`.split(
    /\s+/,
  ),
);

// Order matters: what may hold the marks of another comes first.
const PATTERN =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|--[ \t][^\n]*|(?:^|(?<=\s))#[^\n]*)|(?<string>"""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)|(?<number>\b(?:0x[\da-fA-F]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\b)|(?<word>[A-Za-z_$][\w$]*)/gm;

const PLAIN_LANGUAGES = new Set(["text", "txt", "plain", "plaintext", "console", "output", "diff"]);

export function highlight(code: string, language = ""): CodeToken[] {
  if (code.length > HIGHLIGHT_LIMIT || PLAIN_LANGUAGES.has(language.toLowerCase()))
    return [{ kind: "plain", text: code }];
  const tokens: CodeToken[] = [];
  let from = 0;
  for (const match of code.matchAll(PATTERN)) {
    const kind = kindOf(code, match);
    if (kind === "plain") continue;
    if (match.index > from) tokens.push({ kind: "plain", text: code.slice(from, match.index) });
    tokens.push({ kind, text: match[0] });
    from = match.index + match[0].length;
  }
  if (from < code.length) tokens.push({ kind: "plain", text: code.slice(from) });
  return tokens;
}

function kindOf(code: string, match: RegExpMatchArray): CodeKind {
  const end = (match.index ?? 0) + match[0].length;
  if (match.groups?.comment !== undefined) return "comment";
  // A string before a colon is a key.
  if (match.groups?.string !== undefined) return /^\s*:/.test(code.slice(end, end + 4)) ? "name" : "string";
  if (match.groups?.number !== undefined) return "number";
  if (KEYWORDS.has(match[0])) return "keyword";
  return code[end] === "(" ? "name" : "plain";
}
