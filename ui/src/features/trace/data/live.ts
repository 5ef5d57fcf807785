// Follows a trace that is not finished: the server says when something about it changed.
import { useEffect } from "react";
import { apiUrl } from "../../../api/client";

/** Changes that come closer together than this are one. */
const QUIET_MS = 250;

export function useLiveTrace(traceId: string, active: boolean, changed: () => void): void {
  useEffect(() => {
    if (!active) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        changed();
      }, QUIET_MS);
    };
    const filter = `trace_id = '${traceId.replaceAll("'", "''")}'`;
    // The browser connects again by itself, and resumes with the last id it saw.
    const source = new EventSource(apiUrl("/traces/stream", { filter }));
    source.addEventListener("trace", soon);
    source.addEventListener("reset", soon);
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [traceId, active, changed]);
}
