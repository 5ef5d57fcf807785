// How things went, in one word each, the same wherever it is said.
import type { State } from "../api/types";

export const STATE_NAMES: Record<State, string> = {
  OK: "OK",
  ERROR: "Error",
  IN_PROGRESS: "Running",
  STATE_UNSPECIFIED: "Unknown",
};

/** Returns the word for a span; most spans are left without a status, which says nothing about them. */
export function spanStateName(span: { open: boolean; failed: boolean; ok: boolean }): string {
  if (span.failed) return STATE_NAMES.ERROR;
  if (span.open) return STATE_NAMES.IN_PROGRESS;
  return span.ok ? STATE_NAMES.OK : "–";
}
