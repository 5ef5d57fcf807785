// Feedback, expectations and tags: changed on the screen at once, taken back with a note if the server refuses.
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../../../api/client";
import type { Assessment, NewAssessment, TraceRecord } from "../../../api/types";
import { toast } from "../../../components/toast/toast";
import { recordKey, tracePath } from "../data/queries";

const USER = { type: "HUMAN", id: "user" } as const;

export interface Assess {
  add(assessment: NewAssessment): void;
  change(id: string, change: Change): void;
  /** Deletes it, and offers to take that back. */
  remove(assessment: Assessment): void;
  setTag(key: string, value: string): void;
  removeTag(key: string): void;
  /** Rates the trace: the same value again takes the rating back. */
  rate(record: TraceRecord, name: string, value: unknown): void;
}

/** What a person may change about an assessment. */
export interface Change {
  name?: string;
  value?: unknown;
  rationale?: string | null;
}

interface Step {
  /** What could not be done, for the note. */
  what: string;
  optimistic(record: TraceRecord): TraceRecord;
  send(): Promise<unknown>;
  /** Called once the server has done it. */
  done?(): void;
}

export function useAssess(traceId: string): Assess {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: (step: Step) => step.send(),
    onSuccess: (_, step) => step.done?.(),
    onMutate: (step) => apply(client, traceId, step),
    onError: (error, step, before) => {
      if (before) client.setQueryData(recordKey(traceId), before);
      toast(`Could not ${step.what}: ${error.message}`, "error");
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: recordKey(traceId) });
      void client.invalidateQueries({ queryKey: ["traces"] });
    },
  });
  return makeAssess(traceId, (step) => mutation.mutate(step));
}

async function apply(client: QueryClient, traceId: string, step: Step): Promise<TraceRecord | undefined> {
  await client.cancelQueries({ queryKey: recordKey(traceId) });
  const before = client.getQueryData<TraceRecord>(recordKey(traceId));
  if (before) client.setQueryData(recordKey(traceId), step.optimistic(before));
  return before;
}

function makeAssess(traceId: string, run: (step: Step) => void): Assess {
  const path = `${tracePath(traceId)}/assessments`;
  const one = (id: string) => `${path}/${encodeURIComponent(id)}`;
  const tag = (key: string) => `${tracePath(traceId)}/tags/${encodeURIComponent(key)}`;
  const add = (assessment: NewAssessment) =>
    run({
      what: `save “${assessment.name}”`,
      optimistic: (record) => ({ ...record, assessments: [...record.assessments, provisional(traceId, assessment)] }),
      send: () => request(path, { body: assessment }),
    });
  const change = (id: string, patch: Change) =>
    run({
      what: "change the assessment",
      optimistic: (record) => ({
        ...record,
        assessments: record.assessments.map((old) => (old.assessment_id === id ? { ...old, ...patch } : old)),
      }),
      send: () => request(one(id), { method: "PATCH", body: patch }),
    });
  const remove = (id: string, done?: () => void) =>
    run({
      ...(done ? { done } : {}),
      what: "delete the assessment",
      optimistic: (record) => ({
        ...record,
        assessments: record.assessments.filter((old) => old.assessment_id !== id),
      }),
      send: () => request(one(id), { method: "DELETE" }),
    });
  return {
    add,
    change,
    remove: (assessment) => {
      const again = recreation(assessment);
      const undo = again ? { label: "Undo", run: () => add(again) } : undefined;
      remove(assessment.assessment_id, () => toast(`“${assessment.name}” deleted`, "done", undo));
    },
    setTag: (key, value) =>
      run({
        what: `set the tag “${key}”`,
        optimistic: (record) => ({
          ...record,
          tags: { ...record.tags, [key]: value },
          own_tags: { ...record.own_tags, [key]: value },
        }),
        send: () => request(tag(key), { method: "PUT", body: { value } }),
      }),
    removeTag: (key) =>
      run({
        what: `remove the tag “${key}”`,
        optimistic: (record) => ({
          ...record,
          tags: without(record.tags, key),
          own_tags: without(record.own_tags, key),
        }),
        send: () => request(tag(key), { method: "DELETE" }),
      }),
    rate: (record, name, value) => {
      const mine = ownRating(record, name);
      if (!mine) add({ name, kind: "feedback", value, source: USER });
      else if (isProvisional(mine)) return;
      else if (mine.value === value) remove(mine.assessment_id);
      else change(mine.assessment_id, { value });
    },
  };
}

/** What makes a deleted assessment anew; null for one that failed or was overridden, as those can't be given again. */
export function recreation(old: Assessment): NewAssessment | null {
  if (!old.valid || old.error || old.value === null) return null;
  const { name, kind, value, source, span_id, rationale, metadata } = old;
  return { name, kind, value, source, span_id, rationale, metadata };
}

/** The reader's own valid feedback of a name on the trace itself. */
export function ownRating(record: TraceRecord, name: string): Assessment | undefined {
  return record.assessments.find(
    (one) =>
      one.valid && one.name === name && one.span_id === null && one.source.type === "HUMAN" && one.kind === "feedback",
  );
}

const PROVISIONAL = "provisional-";

export function isProvisional(assessment: Assessment): boolean {
  return assessment.assessment_id.startsWith(PROVISIONAL);
}

function provisional(traceId: string, from: NewAssessment): Assessment {
  const now = `${Date.now()}000000`;
  return {
    assessment_id: `${PROVISIONAL}${now}-${from.name}`,
    trace_id: traceId,
    name: from.name,
    kind: from.kind,
    value: from.value,
    error: null,
    source: { type: from.source?.type ?? USER.type, id: from.source?.id ?? USER.id },
    span_id: from.span_id ?? null,
    rationale: from.rationale ?? null,
    metadata: from.metadata ?? {},
    created_ns: now,
    last_updated_ns: now,
    valid: true,
    overrides: null,
  };
}

function without(tags: Record<string, string>, key: string): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => name !== key));
}
