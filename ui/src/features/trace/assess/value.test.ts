import { describe, expect, test } from "vitest";
import { attributeFilter, tagFilter } from "../links";
import { spread } from "../tree/FoldSpark";
import { kindOf, parseValue, shortValue, textOf, type ValueKind } from "./value";

describe("values of assessments", () => {
  test.each<[unknown, ValueKind]>([
    [true, "yes/no"],
    [3, "1–5"],
    [0.7, "number"],
    [12, "number"],
    ["good", "text"],
    [{ a: 1 }, "JSON"],
    [null, "JSON"],
  ])("%j is edited as %s, and stays itself", (value, kind) => {
    expect(kindOf(value)).toBe(kind);
    expect(parseValue(textOf(value, kind), kind)).toEqual({ value });
  });
  test.each<[string, ValueKind, string]>([
    ["six", "number", "“six” is not a number"],
    ["", "number", "“” is not a number"],
    ["6", "1–5", "a rating is 1, 2, 3, 4 or 5"],
    [" ", "text", "the text is empty"],
  ])("%j as %s is refused: %s", (text, kind, problem) => expect(parseValue(text, kind)).toEqual({ problem }));
  test("JSON says where it is wrong", () => expect(parseValue("{", "JSON")).toHaveProperty("problem"));
  test("the first choice counts although nobody pressed it", () =>
    expect(parseValue("", "yes/no")).toEqual({ value: true }));
  test("in a few words", () =>
    expect([true, false, null, "x", 3].map(shortValue)).toEqual(["yes", "no", "no value", "x", "3"]));
});

describe("links as filters", () => {
  test.each<[string, unknown, string | null]>([
    ["llm.model_name", "gpt-4o", "span.attributes.llm.model_name = 'gpt-4o'"],
    ["my key", "it's", 'span.attributes.`my key` = "it\'s"'],
    ["n", 512, "span.attributes.n = '512'"],
    ["list", [1], null],
    ["none", null, null],
  ])("%s", (key, value, filter) => expect(attributeFilter(key, value)).toBe(filter));
  test("tags", () => expect(tagFilter("env", "prod")).toBe("tags.env = 'prod'"));
});

test("durations are spread between the fastest and the slowest", () => {
  const bins = spread([1, 1, 1, 1000]);
  expect([bins[0], bins.at(-1)]).toEqual([3, 1]);
  expect(spread([5, 5]).reduce((sum, bin) => sum + bin, 0)).toBe(2);
});
