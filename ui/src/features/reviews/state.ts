// What reviews share beside the URL.
import { createStore } from "../../lib/store";

/** Who reviews at this browser; empty until it was said. */
export const reviewer = createStore("", "reviewer");

/** A name as the server keeps it: those that differ by case alone are one. */
export function normalName(text: string): string {
  return text.trim().toLowerCase();
}
