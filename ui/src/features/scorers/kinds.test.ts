import { expect, test } from "vitest";
import { definitionOf, KINDS, kindOf, valuesOf } from "./kinds";

test("a form becomes a definition and back", () => {
  const definitions = [
    { kind: "guidelines", guidelines: ["Be kind", "Be short"], model: "openai:/gpt-4o" },
    { kind: "judge", instructions: "{{ outputs }}?", answer: "category", categories: ["a", "b"] },
    { kind: "regex", pattern: "x+", on: "input", must_not: true },
    { kind: "tool_calls", must_call: ["search"], at_most: { search: 2 }, no_failures: true },
    { kind: "latency", max_ms: 1500.5 },
  ];
  for (const definition of definitions) {
    const kind = kindOf(definition.kind);
    expect(kind && definitionOf(kind, valuesOf(definition))).toEqual(definition);
  }
});

test("what is empty or not asked for is left out", () => {
  const [judge] = KINDS.filter(({ kind }) => kind === "judge");
  const values = { instructions: "{{ outputs }}", answer: "bool", categories: "a\nb", model: " " };
  expect(judge && definitionOf(judge, values)).toEqual({
    kind: "judge",
    instructions: "{{ outputs }}",
    answer: "bool",
  });
});

test("what can't be read is named", () => {
  const kind = (name: string) => kindOf(name) as (typeof KINDS)[number];
  expect(() => definitionOf(kind("json_schema"), { schema: "{" })).toThrow("That is no JSON (Schema)");
  expect(() => definitionOf(kind("latency"), { max_ms: "x" })).toThrow("“x” is no number");
});
