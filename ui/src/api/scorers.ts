// Scorers: what is asked of them, and their changes. Each change asks for the list and the open one again.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "../components/toast/toast";
import { request } from "./client";
import type { Backfill, Scorer, ScorerDetail, ScorerLimits, ScorerList, ScorerTryResult } from "./types";

export type Definition = Record<string, unknown>;

const REFRESH_MS = 2000;

export function scorersQuery(experiment: readonly string[] | undefined) {
  return queryOptions({
    queryKey: ["scorers", experiment ?? null],
    queryFn: ({ signal }) => request<ScorerList>("/scorers", { query: { experiment }, signal }),
    refetchInterval: REFRESH_MS,
  });
}

export function scorerQuery(id: string) {
  return queryOptions({
    queryKey: ["scorer", id],
    queryFn: ({ signal }) => request<ScorerDetail>(`/scorers/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: REFRESH_MS,
  });
}

export type ScorerChange =
  | { kind: "save"; name: string; experiment: string; description: string | null; definition: Definition }
  | { kind: "start"; scorer: Scorer; rate: number; filter: string | null; limits: ScorerLimits }
  | { kind: "stop"; scorer: Scorer }
  | { kind: "delete"; scorer: Scorer }
  | { kind: "backfill"; scorer: Scorer; filter: string | null; traces_max: number | null; again: boolean }
  | { kind: "cancel"; backfill: Backfill };

export function useScorerChange(onDone?: (answer: unknown) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async (answer, change) => {
      await client.invalidateQueries({ queryKey: ["scorers"] });
      await client.invalidateQueries({ queryKey: ["scorer"] });
      toast(said(change));
      onDone?.(answer);
    },
  });
}

async function send(change: ScorerChange): Promise<unknown> {
  if (change.kind === "save") {
    const { name, experiment, description, definition } = change;
    return request<Scorer>("/scorers", { body: { name, experiment, description, definition } });
  }
  if (change.kind === "cancel") return request(`/backfills/${change.backfill.backfill_id}/cancel`, { method: "POST" });
  const path = `/scorers/${encodeURIComponent(change.scorer.scorer_id)}`;
  if (change.kind === "delete") return request(path, { method: "DELETE" });
  if (change.kind === "stop") return request(`${path}/online`, { method: "DELETE" });
  if (change.kind === "backfill") {
    const { filter, traces_max, again } = change;
    return request(`${path}/backfills`, { body: { filter, traces_max, again } });
  }
  await request(`${path}/limits`, { method: "PUT", body: change.limits });
  const body = { sample_rate: change.rate, filter: change.filter };
  return request(`${path}/online`, { method: "PUT", body });
}

function said(change: ScorerChange): string {
  if (change.kind === "save") return `Scorer ${change.name} saved`;
  if (change.kind === "cancel") return "Backfill cancelled";
  const done = { start: "started", stop: "stopped", delete: "deleted", backfill: "scores stored traces" };
  return `Scorer ${change.scorer.name} ${done[change.kind]}`;
}

/** Says what a definition makes of a trace; nothing is stored. */
export function tryScorer(trace_id: string, definition: Definition): Promise<ScorerTryResult> {
  return request("/scorers/try", { body: { trace_id, definition } });
}
