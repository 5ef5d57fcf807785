// Questions in a few words, and how they are written in a form.
import type { LabelInput, LabelSchema } from "../../api/types";

/** Says how a question is answered. */
export function kindText({ input, kind }: LabelSchema): string {
  const how = inputText(input);
  return kind === "expectation" ? `${how}, expectation` : how;
}

function inputText(input: LabelInput): string {
  switch (input.type) {
    case "pass_fail":
      return `${input.positive_label} / ${input.negative_label}`;
    case "categorical":
      return `${input.multi_select ? "some" : "one"} of ${input.options.length}`;
    case "numeric":
      return typeof input.min_value === "number" && typeof input.max_value === "number"
        ? `${input.min_value} to ${input.max_value}`
        : "number";
    default:
      return "text";
  }
}

export const INPUT_KINDS = ["pass_fail", "categorical", "numeric", "text"] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

export const INPUT_NAMES: Record<InputKind, string> = {
  pass_fail: "Yes or no",
  categorical: "Options",
  numeric: "Number",
  text: "Text",
};

/** What was typed about how a question is answered. */
export interface InputDraft {
  kind: InputKind;
  positive: string;
  negative: string;
  /** One option a line. */
  options: string;
  multi: boolean;
  min: string;
  max: string;
}

export const FIRST_INPUT: InputDraft = {
  kind: "pass_fail",
  positive: "Yes",
  negative: "No",
  options: "",
  multi: false,
  min: "",
  max: "",
};

/** Returns the input that was meant; what is wrong about it the server says. */
export function inputOf(draft: InputDraft): LabelInput {
  const number = (text: string) => (text.trim() === "" ? null : Number(text));
  switch (draft.kind) {
    case "pass_fail":
      return { type: "pass_fail", positive_label: draft.positive.trim(), negative_label: draft.negative.trim() };
    case "categorical": {
      const options = draft.options.split("\n").flatMap((line) => line.trim() || []);
      return { type: "categorical", options: [...new Set(options)], multi_select: draft.multi };
    }
    case "numeric":
      return { type: "numeric", min_value: number(draft.min), max_value: number(draft.max) };
    default:
      return { type: "text", max_length: null };
  }
}
