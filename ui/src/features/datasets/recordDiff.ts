// How two versions of a record differ: field by field, and word by word in the fields that changed.
import { diffWordsWithSpace } from "diff";
import type { DatasetDifference, DatasetRecord } from "../../api/types";

export interface Piece {
  value: string;
  kind: "same" | "added" | "removed";
}

export interface FieldChange {
  /** `inputs.question`, or `outputs` where they are no object. */
  name: string;
  kind: "added" | "removed" | "changed";
  pieces: Piece[];
}

/** Texts that are longer than this together are not compared word by word, which could take seconds. */
const COMPARED_MAX = 100_000;

/** Returns the fields in which both differ; of a record that is new or gone all of its fields. */
export function changesOf({ before, after }: DatasetDifference): FieldChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.flatMap((name): FieldChange[] => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    if (was === undefined) return [{ name, kind: "added", pieces: [{ value: is ?? "", kind: "added" }] }];
    if (is === undefined) return [{ name, kind: "removed", pieces: [{ value: was, kind: "removed" }] }];
    return [{ name, kind: "changed" as const, pieces: words(was, is) }];
  });
}

/** Returns what was taken out and put in, word by word; whole where the texts are too long for that. */
export function words(before: string, after: string): Piece[] {
  if (before.length + after.length > COMPARED_MAX) {
    return [
      { value: before, kind: "removed" },
      { value: after, kind: "added" },
    ];
  }
  return diffWordsWithSpace(before, after).map(({ value, added, removed }) => ({
    value,
    kind: added ? "added" : removed ? "removed" : "same",
  }));
}

function fieldsOf(record: DatasetRecord | null): Map<string, string> {
  const fields = new Map<string, string>();
  if (!record) return fields;
  const parts = {
    inputs: record.inputs,
    outputs: record.outputs,
    expectations: record.expectations,
    tags: record.tags,
  };
  for (const [part, value] of Object.entries(parts)) {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      for (const [key, field] of Object.entries(value)) fields.set(`${part}.${key}`, textOf(field));
    } else if (value !== null && value !== undefined) fields.set(part, textOf(value));
  }
  return fields;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Returns what a person reads of a record's inputs: texts as they are, of messages the last one. */
export function titleOf(record: DatasetRecord): string {
  return Object.values(record.inputs)
    .map((value) => (Array.isArray(value) ? saidIn(value.at(-1)) : null) ?? textOf(value))
    .join(" · ");
}

function saidIn(message: unknown): string | null {
  if (!isObject(message) || !("role" in message)) return null;
  const content = message.content ?? message.parts;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  const texts = content.filter(isObject).map((part) => part.text ?? part.content);
  return texts.filter((text) => typeof text === "string").join(" ") || null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
