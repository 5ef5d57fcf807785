// What the frame and the pages share beside the URL: preferences and what was opened lately.

import { read } from "../../lib/storage";
import { createStore } from "../../lib/store";

export const live = createStore(true, "live");
export const railWide = createStore(false, "rail.wide");
export const facetsOpen = createStore(false, "facets.open");

export type Density = "regular" | "compact";
export const density = createStore<Density>("compact", "density");

/** Applies the density to the page; called once at the start and at each change. */
export function applyDensity(value: Density): void {
  document.documentElement.dataset.density = value;
}

applyDensity(read<Density>("density", "compact"));

export interface RecentTrace {
  id: string;
  name: string | null;
}

const RECENT_MAX = 8;
export const recentTraces = createStore<RecentTrace[]>([], "recent");

export function rememberTrace(trace: RecentTrace): void {
  const others = recentTraces.get().filter((other) => other.id !== trace.id);
  recentTraces.set([trace, ...others].slice(0, RECENT_MAX));
}
