// Takes traces that arrive live into the pages that are loaded.
import type { InfiniteData } from "@tanstack/react-query";
import type { TraceList, TraceSummary } from "../../api/types";

export type Pages = InfiniteData<TraceList, unknown>;

/** Replaces traces that are there; returns those that are not. */
export function updateTraces(data: Pages, incoming: readonly TraceSummary[]): { data: Pages; unknown: TraceSummary[] } {
  const news = new Map(incoming.map((trace) => [trace.trace_id, trace]));
  let changed = false;
  const pages = data.pages.map((page) => {
    if (!page.traces.some((trace) => news.has(trace.trace_id))) return page;
    changed = true;
    const traces = page.traces.map((trace) => {
      const update = news.get(trace.trace_id);
      news.delete(trace.trace_id);
      return update ?? trace;
    });
    return { ...page, traces };
  });
  return { data: changed ? { ...data, pages } : data, unknown: [...news.values()] };
}

/**
 * Puts new traces where they belong in a list that has the newest first. One that is older than everything loaded comes
 * with its page later, unless there is no later page.
 */
export function insertTraces(data: Pages, incoming: readonly TraceSummary[]): Pages {
  const pages = data.pages.map((page) => ({ ...page, traces: [...page.traces] }));
  for (const trace of incoming) {
    const page = pages.find(({ traces }) => traces.some((other) => isBefore(trace, other)));
    const last = pages.at(-1);
    if (page)
      page.traces.splice(
        page.traces.findIndex((other) => isBefore(trace, other)),
        0,
        trace,
      );
    else if (last && last.next_page_token === null) last.traces.push(trace);
  }
  return { ...data, pages };
}

function isBefore(trace: TraceSummary, other: TraceSummary): boolean {
  const [start, otherStart] = [BigInt(trace.start_ns), BigInt(other.start_ns)];
  return start === otherStart ? trace.trace_id > other.trace_id : start > otherStart;
}
