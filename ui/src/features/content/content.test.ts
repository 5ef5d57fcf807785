import { describe, expect, test } from "vitest";
import type { Message, Part } from "../../api/types";
import { highlight } from "./highlight";
import { idOfPath, idsAbove, initiallyOpen, jsonLines, pathText } from "./json/lines";
import { searchJson } from "./json/search";
import { argumentsLine, matchResults, repeatedMessages, sameJson } from "./messages/history";
import { callText, gistLine, looksLikeMarkdown, parseJsonText, splitMarkdown, splitText } from "./text";

describe("long text", () => {
  test("pieces joined are the text, whatever its lines", () => {
    for (const text of ["", "a", "line\n".repeat(5000), "x".repeat(50_000), "word ".repeat(9000), "😀".repeat(9001)]) {
      const chunks = splitText(text);
      expect(chunks.join("")).toBe(text);
      expect(Math.max(0, ...chunks.map((chunk) => chunk.length))).toBeLessThan(8192);
      expect(chunks.every((chunk) => encodeURIComponent(chunk) !== "")).toBe(true);
    }
  });
  test("Markdown is not split inside a fence", () => {
    const fence = `\`\`\`js\n${"let a = 1;\n\n".repeat(100)}\`\`\`\n`;
    const text = `intro\n\n${fence}\nafter\n\n${"more\n\n".repeat(500)}`;
    const chunks = splitMarkdown(text, 400);
    expect(chunks.join("")).toBe(text);
    expect(chunks.some((chunk) => chunk.includes(fence))).toBe(true);
    expect(chunks.length).toBeGreaterThan(3);
  });
  test.each([
    ["# Title", true],
    ["- item", true],
    ["**bold**", true],
    ["see [x](http://y)", true],
    ["| a |\n| -- |", true],
    ["plain words, 3 * 4 and a - b", false],
    ["snake_case_name", false],
  ])("Markdown or not: %s", (text, expected) => expect(looksLikeMarkdown(text)).toBe(expected));
  test("JSON in a text is an object or a list", () => {
    expect(parseJsonText(' {"a": 1}')).toEqual({ a: 1 });
    expect(parseJsonText("12")).toBeUndefined();
    expect(parseJsonText("{not json}")).toBeUndefined();
  });
});

describe("one line", () => {
  test.each([
    ["Yes: **4452**,\n\n`ok`", "Yes: 4452, ok"],
    ["# Title\ntext", "Title text"],
    ["```html\n<div>\n```\ndone", "<div> done"],
    ["Look: ```html <div> ``` and ```x```", "Look: <div> and x"],
    ["~~~\nplain\n~~~", "plain"],
    ["safe\u202Egnp.exe", "safegnp.exe"],
    ['{"a": 1, "b": "x"}', 'a: 1, b: "x"'],
    ["2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c"],
    ["cli/__init__.py", "cli/__init__.py"],
  ])("%s", (text, line) => expect(gistLine(text)).toBe(line));
  test("JSON that was cut", () => expect(callText('{"city":"Lis')).toBe('city: "Lis'));
});

describe("highlighting", () => {
  const check = (code: string, expected: string) =>
    expect(
      highlight(code)
        .map((token) => (token.kind === "plain" ? token.text : `<${token.kind}:${token.text}>`))
        .join(""),
    ).toBe(expected);
  test("strings, numbers, keywords, calls", () =>
    check('if x == 12: f("a")', '<keyword:if> x == <number:12>: <name:f>(<string:"a">)'));
  test("keys of JSON", () => check('{"a": "b"}', '{<name:"a">: <string:"b">}'));
  test("comments hold no strings", () => check('a // "b"', 'a <comment:// "b">'));
  test("what is highlighted is the code", () => {
    const code = 'def f(x):\n  """doc"""\n  # note\n  return `a` + 1.5e3 / \'b\n';
    expect(
      highlight(code)
        .map((token) => token.text)
        .join(""),
    ).toBe(code);
  });
});

describe("JSON lines", () => {
  const value = { id: 7, list: [1, { deep: true }], empty: [], text: `${"x".repeat(200)}` };
  const print = (open: Set<string>) =>
    jsonLines(value, open).map((line) => `${"  ".repeat(line.depth)}${line.key ?? "$"} ${line.kind}`);
  test("closed is one line", () => expect(print(new Set())).toEqual(["$ object"]));
  test("only what is open has lines", () =>
    expect(print(new Set(["", "/list"]))).toEqual([
      "$ object",
      "  id leaf",
      "  list array",
      "    0 leaf",
      "    1 object",
      "  empty leaf",
      "  text string",
    ]));
  test("a long string unfolds into lines of text", () =>
    expect(print(new Set(["", "/text"])).slice(-2)).toEqual(["    $ text", "    $ text"]));
  test("what opens first fits the limit", () => {
    const wide = { a: Array.from({ length: 90 }, (_, n) => ({ n })), b: { c: 1 } };
    const lines = jsonLines(wide, initiallyOpen(wide, 100));
    expect(lines.length).toBeLessThanOrEqual(100);
    expect(lines.length).toBeGreaterThan(90);
  });
  test("a long list has ranges, and a path leads through them", () => {
    const list = Array.from({ length: 25_000 }, (_, n) => n);
    const open = new Set(idsAbove({ list }, ["list", 12_345]));
    const lines = jsonLines({ list }, open);
    expect(lines.length).toBeLessThan(250);
    expect(lines.find((line) => line.id === idOfPath(["list", 12_345]))?.value).toBe(12_345);
  });
  test("keys with a slash have ids of their own", () => expect(idOfPath(["a/b"])).not.toBe(idOfPath(["a", "b"])));
  test("paths as code", () => expect(pathText(["choices", 0, "a b", "c"])).toBe('choices[0]["a b"].c'));
  test("search finds keys and values in order", () => {
    expect(searchJson(value, "DEEP")).toEqual([["list", 1, "deep"]]);
    expect(searchJson(value, "7")).toEqual([["id"]]);
    expect(searchJson(value, "")).toEqual([]);
  });
});

describe("conversations", () => {
  const say = (role: string, text: string): Message => ({
    role,
    name: null,
    parts: [{ type: "text", text }],
    finish_reason: null,
  });
  const call = (id: string | null, name: string): Part => ({ type: "tool_call", id, name, arguments: { q: 1 } });
  const result = (id: string | null, name: string | null): Part => ({
    type: "tool_result",
    id,
    name,
    result: "ok",
    is_error: false,
  });
  const of = (role: string, ...parts: Part[]): Message => ({ role, name: null, parts, finish_reason: null });

  const first = [say("system", "s"), say("user", "u")];
  const answer = of("assistant", { type: "text", text: "" }, call("1", "search"));
  const cases: [string, Message[], number][] = [
    [
      "a next turn repeats input and answer",
      [...first, of("assistant", call("1", "search")), of("tool", result("1", null))],
      3,
    ],
    ["another conversation repeats nothing", [say("user", "other"), say("user", "u")], 0],
    ["the same call again still shows its last message", first, 1],
    ["one message has no history", [say("system", "s")], 0],
  ];
  test.each(cases)("%s", (_, now, repeated) =>
    expect(repeatedMessages(now, { input: first, output: [answer] })).toBe(repeated),
  );

  test("results go to their calls, by id or by name", () => {
    const messages = [
      of("assistant", call("1", "a"), call("2", "b"), call(null, "c")),
      of("tool", result("2", null)),
      of("tool", result("1", null)),
      of("tool", result(null, "c")),
    ];
    const { results, absorbed } = matchResults(messages);
    expect([...results].map(([from, to]) => [from.name, to.id])).toEqual([
      ["b", "2"],
      ["a", "1"],
      ["c", null],
    ]);
    expect(absorbed.size).toBe(3);
  });
  test("a result without a call stays where it is", () =>
    expect(matchResults([of("tool", result("9", "x"))]).absorbed.size).toBe(0));
  test("arguments on a line", () => {
    expect(argumentsLine({ city: "Lisbon", nights: 3 })).toBe('city: "Lisbon", nights: 3');
    expect(argumentsLine({ text: "x".repeat(999) }).length).toBeLessThan(260);
    expect(argumentsLine(null)).toBe("");
  });
  test("equality ignores the order of keys, not that of lists", () => {
    expect(sameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
    expect(sameJson({}, [])).toBe(false);
  });
});
