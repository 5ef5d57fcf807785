import { expect, it } from "vitest";
import { wordsOf } from "./words";

it.each([
  ["text ~ 'Refund policy' AND status = 'OK'", ["refund", "policy"]],
  ["text ~ \"it's 12€\" OR text ~ '12'", ["it", "s", "12"]],
  ["text !~ 'secret'", []],
  ["NOT text ~ 'secret'", []],
  ["name = 'text ~ x'", []],
  ["text ~ 'half", ["half"]],
])("%s", (filter, words) => {
  expect(wordsOf(filter)).toEqual(words);
});
