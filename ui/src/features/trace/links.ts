// Addresses that leave the page: to a span, to a filtered list.
import { equality } from "../filter/clauses";

/** The address of a span on a page of its own, to be pasted elsewhere. */
export function linkTo(traceId: string, spanId: string | null): string {
  const url = new URL(`/traces/${encodeURIComponent(traceId)}`, location.origin);
  if (spanId) url.searchParams.set("span", spanId);
  return url.href;
}

/** The list of the traces in which a span has this attribute; null if the filter language has no way to say it. */
export function attributeFilter(key: string, value: unknown): string | null {
  if (value === null || typeof value === "object") return null;
  const name = /^[A-Za-z_][\w.]*$/.test(key)
    ? `span.attributes.${key}`
    : `span.attributes.\`${key.replaceAll("`", "``")}\``;
  // Attributes are compared as texts, whatever their type.
  return equality(name, String(value));
}

export function tagFilter(key: string, value: string): string {
  return equality(named("tags", key), value);
}

export function metadataFilter(key: string, value: string): string {
  return equality(named("metadata", key), value);
}

function named(map: string, key: string): string {
  return /^[A-Za-z_][\w.]*$/.test(key) ? `${map}.${key}` : `${map}.\`${key.replaceAll("`", "``")}\``;
}
