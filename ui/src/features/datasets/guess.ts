// Where a column of somebody's file most likely goes.

const INPUTS = ["question", "input", "prompt", "query", "message", "user", "instruction", "context", "text"];
const EXPECTATIONS = ["answer", "expected", "gold", "truth", "reference", "label", "ideal", "target", "response"];

/** Returns a target for a column that the server left out; an empty one leaves it out too. */
export function guessTarget(name: string): string {
  const plain = name.toLowerCase();
  if (EXPECTATIONS.some((word) => plain.includes(word))) {
    return /answer|response|gold|ideal|reference|truth/.test(plain)
      ? "expectations.expected_response"
      : `expectations.${name}`;
  }
  return INPUTS.some((word) => plain.includes(word)) ? `inputs.${name}` : "";
}

/** Tells the form of a file by its name. */
export function formatOf(name: string): "jsonl" | "csv" | "parquet" | null {
  const ending = name.toLowerCase().split(".").at(-1) ?? "";
  if (["csv", "tsv", "txt"].includes(ending)) return "csv";
  if (["jsonl", "ndjson", "json"].includes(ending)) return "jsonl";
  return ending === "parquet" ? "parquet" : null;
}
