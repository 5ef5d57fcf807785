// The live stream of traces. It rests while the page is hidden: a browser allows six connections to one server, and a
// stream in each of many tabs would use them up.
import { useEffect, useRef } from "react";
import { apiUrl } from "../../api/client";
import type { Selection } from "../../api/queries";
import type { TraceSummary } from "../../api/types";

const BATCH_MS = 250;

export interface LiveEvents {
  onTraces(traces: TraceSummary[]): void;
  /** Events were missed; ask again for everything. */
  onReset(): void;
}

export function useLive(enabled: boolean, selection: Selection, events: LiveEvents): void {
  const latest = useRef(events);
  latest.current = events;
  const url = apiUrl("/traces/stream", { experiment: selection.experiment, filter: selection.filter });

  useEffect(() => {
    if (!enabled) return;
    let source: EventSource | null = null;
    let batch = new Map<string, TraceSummary>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const traces = [...batch.values()];
      batch = new Map();
      latest.current.onTraces(traces);
    };
    const open = () => {
      source = new EventSource(url);
      source.addEventListener("trace", (event) => {
        const trace = JSON.parse(event.data) as TraceSummary;
        batch.set(trace.trace_id, trace);
        timer ??= setTimeout(flush, BATCH_MS);
      });
      source.addEventListener("reset", () => latest.current.onReset());
    };
    const close = () => {
      source?.close();
      source = null;
    };
    const onVisibility = () => {
      if (document.hidden) close();
      else if (!source) {
        open();
        latest.current.onReset();
      }
    };
    if (!document.hidden) open();
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      clearTimeout(timer);
      close();
    };
  }, [enabled, url]);
}
