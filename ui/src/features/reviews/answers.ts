// Answers as they are given: what a key means to a question, and what is sent when all are there.
import type { Assessment, GivenAnswer, LabelSchema } from "../../api/types";

/** What a reviewer has put in about one question. */
export interface Draft {
  /** Of a choice: true or false, an option, or a list of options. */
  choice?: boolean | string | string[];
  /** Of a number or a text, as it was typed. */
  text: string;
  /** The question does not apply. */
  none: boolean;
  comment: string;
}

export type Drafts = Readonly<Record<string, Draft>>;

export const EMPTY: Draft = { text: "", none: false, comment: "" };

export type Reading = { state: "open" } | { state: "wrong"; problem: string } | { state: "answered"; value: unknown };

/** Says whether a question is answered by typing. */
export function isTyped(schema: LabelSchema): boolean {
  return schema.input.type === "numeric" || schema.input.type === "text";
}

/** Returns what a draft says. */
export function read(schema: LabelSchema, draft: Draft | undefined): Reading {
  if (draft?.none) return { state: "answered", value: null };
  const { input } = schema;
  if (input.type === "numeric" || input.type === "text") {
    const text = (draft?.text ?? "").trim();
    if (text === "") return { state: "open" };
    return input.type === "text" ? readText(text, input.max_length ?? null) : readNumber(text, input);
  }
  const choice = draft?.choice;
  const isOpen = choice === undefined || (Array.isArray(choice) && choice.length === 0);
  return isOpen ? { state: "open" } : { state: "answered", value: choice };
}

function readText(text: string, max: number | null): Reading {
  const length = [...text].length;
  if (max !== null && length > max) return { state: "wrong", problem: `${length} characters; at most ${max}` };
  return { state: "answered", value: text };
}

function readNumber(text: string, { min_value, max_value }: { min_value?: number | null; max_value?: number | null }) {
  const value = Number(text.replace(",", "."));
  const wrong = (problem: string): Reading => ({ state: "wrong", problem });
  if (!Number.isFinite(value)) return wrong(`“${text}” is not a number`);
  if (typeof min_value === "number" && value < min_value) return wrong(`at least ${min_value}`);
  if (typeof max_value === "number" && value > max_value) return wrong(`at most ${max_value}`);
  return { state: "answered", value } satisfies Reading;
}

/** The options of a question that is answered by choosing, as they are numbered. */
export function optionsOf(schema: LabelSchema): { label: string; value: boolean | string; key: string }[] {
  const { input } = schema;
  if (input.type === "pass_fail")
    return [
      { label: input.positive_label, value: true, key: "1" },
      { label: input.negative_label, value: false, key: "2" },
    ];
  if (input.type !== "categorical") return [];
  // The tenth has the key that follows 9 on the keyboard.
  return input.options.map((option, at) => ({ label: option, value: option, key: String((at + 1) % 10) }));
}

/** Returns a draft in which an option is chosen, or no longer chosen of several. */
export function choose(schema: LabelSchema, draft: Draft | undefined, value: boolean | string): Draft {
  const before = draft ?? EMPTY;
  const isMulti = schema.input.type === "categorical" && schema.input.multi_select;
  if (!isMulti || typeof value !== "string") return { ...before, choice: value, none: false };
  const chosen = Array.isArray(before.choice) ? before.choice : [];
  const next = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
  return { ...before, choice: next, none: false };
}

/** Says whether a choice ends the question, so that the next one is up. */
export function isEnded(schema: LabelSchema): boolean {
  return !(schema.input.type === "categorical" && schema.input.multi_select);
}

export function isChosen(draft: Draft | undefined, value: boolean | string): boolean {
  const choice = draft?.choice;
  if (draft?.none) return false;
  return Array.isArray(choice) ? choice.includes(String(value)) : choice === value;
}

/** Returns the option that a key stands for; of yes and no also `y` and `n`. */
export function optionOfKey(schema: LabelSchema, key: string): boolean | string | undefined {
  if (schema.input.type === "pass_fail" && (key === "y" || key === "n")) return key === "y";
  return optionsOf(schema).find((option) => option.key === key)?.value;
}

/** Returns the drafts of answers that the reviewer gave before. */
export function draftsOf(
  questions: readonly LabelSchema[],
  assessments: readonly Assessment[],
  reviewer: string,
): Drafts {
  const drafts: Record<string, Draft> = {};
  for (const schema of questions) {
    const own = assessments.findLast(
      (one) =>
        one.valid &&
        one.name === schema.name &&
        one.kind === schema.kind &&
        one.span_id === null &&
        one.source.type === "HUMAN" &&
        one.source.id === reviewer,
    );
    if (own) drafts[schema.schema_id] = draftOf(schema, own);
  }
  return drafts;
}

function draftOf(schema: LabelSchema, { value, rationale }: Assessment): Draft {
  const comment = rationale ?? "";
  if (isTyped(schema)) return { text: String(value ?? ""), none: false, comment };
  const isChoice = typeof value === "boolean" || typeof value === "string" || Array.isArray(value);
  return { text: "", none: false, comment, ...(isChoice ? { choice: value as boolean | string | string[] } : {}) };
}

/** Returns where the next question is that is not answered, from a place on and then from the beginning; -1 for none. */
export function nextOpen(questions: readonly LabelSchema[], drafts: Drafts, from: number): number {
  for (let step = 0; step < questions.length; step++) {
    const at = (from + step) % questions.length;
    const schema = questions[at];
    if (schema && read(schema, drafts[schema.schema_id]).state !== "answered") return at;
  }
  return -1;
}

/** Returns what is sent; questions that are left open are not answered. */
export function given(questions: readonly LabelSchema[], drafts: Drafts): GivenAnswer[] {
  return questions.flatMap((schema) => {
    const draft = drafts[schema.schema_id];
    const reading = read(schema, draft);
    if (reading.state !== "answered") return [];
    const comment = schema.enable_comment && reading.value !== null ? draft?.comment.trim() || null : null;
    return [{ schema_id: schema.schema_id, value: reading.value, comment }];
  });
}
