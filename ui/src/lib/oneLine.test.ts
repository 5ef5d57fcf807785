import { expect, it } from "vitest";
import { oneLine } from "./oneLine";

it.each([
  ["a\n\t b  ", "a b"],
  ["invoice\u202Egnp.exe", "invoicegnp.exe"],
  ["\u2066one\u2069 \u2067two\u2069", "one two"],
  ["bell\u0007 and \u001b[31mred", "bell and [31mred"],
  ["שלום עולם", "שלום עולם"],
])("%j is written as %j", (text, line) => {
  expect(oneLine(text)).toBe(line);
});
