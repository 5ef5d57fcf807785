// What the pages of reviews ask the server for, and what they tell it.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { apiUrl, request } from "../../api/client";
import type {
  AddedToReview,
  ClaimedReviews,
  GivenAnswer,
  LabelSchema,
  LabelSchemaList,
  NewLabelSchema,
  NewReviewQueue,
  ReviewAgreement,
  ReviewDone,
  ReviewItemList,
  ReviewQueueDetail,
  ReviewQueueList,
  ReviewScope,
  ReviewState,
} from "../../api/types";

const PAGE_SIZE = 100;

const pathOf = (queueId: string) => `/review-queues/${encodeURIComponent(queueId)}`;

export function queuesQuery(experiment: string[] | undefined) {
  return queryOptions({
    queryKey: ["review queues", experiment ?? null],
    queryFn: ({ signal }) => request<ReviewQueueList>("/review-queues", { query: { experiment }, signal }),
    placeholderData: keepPreviousData,
  });
}

export function queueQuery(queueId: string) {
  return queryOptions({
    queryKey: ["review queue", queueId],
    queryFn: ({ signal }) => request<ReviewQueueDetail>(pathOf(queueId), { signal }),
  });
}

export function itemsQuery(queueId: string, state: ReviewState | undefined) {
  return infiniteQueryOptions({
    queryKey: ["review items", queueId, state ?? null],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) => {
      const query = { state, limit: PAGE_SIZE, page_token: pageParam };
      return request<ReviewItemList>(`${pathOf(queueId)}/items`, { query, signal });
    },
    getNextPageParam: (page) => page.next_page_token,
    placeholderData: keepPreviousData,
  });
}

export function agreementQuery(queueId: string) {
  return queryOptions({
    queryKey: ["review agreement", queueId],
    queryFn: ({ signal }) => request<ReviewAgreement>(`${pathOf(queueId)}/agreement`, { signal }),
  });
}

export function questionsQuery(experiment: string | undefined) {
  return queryOptions({
    queryKey: ["label schemas", experiment ?? null],
    enabled: experiment !== undefined,
    queryFn: ({ signal }) => request<LabelSchemaList>("/label-schemas", { query: { experiment }, signal }),
  });
}

export function createQuestion(body: NewLabelSchema): Promise<LabelSchema> {
  return request("/label-schemas", { body });
}

export function createQueue(body: NewReviewQueue): Promise<ReviewQueueDetail> {
  return request("/review-queues", { body });
}

export function changeQueue(queueId: string, body: object): Promise<ReviewQueueDetail> {
  return request(pathOf(queueId), { method: "PATCH", body });
}

export function deleteQueue(queueId: string): Promise<void> {
  return request(pathOf(queueId), { method: "DELETE" });
}

export function addToQueue(queueId: string, body: object): Promise<AddedToReview> {
  return request(`${pathOf(queueId)}/items`, { body });
}

export function removeFromQueue(queueId: string, trace_ids: string[]): Promise<void> {
  return request(`${pathOf(queueId)}/items/remove`, { body: { trace_ids } });
}

export function claim(queueId: string, reviewer: string, count: number, scope: ReviewScope): Promise<ClaimedReviews> {
  return request(`${pathOf(queueId)}/claim`, { body: { reviewer, count, scope } });
}

/** What is done with one trace of a queue. */
export function work(
  queueId: string,
  traceId: string,
  what: "complete" | "skip" | "decline" | "reopen",
  body: { reviewer: string; answers?: GivenAnswer[]; hold?: boolean },
): Promise<ReviewDone> {
  return request(`${pathOf(queueId)}/items/${encodeURIComponent(traceId)}/${what}`, { body });
}

/** Gives back what is held, also while the page is closed. */
export function release(queueId: string, reviewer: string): void {
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", keepalive: true, body: JSON.stringify({ reviewer }), headers };
  // Nobody is left to be told of a failure; what is held is free again after ten minutes anyway.
  fetch(apiUrl(`${pathOf(queueId)}/release`), init).catch(() => undefined);
}
