// The short texts of rows. Only those of visible rows are asked for, many at once, and each once.
import { queryOptions } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { request } from "../../../api/client";
import type { SpanPreview } from "../../../api/types";
import { tracePath } from "./queries";

/** As many as the route takes. */
const BATCH = 200;
/** While the reader scrolls, nothing is asked for. */
const QUIET_MS = 60;

export interface Previews {
  get(spanId: string): SpanPreview | undefined;
  want(spanIds: readonly string[]): void;
  /** Lets the texts of these spans be asked for again. */
  forget(spanIds: readonly string[]): void;
  subscribe(listener: () => void): () => void;
  version(): number;
  close(): void;
}

export function openPreviews(traceId: string, ask = askServer): Previews {
  const known = new Map<string, SpanPreview>();
  const asked = new Set<string>();
  const listeners = new Set<() => void>();
  let wanted: readonly string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let version = 0;

  const fetchWanted = async () => {
    const ids = wanted.filter((id) => !asked.has(id)).slice(0, BATCH);
    if (ids.length === 0) return;
    for (const id of ids) asked.add(id);
    try {
      for (const preview of await ask(traceId, ids)) known.set(preview.span_id, preview);
      version++;
      for (const listener of listeners) listener();
      if (wanted.some((id) => !asked.has(id))) void fetchWanted();
    } catch {
      // Rows are whole without their previews; they are asked for again when the rows are next wanted.
      for (const id of ids) asked.delete(id);
    }
  };

  return {
    get: (id) => known.get(id),
    want(ids) {
      wanted = ids;
      clearTimeout(timer);
      timer = setTimeout(fetchWanted, QUIET_MS);
    },
    forget(ids) {
      for (const id of ids) asked.delete(id);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: () => version,
    close: () => clearTimeout(timer),
  };
}

async function askServer(traceId: string, span: string[]): Promise<SpanPreview[]> {
  const answer = await request<{ previews: SpanPreview[] }>(`${tracePath(traceId)}/previews`, { query: { span } });
  return answer.previews;
}

/** The previews of a trace; the component is drawn again when more of them have come. */
export function usePreviews(traceId: string): Previews {
  const previews = useMemo(() => openPreviews(traceId), [traceId]);
  useEffect(() => () => previews.close(), [previews]);
  return previews;
}

export function usePreviewVersion(previews: Previews): number {
  return useSyncExternalStore(previews.subscribe, previews.version);
}

/** The preview of one span that is shown outside of the rows. */
export function previewQuery(traceId: string, spanId: string) {
  return queryOptions({
    queryKey: ["trace", traceId, "preview", spanId] as const,
    queryFn: async () => (await askServer(traceId, [spanId]))[0] ?? null,
  });
}
