// What the pages of versions ask the server for.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "../../api/client";
import { fixed } from "../../api/queries";
import type { VersionComparison, VersionDetail, VersionList } from "../../api/types";
import type { AppSearch } from "../../lib/search";

const PAGE_SIZE = 50;

/** Which traces of the versions count. */
type Traces = Pick<AppSearch, "from" | "to">;

export function versionsQuery(experiment: string[] | undefined, name: string, traces: Traces) {
  return infiniteQueryOptions({
    queryKey: ["versions", experiment ?? null, name, traces],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...fixed(traces), experiment, name, limit: PAGE_SIZE, page_token: pageParam };
      return request<VersionList>("/versions", { query, signal });
    },
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: keepPreviousData,
  });
}

export function versionQuery(modelId: string, traces: Traces) {
  return queryOptions({
    queryKey: ["version", modelId, traces],
    queryFn: ({ signal }) =>
      request<VersionDetail>(`/versions/${encodeURIComponent(modelId)}`, { query: fixed(traces), signal }),
    placeholderData: keepPreviousData,
  });
}

export function comparisonQuery(version: readonly string[], traces: Traces) {
  return queryOptions({
    queryKey: ["version comparison", version, traces],
    enabled: version.length > 1,
    queryFn: ({ signal }) =>
      request<VersionComparison>("/versions/compare", { query: { ...fixed(traces), version }, signal }),
    placeholderData: keepPreviousData,
  });
}
