import { expect, it } from "vitest";
import type { DatasetRecord } from "../../api/types";
import { formatOf, guessTarget } from "./guess";
import { jsonText, parseJson, parseObject } from "./jsonText";
import { changesOf, titleOf } from "./recordDiff";

it("JSON is read with the line of what is wrong", () => {
  expect(parseJson(' {"a": [1]} ')).toEqual({ value: { a: [1] }, problem: null });
  expect(parseJson("  ")).toEqual({ value: null, problem: null });
  const { problem } = parseJson('{\n  "a": 1,\n  b: 2\n}');
  expect(problem?.line).toBe(3);
  expect(parseJson('{\n "question": oops\n\n}').problem?.line).toBe(2);
  expect(problem?.message).not.toMatch(/position|line/);
});

it("an object is asked for where one must be", () => {
  expect(parseObject("")).toEqual({ value: {}, problem: null });
  for (const text of ["[1]", '"text"', "1"]) expect(parseObject(text).problem?.message).toMatch(/^Expected an object/);
});

it("nothing is an empty field", () => {
  expect([null, undefined, {}].map(jsonText)).toEqual(["", "", ""]);
  expect(jsonText({ a: 1 })).toBe('{\n  "a": 1\n}');
  expect(jsonText("text")).toBe('"text"');
  expect(jsonText([])).toBe("[]");
});

const record = (parts: Partial<DatasetRecord>): DatasetRecord => ({
  record_id: "dr-1",
  version: 1,
  inputs: {},
  outputs: null,
  expectations: {},
  tags: {},
  source: null,
  created_ns: "0",
  last_updated_ns: "0",
  created_by: null,
  last_updated_by: null,
  ...parts,
});

it("fields that differ are compared word by word", () => {
  const before = record({ inputs: { q: "Where is my order?", n: 1 }, outputs: "old", tags: { t: "x" } });
  const after = record({ inputs: { q: "Where is my parcel?", n: 1 }, expectations: { e: [1] }, tags: { t: "x" } });
  const changes = changesOf({ before, after });
  expect(changes.map(({ name, kind }) => [name, kind])).toEqual([
    ["inputs.q", "changed"],
    ["outputs", "removed"],
    ["expectations.e", "added"],
  ]);
  const pieces = changes[0]?.pieces.filter(({ kind }) => kind !== "same");
  expect(pieces).toEqual([
    { value: "order", kind: "removed" },
    { value: "parcel", kind: "added" },
  ]);
  expect(changesOf({ before: null, after: before }).map(({ kind }) => kind)).toEqual([
    "added",
    "added",
    "added",
    "added",
  ]);
});

it("a record is named by what was said", () => {
  const messages = [
    { role: "system", content: "be brief" },
    { role: "user", content: [{ type: "text", text: "hi" }] },
  ];
  expect(titleOf(record({ inputs: { messages, n: 1, list: [1] } }))).toBe("hi · 1 · [\n  1\n]");
});

it("texts that are too long are shown whole", () => {
  const [before, after] = ["a ".repeat(40_000), "b ".repeat(40_000)];
  const [change] = changesOf({ before: record({ outputs: before }), after: record({ outputs: after }) });
  expect(change?.pieces.map(({ kind }) => kind)).toEqual(["removed", "added"]);
});

it("columns and files are known by their names", () => {
  expect(["Question", "gold_answer", "label", "id"].map(guessTarget)).toEqual([
    "inputs.Question",
    "expectations.expected_response",
    "expectations.label",
    "",
  ]);
  expect(["a.CSV", "b.jsonl", "c.parquet", "d.xlsx", "e"].map(formatOf)).toEqual([
    "csv",
    "jsonl",
    "parquet",
    null,
    null,
  ]);
});
