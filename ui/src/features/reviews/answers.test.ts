import { expect, it } from "vitest";
import type { Assessment, LabelInput, LabelSchema } from "../../api/types";
import { choose, draftsOf, EMPTY, given, isChosen, nextOpen, optionOfKey, optionsOf, read } from "./answers";

function question(input: LabelInput, id: string = input.type, enable_comment = true): LabelSchema {
  return {
    schema_id: id,
    experiment_id: "0",
    name: id,
    kind: "feedback",
    instruction: null,
    enable_comment,
    input,
    is_default: false,
    created_ns: "0",
  };
}

const yesNo = question({ type: "pass_fail", positive_label: "Good", negative_label: "Bad" });
const one = question({ type: "categorical", options: ["a", "b"], multi_select: false }, "one");
const some = question({ type: "categorical", options: ["a", "b", "c"], multi_select: true }, "some");
const stars = question({ type: "numeric", min_value: 1, max_value: 5 });
const text = question({ type: "text", max_length: 3 }, "text", false);

it("keys stand for options", () => {
  expect(optionOfKey(yesNo, "1")).toBe(true);
  expect(optionOfKey(yesNo, "n")).toBe(false);
  expect(optionOfKey(one, "2")).toBe("b");
  expect(optionOfKey(one, "3")).toBeUndefined();
  expect(optionOfKey(stars, "1")).toBeUndefined();
  const ten = question({ type: "categorical", options: [..."abcdefghij"], multi_select: false });
  expect(optionsOf(ten).at(-1)?.key).toBe("0");
});

it("one option replaces another, several are turned on and off", () => {
  expect(choose(one, choose(one, undefined, "a"), "b").choice).toBe("b");
  const both = choose(some, choose(some, undefined, "a"), "c");
  expect(both.choice).toEqual(["a", "c"]);
  expect(choose(some, both, "a").choice).toEqual(["c"]);
  expect(isChosen(both, "c")).toBe(true);
  expect(isChosen({ ...both, none: true }, "c")).toBe(false);
});

it.each([
  ["", { state: "open" }],
  ["4,5", { state: "answered", value: 4.5 }],
  ["six", { state: "wrong", problem: "“six” is not a number" }],
  ["6", { state: "wrong", problem: "at most 5" }],
  ["0", { state: "wrong", problem: "at least 1" }],
])("the number %j", (typed, reading) => expect(read(stars, { ...EMPTY, text: typed })).toEqual(reading));

it("a text has its longest length", () => {
  expect(read(text, { ...EMPTY, text: " äöü " })).toEqual({ state: "answered", value: "äöü" });
  expect(read(text, { ...EMPTY, text: "four" }).state).toBe("wrong");
});

it("the next open question follows, then those before", () => {
  const questions = [yesNo, one, some];
  expect(nextOpen(questions, {}, 1)).toBe(1);
  expect(nextOpen(questions, { one: { ...EMPTY, choice: "a" }, some: { ...EMPTY, none: true } }, 1)).toBe(0);
  const all = {
    pass_fail: { ...EMPTY, choice: false },
    one: { ...EMPTY, choice: "a" },
    some: { ...EMPTY, none: true },
  };
  expect(nextOpen(questions, all, 2)).toBe(-1);
});

it("what is answered is sent, and comments where they are taken", () => {
  const drafts = {
    pass_fail: { ...EMPTY, choice: false, comment: " why " },
    one: { ...EMPTY, none: true, comment: "never" },
    text: { ...EMPTY, text: "abc", comment: "not taken" },
  };
  expect(given([yesNo, one, some, text], drafts)).toEqual([
    { schema_id: "pass_fail", value: false, comment: "why" },
    { schema_id: "one", value: null, comment: null },
    { schema_id: "text", value: "abc", comment: null },
  ]);
});

it("answers of before come from the reviewer's own assessments", () => {
  const assessment = (name: string, value: unknown, id: string): Assessment => ({
    assessment_id: name + id,
    trace_id: "t",
    name,
    kind: "feedback",
    value,
    error: null,
    source: { type: "HUMAN", id },
    span_id: null,
    rationale: "so",
    metadata: {},
    created_ns: "0",
    last_updated_ns: "0",
    valid: true,
    overrides: null,
  });
  const drafts = draftsOf(
    [yesNo, stars],
    [assessment("pass_fail", true, "ann"), assessment("numeric", 3, "ann"), assessment("pass_fail", false, "bob")],
    "ann",
  );
  expect(drafts).toEqual({
    pass_fail: { choice: true, text: "", none: false, comment: "so" },
    numeric: { text: "3", none: false, comment: "so" },
  });
});
