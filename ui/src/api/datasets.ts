// What the pages ask of datasets, and change in them. Whatever changes a dataset asks for all of it again.
import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, apiUrl, type QueryValue, request } from "./client";
import type {
  DatasetChangeResult,
  DatasetDetail,
  DatasetDifferences,
  DatasetImportResult,
  DatasetList,
  DatasetRecord,
  DatasetRecordList,
  DatasetVersionList,
  FieldMapping,
  Problem,
  RecordsFromTraces,
  RecordsFromTracesResult,
} from "./types";

/** Who changes something: the same that the feedback of this page is of. */
const USER = "user";
const RECORDS_PER_PAGE = 200;
const VERSIONS_PER_PAGE = 100;

const pathOf = (id: string, rest = "") => `/datasets/${encodeURIComponent(id)}${rest}`;

/** Datasets of some experiments, or of all; those whose name has this text in it. */
export function datasetsQuery(experiment: string[] | undefined, name?: string) {
  return queryOptions({
    queryKey: ["datasets", experiment ?? null, name ?? null],
    queryFn: ({ signal }) => request<DatasetList>("/datasets", { query: { experiment, name }, signal }),
    placeholderData: keepPreviousData,
  });
}

export function datasetQuery(id: string) {
  return queryOptions({
    queryKey: ["dataset", id],
    queryFn: ({ signal }) => request<DatasetDetail>(pathOf(id), { signal }),
  });
}

/** Its records now, or as of a version; those with this text in them. */
export function recordsQuery(id: string, version: string | undefined, text: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["dataset", id, "records", version ?? null, text ?? null],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { version, text, limit: RECORDS_PER_PAGE, page_token: pageParam };
      return request<DatasetRecordList>(pathOf(id, "/records"), { query, signal });
    },
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: keepPreviousData,
  });
}

export function recordQuery(id: string, record: string, version: string | undefined) {
  return queryOptions({
    queryKey: ["dataset", id, "record", record, version ?? null],
    queryFn: ({ signal }) =>
      request<DatasetRecord>(pathOf(id, `/records/${encodeURIComponent(record)}`), { query: { version }, signal }),
    // An edit begins with what was read: it must not change below the hands that write.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

export function versionsQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["dataset", id, "versions"],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam, signal }) =>
      request<DatasetVersionList>(pathOf(id, "/versions"), {
        query: { limit: VERSIONS_PER_PAGE, before: pageParam },
        signal,
      }),
    getNextPageParam: (page) => (page.has_more ? (page.versions.at(-1)?.version ?? null) : null),
  });
}

export function differencesQuery(id: string, from: number, to: number) {
  return infiniteQueryOptions({
    queryKey: ["dataset", id, "diff", from, to],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      request<DatasetDifferences>(pathOf(id, "/diff"), { query: { from, to, page_token: pageParam }, signal }),
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: keepPreviousData,
  });
}

/** Asks again for everything about a dataset but the record that is being edited. */
export async function refreshDataset(client: QueryClient, id: string): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ["datasets"] }),
    client.invalidateQueries({ queryKey: ["dataset", id], predicate: ({ queryKey }) => queryKey[2] !== "record" }),
  ]);
}

export function createDataset(name: string, experiments: string[]): Promise<DatasetDetail> {
  return request("/datasets", { body: { name, experiments, user: USER } });
}

export interface DatasetUpdate {
  name?: string;
  add_experiments?: string[];
  remove_experiments?: string[];
}

export function updateDataset(id: string, update: DatasetUpdate): Promise<DatasetDetail> {
  return request(pathOf(id), { method: "PATCH", body: { ...update, user: USER } });
}

export function deleteDataset(id: string): Promise<void> {
  return request(pathOf(id), { method: "DELETE" });
}

export interface RecordContent {
  inputs: Record<string, unknown>;
  outputs: unknown;
  expectations: Record<string, unknown>;
  tags: Record<string, unknown>;
}

export function addRecord(id: string, content: RecordContent): Promise<DatasetChangeResult> {
  return request(pathOf(id, "/records"), { body: { records: [content], user: USER } });
}

/** Replaces a record that was read in a version; 409 if it has changed since. */
export function editRecord(id: string, record: string, version: number, content: RecordContent) {
  const body = { version, ...content, user: USER };
  return request<DatasetRecord>(pathOf(id, `/records/${encodeURIComponent(record)}`), { method: "PUT", body });
}

export function deleteRecords(id: string, record_ids: string[]): Promise<DatasetChangeResult> {
  return request(pathOf(id, "/records/delete"), { body: { record_ids, user: USER } });
}

export function recordsFromTraces(id: string, body: RecordsFromTraces): Promise<RecordsFromTracesResult> {
  return request(pathOf(id, "/traces"), { body: { ...body, user: USER } });
}

/** Where the columns of a file go, as the server takes it. */
export type ColumnTargets = Record<string, string>;

export async function importRecords(
  id: string,
  file: File,
  format: string,
  columns: ColumnTargets,
  dryRun: boolean,
): Promise<DatasetImportResult> {
  const column = Object.entries(columns).map(([name, target]) => `${name}=${target}`);
  const query: Record<string, QueryValue> = { format, column, dry_run: dryRun || null, user: USER };
  let response: Response;
  try {
    response = await fetch(apiUrl(pathOf(id, "/import"), query), { method: "POST", body: file });
  } catch {
    // The browser says no more of a file that has changed or gone since it was chosen.
    const detail = "The file could not be sent: the server does not answer, or the file has changed since.";
    throw new ApiError({ type: "about:blank", title: "Not sent", status: 0, detail });
  }
  const answer: unknown = await response.json();
  if (!response.ok) throw new ApiError(answer as Problem);
  return answer as DatasetImportResult;
}

export function exportUrl(id: string, format: string, version: string | undefined): string {
  return apiUrl(pathOf(id, "/export"), { format, version });
}

export const USUAL_MAPPING: FieldMapping[] = ["inputs", "outputs", "expectations"].map((name) => ({
  from: name,
  to: name,
}));
