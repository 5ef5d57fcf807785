// What the pages ask for, as options for TanStack Query. A relative time range is fixed when it is asked, so that all
// pages of one list speak of the same time.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { fix } from "../lib/range";
import type { AppSearch } from "../lib/search";
import { type QueryValue, request } from "./client";
import type {
  BulkRequest,
  BulkResult,
  BulkTagRequest,
  Completion,
  ExperimentList,
  Facets,
  FilterCheck,
  Histogram,
  Info,
  PromptDetail,
  PromptList,
  PromptVersion,
  RunList,
  RunResults,
  SessionList,
  TraceList,
} from "./types";

/** What is selected: the part of the URL that lists, counts and bulk actions share. */
export type Selection = Pick<AppSearch, "experiment" | "filter" | "from" | "to">;

export const PAGE_SIZE = 100;
const TRACES_BY_ID = 5;
const BUCKETS = 120;
const FACET_VALUES = 8;
/**
 * How long the server may look at spans for one answer, in ms. A count that takes longer comes bit by bit: the first
 * answer soon, the others while what was found so far is shown.
 */
const BUDGET_FIRST = 80;
const BUDGET_NEXT = 400;
/** The next bit is asked for when the one before was drawn. */
const AT_ONCE = 1;
/** How many values a facet shows when more are asked for. */
export const FACET_VALUES_MAX = 50;

export function selectionOf(search: AppSearch): Selection {
  const { experiment, filter, from, to } = search;
  return { experiment, filter, from, to };
}

/** Returns the selection as query parameters with its time range fixed now. */
export function fixed(selection: Selection): Record<string, QueryValue> {
  return { ...selection, ...fix(selection, Date.now()) };
}

export const infoQuery = queryOptions({
  queryKey: ["info"],
  queryFn: ({ signal }) => request<Info>("/info", { signal }),
});

export function experimentsQuery(deleted = false) {
  return queryOptions({
    queryKey: ["experiments", deleted],
    queryFn: async ({ signal }) =>
      (await request<ExperimentList>("/experiments", { query: { deleted: deleted || null }, signal })).experiments,
  });
}

interface Cursor {
  token: string | null;
  selection: Record<string, QueryValue>;
}

export function tracesQuery(selection: Selection, order: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["traces", selection, order ?? null],
    initialPageParam: null as Cursor | null,
    queryFn: async ({ pageParam, signal }) => {
      const parameters = pageParam?.selection ?? fixed(selection);
      const query = { ...parameters, order_by: order, limit: PAGE_SIZE, page_token: pageParam?.token };
      const page = await request<TraceList>("/traces", { query, signal });
      return { ...page, selection: parameters };
    },
    getNextPageParam: (page): Cursor | null =>
      page.next_page_token === null ? null : { token: page.next_page_token, selection: page.selection },
    placeholderData: keepPreviousData,
  });
}

/** Some traces whose ids begin so, whatever is selected. */
export function tracesByIdQuery(prefix: string | null) {
  return queryOptions({
    queryKey: ["traces by id", prefix],
    enabled: prefix !== null,
    queryFn: async ({ signal }) => {
      const query = { filter: `trace_id LIKE '${prefix}%'`, limit: TRACES_BY_ID };
      return (await request<TraceList>("/traces", { query, signal })).traces;
    },
  });
}

/** Figures of a selection; while traces of it are `open`, it is asked again. */
export function histogramQuery(selection: Selection) {
  return queryOptions({
    queryKey: ["histogram", selection],
    queryFn: ({ signal, client, queryKey }) => {
      const budget_ms = client.getQueryData(queryKey) ? BUDGET_NEXT : BUDGET_FIRST;
      const query = { ...fixed(selection), buckets: BUCKETS, budget_ms };
      return request<Histogram>("/traces/histogram", { query, signal });
    },
    refetchInterval: (query) => (query.state.data?.open ? AT_ONCE : false),
    placeholderData: keepPreviousData,
  });
}

/** The default facets, or one by its field; while they are `unfinished`, they are asked for again. */
export function facetsQuery(selection: Selection, field?: string, limit = FACET_VALUES) {
  return queryOptions({
    queryKey: ["facets", selection, field ?? null, limit],
    queryFn: ({ signal, client, queryKey }) => {
      const budget_ms = client.getQueryData(queryKey) ? BUDGET_NEXT : BUDGET_FIRST;
      return request<Facets>("/traces/facets", { query: { ...fixed(selection), limit, field, budget_ms }, signal });
    },
    refetchInterval: (query) => (query.state.data?.unfinished ? AT_ONCE : false),
    placeholderData: keepPreviousData,
  });
}

export function sessionsQuery(selection: Selection) {
  return infiniteQueryOptions({
    queryKey: ["sessions", selection],
    initialPageParam: null as Cursor | null,
    queryFn: async ({ pageParam, signal }) => {
      const parameters = pageParam?.selection ?? fixed(selection);
      const query = { ...parameters, limit: PAGE_SIZE, page_token: pageParam?.token };
      const page = await request<SessionList>("/sessions", { query, signal });
      return { ...page, selection: parameters };
    },
    getNextPageParam: (page): Cursor | null =>
      page.next_page_token === null ? null : { token: page.next_page_token, selection: page.selection },
    placeholderData: keepPreviousData,
  });
}

/** Checks a filter's text as it is typed; always answers. */
export function checkFilter(text: string, signal: AbortSignal): Promise<FilterCheck> {
  return request<FilterCheck>("/filter", { query: { text }, signal });
}

/** Asks what may stand at a place in the filter. `cursor` is a byte offset. */
export function completeFilter(
  text: string,
  cursor: number,
  selection: Selection,
  signal: AbortSignal,
): Promise<Completion> {
  const { experiment, from, to } = fixed(selection);
  return request<Completion>("/filter/complete", { query: { text, cursor, experiment, from, to }, signal });
}

export function deleteTraces(body: BulkRequest): Promise<BulkResult> {
  return request<BulkResult>("/traces/delete", { body });
}

export function tagTraces(body: BulkTagRequest): Promise<BulkResult> {
  return request<BulkResult>("/traces/tag", { body });
}

/** The newest runs of some experiments, or of all; those that match a filter of runs. */
export function runsQuery(experiment: string[] | undefined, filter: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["runs", experiment ?? null, filter ?? null],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      request<RunList>("/runs", { query: { experiment, filter, limit: PAGE_SIZE, page_token: pageParam }, signal }),
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: keepPreviousData,
  });
}

/** The results of a run, beside those of another if there is a baseline. */
export function resultsQuery(run: string, baseline: string | undefined) {
  return queryOptions({
    queryKey: ["results", run, baseline ?? null],
    queryFn: ({ signal }) =>
      request<RunResults>(`/runs/${encodeURIComponent(run)}/results`, { query: { baseline }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** All prompts by name, or those whose name has this text in it. */
export function promptsQuery(name: string | undefined) {
  return queryOptions({
    queryKey: ["prompts", name ?? null],
    queryFn: ({ signal }) => request<PromptList>("/prompts", { query: { name }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One prompt with its versions. */
export function promptQuery(name: string) {
  return queryOptions({
    queryKey: ["prompt", name],
    queryFn: ({ signal }) => request<PromptDetail>(`/prompts/${encodeURIComponent(name)}`, { signal }),
  });
}

/** One version of a prompt, by number, with its text. */
export function promptVersionQuery(name: string, version: number | null) {
  return queryOptions({
    queryKey: ["prompt version", name, version],
    enabled: version !== null,
    queryFn: ({ signal }) =>
      request<PromptVersion>(`/prompts/${encodeURIComponent(name)}/versions/${version}`, { signal }),
    placeholderData: keepPreviousData,
  });
}
