// The kinds of scorers as forms: which fields each has, and how a form becomes a definition and back.
import type { Definition } from "../../api/scorers";

export interface Field {
  key: string;
  label: string;
  /** `lines` is a list with an entry a line, `json` any JSON. */
  type: "text" | "long" | "lines" | "number" | "choice" | "flag" | "json";
  choices?: readonly string[];
  placeholder?: string;
  /** Shown only if another field has this value. */
  only?: readonly [key: string, value: string];
}

export interface Kind {
  kind: string;
  name: string;
  about: string;
  isJudge?: boolean;
  fields: readonly Field[];
}

export type Values = Readonly<Record<string, string>>;

const on: Field = { key: "on", label: "Of", type: "choice", choices: ["output", "input"] };
const ignoreCase: Field = { key: "ignore_case", label: "Capitals do not matter", type: "flag" };
const expectation: Field = {
  key: "expectation",
  label: "or the expectation named",
  type: "text",
  placeholder: "facts",
};
const model: Field = {
  key: "model",
  label: "Model",
  type: "text",
  placeholder: "openai:/gpt-4o-mini; the configured one if empty",
};
const bounds: readonly Field[] = [
  { key: "min", label: "At least", type: "number" },
  { key: "max", label: "At most", type: "number", placeholder: "without bounds the number itself" },
];

export const KINDS: readonly Kind[] = [
  {
    kind: "guidelines",
    name: "Guidelines",
    about: "A model judges whether the answer follows them",
    isJudge: true,
    fields: [
      { key: "guidelines", label: "Guidelines, one a line", type: "lines", placeholder: "Never promise a refund" },
      model,
    ],
  },
  {
    kind: "judge",
    name: "Instructions",
    about: "A model answers what you ask of the trace",
    isJudge: true,
    fields: [
      {
        key: "instructions",
        label: "Instructions with {{ inputs }}, {{ outputs }}, {{ expectations }} or {{ trace }}",
        type: "long",
        placeholder: "Does {{ outputs }} answer the question in {{ inputs }}?",
      },
      { key: "answer", label: "Answer", type: "choice", choices: ["bool", "number", "category", "text"] },
      { key: "categories", label: "Categories, one a line", type: "lines", only: ["answer", "category"] },
      model,
    ],
  },
  {
    kind: "expected_guidelines",
    name: "Expected guidelines",
    about: "As guidelines, with those of the trace's expectation “guidelines”",
    isJudge: true,
    fields: [model],
  },
  {
    kind: "regex",
    name: "Regular expression",
    about: "Whether a text matches",
    fields: [
      { key: "pattern", label: "Pattern", type: "text", placeholder: "order [0-9]+" },
      on,
      { key: "must_not", label: "It must not be found", type: "flag" },
      ignoreCase,
    ],
  },
  {
    kind: "contains",
    name: "Contains",
    about: "Whether a text contains others",
    fields: [
      { key: "texts", label: "Texts, one a line", type: "lines" },
      expectation,
      { key: "need", label: "Needed", type: "choice", choices: ["all", "any", "none"] },
      on,
      ignoreCase,
    ],
  },
  {
    kind: "equals",
    name: "Equals",
    about: "Whether the output is a text",
    fields: [{ key: "text", label: "Text", type: "long" }, expectation, ignoreCase],
  },
  {
    kind: "length",
    name: "Length",
    about: "How long a text is",
    fields: [{ key: "unit", label: "In", type: "choice", choices: ["characters", "words", "tokens"] }, ...bounds, on],
  },
  {
    kind: "json_schema",
    name: "JSON schema",
    about: "Whether the output is JSON by a schema",
    fields: [{ key: "schema", label: "Schema", type: "json", placeholder: '{"type": "object", "required": ["city"]}' }],
  },
  {
    kind: "pii",
    name: "Personal data",
    about: "Whether a text is free of it",
    fields: [
      { key: "detectors", label: "Detectors, one a line", type: "lines", placeholder: "personal\nsecrets" },
      { key: "on", label: "Of", type: "choice", choices: ["output", "input", "both"] },
    ],
  },
  {
    kind: "latency",
    name: "Latency",
    about: "How long the trace took",
    fields: [{ key: "max_ms", label: "At most, in milliseconds", type: "number" }],
  },
  {
    kind: "cost",
    name: "Cost",
    about: "What the trace cost",
    fields: [{ key: "max_usd", label: "At most, in US dollars", type: "number" }],
  },
  {
    kind: "tokens",
    name: "Tokens",
    about: "How many tokens the trace used",
    fields: [{ key: "of", label: "Which", type: "choice", choices: ["total", "input", "output"] }, ...bounds],
  },
  {
    kind: "tool_calls",
    name: "Tool calls",
    about: "Which tools were called, how often, in which order",
    fields: [
      { key: "must_call", label: "Must be called, one a line", type: "lines" },
      { key: "must_not_call", label: "Must not be called, one a line", type: "lines" },
      { key: "order", label: "In this order, one a line", type: "lines" },
      { key: "at_most", label: "Each at most", type: "json", placeholder: '{"search": 2}' },
      { key: "max_calls", label: "Calls in all at most", type: "number" },
      { key: "no_failures", label: "None may fail", type: "flag" },
      { key: "arguments", label: "Schemas of arguments", type: "json", placeholder: '{"search": {"required": ["q"]}}' },
    ],
  },
  {
    kind: "error_free",
    name: "Error-free",
    about: "Whether nothing failed",
    fields: [{ key: "trace_only", label: "Spans that failed on the way do not count", type: "flag" }],
  },
];

export function kindOf(kind: string | null | undefined): Kind | undefined {
  return KINDS.find((one) => one.kind === kind);
}

/** Returns the definition that a form says; an error names what can't be read. */
export function definitionOf(kind: Kind, values: Values): Definition {
  const definition: Definition = { kind: kind.kind };
  for (const field of kind.fields) {
    if (field.only && values[field.only[0]] !== field.only[1]) continue;
    const value = read(field, values[field.key] ?? "");
    if (value !== undefined) definition[field.key] = value;
  }
  return definition;
}

function read(field: Field, text: string): unknown {
  if (text.trim() === "") return undefined;
  if (field.type === "flag") return text === "true" ? true : undefined;
  if (field.type === "lines")
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
  if (field.type === "number") {
    const value = Number(text);
    if (Number.isNaN(value)) throw new Error(`“${text}” is no number (${field.label})`);
    return value;
  }
  if (field.type === "json") {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`That is no JSON (${field.label})`);
    }
  }
  return text;
}

/** Returns the form of a definition. */
export function valuesOf(definition: Definition): Values {
  const kind = kindOf(String(definition.kind));
  const values: Record<string, string> = {};
  for (const field of kind?.fields ?? []) {
    const value = definition[field.key];
    if (value === undefined || value === null) continue;
    if (field.type === "lines" && Array.isArray(value)) values[field.key] = value.join("\n");
    else if (field.type === "json") values[field.key] = JSON.stringify(value, null, 2);
    else values[field.key] = String(value);
  }
  return values;
}
