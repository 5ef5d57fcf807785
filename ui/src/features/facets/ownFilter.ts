import { withoutIncluded } from "../filter/clauses";

/** Returns the filter without the clauses that include values of this field, or null if there are none. */
export function ownFilter(filter: string, field: string): string | null {
  const text = withoutIncluded(filter, field);
  return text === filter ? null : text;
}
