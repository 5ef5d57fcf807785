// The order of the list, as the URL and `order_by` write it: `tokens DESC`. Without one the newest comes first.
import type { Column } from "./columns";

export interface Order {
  field: string;
  descending: boolean;
}

export function parseOrder(text: string | undefined): Order | null {
  const match = /^\s*(\S+)(?:\s+(ASC|DESC))?\s*$/i.exec(text ?? "");
  return match?.[1] ? { field: match[1], descending: match[2]?.toUpperCase() === "DESC" } : null;
}

/** Returns the order after a click: largest first for numbers, A first for texts, then the other way, then none. */
export function nextOrder(text: string | undefined, column: Pick<Column, "order" | "numeric">): string | undefined {
  if (!column.order) return text;
  const order = parseOrder(text);
  if (column.order === "start") return order?.field === "start" && !order.descending ? undefined : "start ASC";
  const first = column.numeric ? "DESC" : "ASC";
  const second = column.numeric ? "ASC" : "DESC";
  if (order?.field !== column.order) return `${column.order} ${first}`;
  return order.descending === (first === "DESC") ? `${column.order} ${second}` : undefined;
}

export function isNewestFirst(text: string | undefined): boolean {
  const order = parseOrder(text);
  return order === null || (order.field === "start" && order.descending);
}
