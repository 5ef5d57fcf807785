import { clausesOf, removeClause } from "../filter/clauses";
import { tokenize } from "../filter/tokens";

/** Returns the filter without the clauses that include values of this field, or null if there are none. */
export function ownFilter(filter: string, field: string): string | null {
  let text = filter;
  for (let index = clausesOf(text).length - 1; index >= 0; index -= 1) {
    const clause = clausesOf(text)[index];
    if (clause && isAbout(clause.text, field)) text = removeClause(text, index);
  }
  return text === filter ? null : text;
}

function isAbout(clause: string, field: string): boolean {
  const [first, operator, ...rest] = tokenize(clause);
  const mixed = rest.some((token) => /^(AND|OR)$/i.test(token.text));
  return first?.text === field && /^(=|IN)$/i.test(operator?.text ?? "") && !mixed;
}
