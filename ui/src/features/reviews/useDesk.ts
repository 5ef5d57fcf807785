// A reviewer's session on a queue: the traces that were handed out, where the reviewer is among them, and what became of
// each. One more is always held, so that going on needs no waiting.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { GivenAnswer, ReviewProgress, ReviewScope } from "../../api/types";
import { toast } from "../../components/toast/toast";
import { recordKey } from "../trace/data/queries";
import { claim, release, work } from "./api";

/** What is held is asked for again long before it is free. */
const RENEW_MS = 60_000;

export type Done = "complete" | "skip" | "decline";

export interface DeskItem {
  traceId: string;
  done: Done | null;
}

export interface Desk {
  items: readonly DeskItem[];
  at: number;
  current: DeskItem | undefined;
  /** The trace that comes next, which may be fetched ahead. */
  next: string | undefined;
  progress: ReviewProgress | undefined;
  isLoading: boolean;
  error: Error | null;
  canUndo: boolean;
  finish(what: Done, answers?: GivenAnswer[]): void;
  undo(): void;
  step(delta: 1 | -1): void;
  /** Asks for traces again, or for others. */
  take(scope: ReviewScope): void;
}

export function useDesk(queueId: string, reviewer: string, initial: ReviewProgress): Desk {
  const client = useQueryClient();
  const [items, setItems] = useState<readonly DeskItem[]>([]);
  const [at, setAt] = useState(0);
  const [undoable, setUndoable] = useState<readonly string[]>([]);
  const [progress, setProgress] = useState<ReviewProgress | undefined>(initial);
  const [isLoading, setLoading] = useState(true);
  const [error, setError] = useState<Error | null>(null);
  const scope = useRef<ReviewScope>("pending");
  // One request after the other, so that the server sees them in the order of the keys.
  const line = useRef<Promise<unknown>>(Promise.resolve());
  const latest = useRef(items);
  latest.current = items;

  const change = useCallback((edit: (before: readonly DeskItem[]) => readonly DeskItem[]) => {
    latest.current = edit(latest.current);
    setItems(latest.current);
  }, []);
  const inLine = useCallback((step: () => Promise<void>) => {
    line.current = line.current.then(step, step);
  }, []);
  const mark = useCallback(
    (traceId: string, done: Done | null) =>
      change((before) => before.map((item) => (item.traceId === traceId ? { ...item, done } : item))),
    [change],
  );

  /** Holds what is open and `more` traces besides. */
  const hold = useCallback(
    (more: number) =>
      inLine(async () => {
        const open = latest.current.filter((item) => item.done === null).length;
        try {
          const claimed = await claim(queueId, reviewer, Math.max(1, open + more), scope.current);
          const known = new Set(latest.current.map((item) => item.traceId));
          const fresh = claimed.items.filter((item) => !known.has(item.trace_id));
          change((before) => [...before, ...fresh.map((item) => ({ traceId: item.trace_id, done: null }))]);
          setProgress(claimed.progress);
          setError(null);
        } catch (cause) {
          setError(cause instanceof Error ? cause : new Error(String(cause)));
        } finally {
          setLoading(false);
        }
      }),
    [queueId, reviewer, change, inLine],
  );

  useEffect(() => {
    hold(2);
    const timer = setInterval(() => hold(0), RENEW_MS);
    const leave = () => release(queueId, reviewer);
    window.addEventListener("pagehide", leave);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", leave);
      leave();
      for (const key of ["review queues", "review queue", "review items", "review agreement", "traces"])
        void client.invalidateQueries({ queryKey: [key] });
    };
  }, [queueId, reviewer, hold, client]);

  const goTo = useCallback(
    (index: number) => {
      setAt(index);
      // Whoever is faster than the server waits for what it hands out.
      if (index >= latest.current.length) setLoading(true);
      const isLast = !latest.current.slice(index + 1).some((item) => item.done === null);
      if (isLast) hold(1);
    },
    [hold],
  );

  const finish = (what: Done, answers?: GivenAnswer[]) => {
    const item = items[at];
    if (!item) return;
    const { traceId } = item;
    mark(traceId, what);
    setUndoable((before) => [...before.filter((one) => one !== traceId), traceId]);
    inLine(async () => {
      try {
        const done = await work(queueId, traceId, what, answers ? { reviewer, answers } : { reviewer });
        setProgress(done.progress);
        void client.invalidateQueries({ queryKey: recordKey(traceId) });
      } catch (cause) {
        mark(traceId, item.done);
        setUndoable((before) => before.filter((one) => one !== traceId));
        setAt(latest.current.findIndex((one) => one.traceId === traceId));
        toast(`Not saved: ${cause instanceof Error ? cause.message : cause}`, "error");
      }
    });
    goTo(nextIndex(latest.current, at));
  };

  const undo = () => {
    const traceId = undoable.at(-1);
    if (!traceId) return;
    setUndoable((before) => before.slice(0, -1));
    setAt(latest.current.findIndex((item) => item.traceId === traceId));
    mark(traceId, null);
    inLine(async () => {
      try {
        setProgress((await work(queueId, traceId, "reopen", { reviewer })).progress);
        void client.invalidateQueries({ queryKey: recordKey(traceId) });
      } catch (cause) {
        toast(`Not taken back: ${cause instanceof Error ? cause.message : cause}`, "error");
      }
    });
  };

  const step = (delta: 1 | -1) => {
    if (at + delta >= 0 && at + delta < latest.current.length) goTo(at + delta);
  };

  const take = (wanted: ReviewScope) => {
    scope.current = wanted;
    setLoading(true);
    // What was skipped is handed out anew.
    change((before) => before.filter((item) => item.done !== "skip"));
    setAt(latest.current.length);
    hold(2);
  };

  const following = items.slice(at + 1).find((item) => item.done === null);
  return {
    items,
    at,
    current: items[at],
    next: following?.traceId,
    progress,
    isLoading,
    error,
    canUndo: undoable.length > 0,
    finish,
    undo,
    step,
    take,
  };
}

/** Returns where to go on after a place: the next that is open, else the first that is, else behind the last. */
export function nextIndex(items: readonly DeskItem[], at: number): number {
  const after = items.findIndex((item, index) => index > at && item.done === null);
  if (after >= 0) return after;
  const first = items.findIndex((item) => item.done === null);
  return first >= 0 ? first : items.length;
}
