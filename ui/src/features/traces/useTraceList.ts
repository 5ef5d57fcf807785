// The rows of the list: pages as they are scrolled to, and live traces among them.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type Selection, tracesQuery } from "../../api/queries";
import type { TraceSummary } from "../../api/types";
import { resolve } from "../../lib/range";
import { insertTraces, type Pages, updateTraces } from "./merge";
import { isNewestFirst } from "./order";
import { useLive } from "./useLive";

const RECOUNT_MS = 2000;

interface Options {
  selection: Selection;
  order: string | undefined;
  live: boolean;
  /** Whether the list's first row is in sight, so that new rows may be put above it. */
  isAtTop(): boolean;
}

export function useTraceList({ selection, order, live, isAtTop }: Options) {
  const client = useQueryClient();
  const options = tracesQuery(selection, order);
  const query = useInfiniteQuery(options);
  const rows = useMemo(() => unique(query.data?.pages.flatMap((page) => page.traces) ?? []), [query.data]);
  const [waiting, setWaiting] = useState<TraceSummary[]>([]);
  const recount = useRecount();

  const key = JSON.stringify(options.queryKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what waits belongs to one list.
  useEffect(() => setWaiting([]), [key]);

  const change = (edit: (data: Pages) => Pages) =>
    client.setQueryData(options.queryKey, (data) => data && (edit(data as Pages) as typeof data));

  useLive(live && query.isSuccess && !selection.to, selection, {
    onTraces(traces) {
      let fresh: TraceSummary[] = [];
      change((data) => {
        const result = updateTraces(data, traces);
        fresh = result.unknown.filter((trace) => isIn(selection, trace));
        return isNewestFirst(order) && isAtTop() ? insertTraces(result.data, fresh) : result.data;
      });
      if (!isNewestFirst(order) || !isAtTop()) setWaiting((before) => joined(before, fresh));
      recount();
    },
    onReset: () => void client.invalidateQueries({ queryKey: options.queryKey }),
  });

  const showWaiting = () => {
    if (isNewestFirst(order)) change((data) => insertTraces(data, waiting));
    else void client.invalidateQueries({ queryKey: options.queryKey });
    setWaiting([]);
  };

  return { query, rows, waiting: waiting.length, showWaiting };
}

/** Asks again for counts and facets, at most every two seconds however much arrives. */
function useRecount(): () => void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      for (const key of ["histogram", "facets", "experiments"]) void client.invalidateQueries({ queryKey: [key] });
    }, RECOUNT_MS);
  }, [client]);
}

// The start of a trace moves when an earlier span arrives late, so a later page may hold a trace that is there already.
function unique(traces: TraceSummary[]): TraceSummary[] {
  const seen = new Set<string>();
  return traces.filter(({ trace_id }) => !seen.has(trace_id) && seen.add(trace_id));
}

function isIn(selection: Selection, trace: TraceSummary): boolean {
  const from = resolve(selection.from, Date.now());
  return from === null || BigInt(trace.start_ns) >= BigInt(from) * 1_000_000n;
}

function joined(before: TraceSummary[], fresh: TraceSummary[]): TraceSummary[] {
  const byId = new Map([...before, ...fresh].map((trace) => [trace.trace_id, trace]));
  return [...byId.values()];
}
