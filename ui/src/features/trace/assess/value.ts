// What kind of value an assessment has, and how a person types one.

export const VALUE_KINDS = ["yes/no", "1–5", "number", "text", "JSON"] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

export function kindOf(value: unknown): ValueKind {
  if (typeof value === "boolean") return "yes/no";
  if (typeof value === "number") return Number.isInteger(value) && value >= 1 && value <= 5 ? "1–5" : "number";
  return typeof value === "string" ? "text" : "JSON";
}

export function textOf(value: unknown, kind: ValueKind): string {
  if (kind === "JSON") return value === undefined ? "" : JSON.stringify(value, null, 2);
  if (kind === "yes/no") return value === false ? "no" : "yes";
  return value === null || value === undefined ? "" : String(value);
}

/** The value that a text means, or what is wrong with it. */
export function parseValue(text: string, kind: ValueKind): { value: unknown } | { problem: string } {
  switch (kind) {
    case "yes/no":
      return { value: text !== "no" };
    case "1–5":
    case "number": {
      const value = Number(text);
      if (text.trim() === "" || !Number.isFinite(value)) return { problem: `“${text}” is not a number` };
      return kind === "1–5" && !(Number.isInteger(value) && value >= 1 && value <= 5)
        ? { problem: "a rating is 1, 2, 3, 4 or 5" }
        : { value };
    }
    case "JSON":
      try {
        return { value: JSON.parse(text) };
      } catch (error) {
        return { problem: error instanceof Error ? error.message : "this is not JSON" };
      }
    default:
      return text.trim() === "" ? { problem: "the text is empty" } : { value: text };
  }
}

/** A value in a few words. */
export function shortValue(value: unknown): string {
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === null) return "no value";
  return typeof value === "string" ? value : JSON.stringify(value);
}
