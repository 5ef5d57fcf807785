// Follows a trace that is not finished: the server says when something about it changed.
import { useEffect, useRef } from "react";
import { apiUrl } from "../../../api/client";

/** Changes that come closer together than this are one. */
const QUIET_MS = 250;

export function useLiveTrace(traceId: string, active: boolean, changed: () => void): void {
  // The connection outlives the state that `changed` was made from: a new one could miss what happens in between.
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    if (!active) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current();
      }, QUIET_MS);
    };
    const filter = `trace_id = '${traceId.replaceAll("'", "''")}'`;
    // The browser connects again by itself, and resumes with the last id it saw.
    const source = new EventSource(apiUrl("/traces/stream", { filter }));
    // `ready` comes first: what changed between the loading of the tree and the listening is fetched then.
    for (const name of ["ready", "trace", "reset"]) source.addEventListener(name, soon);
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [traceId, active]);
}
