import { describe, expect, it } from "vitest";
import {
  addClause,
  clausesOf,
  duration,
  equality,
  presenceOf,
  quote,
  removeClause,
  toggleClause,
  valuesOf,
} from "./clauses";

const GPT = "user = 'gpt-4o'";
const MINI = "user = 'gpt-4o-mini'";

describe("clausesOf", () => {
  it.each([
    ["", []],
    ["status = 'ERROR'", ["status = 'ERROR'"]],
    ["a = 1 AND b = 'x AND y' and c > 2", ["a = 1", "b = 'x AND y'", "c > 2"]],
    ["(a = 1 OR b = 2) AND NOT c = 3", ["(a = 1 OR b = 2)", "NOT c = 3"]],
    ["a = 1 OR b = 2 AND c = 3", ["a = 1 OR b = 2 AND c = 3"]],
    ["span(type = 'TOOL' AND status = 'ERROR') AND x = 1", ["span(type = 'TOOL' AND status = 'ERROR')", "x = 1"]],
    ["tags.`my AND key` = 'v' AND n = 1", ["tags.`my AND key` = 'v'", "n = 1"]],
    ["model IN ('a', 'b') AND has:error", ["model IN ('a', 'b')", "has:error"]],
  ])("%s", (text, clauses) => {
    expect(clausesOf(text).map((clause) => clause.text)).toEqual(clauses);
  });
});

describe("a click on a facet", () => {
  it.each([
    ["the first", "", GPT, "include", GPT],
    ["beside another field", "status = 'OK'", GPT, "include", `status = 'OK' AND ${GPT}`],
    ["again takes it away", `status = 'OK' AND ${GPT}`, GPT, "include", "status = 'OK'"],
    ["a second value joins the first", GPT, MINI, "include", "user IN ('gpt-4o', 'gpt-4o-mini')"],
    ["out of a list", "user IN ('gpt-4o', 'gpt-4o-mini')", MINI, "include", GPT],
    ["a third", "user IN ('a', 'b') AND x = 1", GPT, "include", "user IN ('a', 'b', 'gpt-4o') AND x = 1"],
    ["exclude", "x = 1", GPT, "exclude", `x = 1 AND NOT ${GPT}`],
    ["exclude again takes it away", `x = 1 AND NOT ${GPT}`, GPT, "exclude", "x = 1"],
    ["from excluded to included", `NOT ${GPT} AND x = 1`, GPT, "include", `x = 1 AND ${GPT}`],
    ["from included to excluded", `${GPT} AND x = 1`, GPT, "exclude", `x = 1 AND NOT ${GPT}`],
    ["an OR is kept whole", "a = 1 OR b = 2", GPT, "include", `(a = 1 OR b = 2) AND ${GPT}`],
    [
      "feedback has no IN",
      "feedback.ok = 'true'",
      "feedback.ok = 'false'",
      "include",
      "feedback.ok = 'true' AND feedback.ok = 'false'",
    ],
    ["spaces and case do not matter", "x=1 and user='gpt-4o'", GPT, "include", "x=1"],
  ] as const)("%s", (_, text, clause, wanted, result) => {
    expect(toggleClause(text, clause, wanted)).toBe(result);
  });

  it("keeps an unfinished clause as it was typed", () => {
    expect(toggleClause("name = ", GPT, "include")).toBe(`name = AND ${GPT}`);
  });
});

describe("a click on a facet of spans", () => {
  const MODEL = "model = 'gpt-4o'";
  const TOOL = "span.type = 'TOOL'";
  it.each([
    ["has a group of its own", "", MODEL, "include", "span(model = 'gpt-4o')"],
    ["beside another", "span(model = 'a')", TOOL, "include", "span(model = 'a') AND span(type = 'TOOL')"],
    ["a second value", "span(model = 'a')", MODEL, "include", "span(model IN ('a', 'gpt-4o'))"],
    ["out of a list", "span(model IN ('a', 'gpt-4o'))", MODEL, "include", "span(model = 'a')"],
    ["again takes it away", "x = 1 AND span(type = 'TOOL')", TOOL, "include", "x = 1"],
    ["exclude", "x = 1", TOOL, "exclude", "x = 1 AND NOT span(type = 'TOOL')"],
    ["exclude again", "NOT span(type = 'TOOL') AND x = 1", TOOL, "exclude", "x = 1"],
    ["from excluded to included", "NOT span(type = 'TOOL')", TOOL, "include", "span(type = 'TOOL')"],
    ["the server's own group", "span(model = 'gpt-4o')", "span(model = 'gpt-4o')", "include", ""],
    ["the full name in a group", "span(span.type = 'TOOL')", TOOL, "include", ""],
    ["an attribute", "", "span.attributes.`a b` = 'x'", "include", "span(attributes.`a b` = 'x')"],
    ["no literal fits", "", "span.name LIKE '_a_'", "include", "span(name LIKE '_a_')"],
    ["a bare one alone", MODEL, MODEL, "include", ""],
    ["joins a bare one", "model = 'a' AND x = 1", MODEL, "include", "span(model IN ('a', 'gpt-4o')) AND x = 1"],
    [
      "bare ones of the same span stay",
      `${MODEL} AND ${TOOL}`,
      TOOL,
      "include",
      `${MODEL} AND ${TOOL} AND span(type = 'TOOL')`,
    ],
    [
      "more than one condition stays",
      `span(${TOOL} AND ${MODEL})`,
      TOOL,
      "include",
      `span(${TOOL} AND ${MODEL}) AND span(type = 'TOOL')`,
    ],
  ] as const)("%s", (_, text, clause, wanted, result) => {
    expect(toggleClause(text, clause, wanted)).toBe(result);
  });

  it("values are read from groups", () => {
    const text = "span(type IN ('TOOL', 'LLM')) AND NOT span(type = `it's`) AND span(name = 'x')";
    expect(valuesOf(text, "span.type")).toEqual([
      { value: "TOOL", clause: "span(type = 'TOOL')" },
      { value: "LLM", clause: "span(type = 'LLM')" },
      { value: "it's", clause: "span(type = `it's`)" },
    ]);
  });
});

it("presence is seen in lists, in parentheses and under NOT", () => {
  expect(presenceOf("user IN ('x', 'gpt-4o')", GPT)).toBe("include");
  expect(presenceOf(`(${GPT})`, GPT)).toBe("include");
  expect(presenceOf(`x = 1 AND not ${GPT}`, GPT)).toBe("exclude");
  expect(presenceOf('user="gpt-4o"', GPT)).toBe("include");
  expect(presenceOf("text ~ 'user'", GPT)).toBeNull();
});

it("removing a clause takes the right AND with it", () => {
  expect(removeClause("a = 1 AND b = 2 AND c = 3", 0)).toBe("b = 2 AND c = 3");
  expect(removeClause("a = 1 AND b = 2 AND c = 3", 1)).toBe("a = 1 AND c = 3");
  expect(removeClause("a = 1 AND b = 2 AND c = 3", 2)).toBe("a = 1 AND b = 2");
  expect(removeClause("a = 1", 0)).toBe("");
  expect(removeClause("a = 1", 4)).toBe("a = 1");
});

it("adding to blanks is the clause alone", () => {
  expect(addClause("  ", "a = 1")).toBe("a = 1");
});

it("values are quoted by the quote they do not hold", () => {
  expect(quote("plain")).toBe("'plain'");
  expect(quote("it's")).toBe('"it\'s"');
  expect(quote(`it's "both"`)).toBe(`\`it's "both"\``);
  expect(quote('it\'s "all" `three`')).toBeNull();
  expect(equality("user", "a'b")).toBe(`user = "a'b"`);
  expect(equality("user", "a'b\"c`d")).toBe("user LIKE 'a_b_c_d'");
});

it("the values of a field are read from equalities, lists and negations", () => {
  const text = "m = 'a' AND m IN ('b', 'c') AND NOT m = 'd' AND n = 'e' AND m != 'f'";
  expect(valuesOf(text, "m").map(({ value }) => value)).toEqual(["a", "b", "c", "d"]);
  expect(valuesOf(text, "n")).toEqual([{ value: "e", clause: "n = 'e'" }]);
});

it.each([
  [0, "0ms"],
  [1_000_400_000, "1s"],
  [1_234_000_000, "1234ms"],
  [90_000_000_000, "90s"],
  [120_000_000_000, "2m"],
  [3_600_000_000_000, "1h"],
])("a duration of %i ns is %s", (ns, text) => {
  expect(duration(ns)).toBe(text);
});
