// What the trace page asks the server for, and how long it keeps it.
import { type QueryClient, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiError, apiUrl, request, requestText } from "../../../api/client";
import type { SpanDetail, TraceRecord } from "../../../api/types";
import { loadSkeleton } from "../model/load";
import { idOf, type Skeleton } from "../model/skeleton";

/** Longer attribute values are cut by the server and fetched by themselves. */
const VALUE_BYTES = 65_536;
/** A finished span does not change. */
const SPAN_STALE_MS = 5 * 60_000;
/** How many spans after the selected one are fetched ahead. */
const PREFETCH = 3;

export const tracePath = (traceId: string) => `/traces/${encodeURIComponent(traceId)}`;
export const spanPath = (traceId: string, spanId: string) => `${tracePath(traceId)}/spans/${spanId}`;

export const recordKey = (traceId: string) => ["trace", traceId, "record"] as const;

export function recordQuery(traceId: string) {
  return queryOptions({
    queryKey: recordKey(traceId),
    queryFn: ({ signal }) => request<TraceRecord>(tracePath(traceId), { signal }),
  });
}

export function treeQuery(traceId: string) {
  return queryOptions({
    queryKey: ["trace", traceId, "tree"] as const,
    queryFn: async ({ signal }) => loadSkeleton(await requestBytes(`${tracePath(traceId)}/tree`, signal)),
    // Comparing two skeletons of 100,000 spans deeply would cost more than drawing the newer one.
    structuralSharing: false,
    refetchOnWindowFocus: false,
  });
}

export function spanQuery(traceId: string, spanId: string) {
  return queryOptions({
    queryKey: ["trace", traceId, "span", spanId] as const,
    queryFn: ({ signal }) =>
      request<SpanDetail>(spanPath(traceId, spanId), { query: { value_bytes: VALUE_BYTES }, signal }),
    staleTime: SPAN_STALE_MS,
    structuralSharing: false,
    refetchOnWindowFocus: false,
  });
}

/** The whole value of an attribute that the detail had to cut. */
export async function fetchAttribute(traceId: string, spanId: string, key: string): Promise<string> {
  return requestText(`${spanPath(traceId, spanId)}/attributes/${encodeURIComponent(key)}`);
}

export function attributeUrl(traceId: string, spanId: string, key: string): string {
  return apiUrl(`${spanPath(traceId, spanId)}/attributes/${encodeURIComponent(key)}`);
}

/** The selected span's detail; the next few on the screen are fetched once it is there. */
export function useSpan(traceId: string, spanId: string | null, ahead: readonly string[]) {
  const client = useQueryClient();
  const query = useQuery({ ...spanQuery(traceId, spanId ?? ""), enabled: spanId !== null });
  const ready = query.isSuccess;
  useEffect(() => {
    if (!ready) return;
    for (const id of ahead.slice(0, PREFETCH)) void client.prefetchQuery(spanQuery(traceId, id));
  }, [client, ready, traceId, ahead]);
  return query;
}

/** Forgets what may have changed while a trace goes on: its open spans. */
export function forgetOpenSpans(client: QueryClient, skeleton: Skeleton): void {
  for (let row = 0; row < skeleton.count; row++) {
    if ((skeleton.duration[row] ?? 0) >= 0) continue;
    void client.invalidateQueries({ queryKey: spanQuery(skeleton.traceId, idOf(skeleton, row)).queryKey });
  }
}

async function requestBytes(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetch(apiUrl(path), { signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new ApiError({
      type: "about:blank",
      title: "Not reachable",
      status: 0,
      detail: "The server does not answer.",
    });
  }
  if (response.ok) return response.arrayBuffer();
  const problem = await response.json().catch(() => ({}));
  const fallback = {
    type: "about:blank",
    title: response.statusText,
    detail: `The server answered ${response.status}.`,
  };
  throw new ApiError({ ...fallback, ...problem, status: response.status });
}
