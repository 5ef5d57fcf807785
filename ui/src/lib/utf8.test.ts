import { expect, it } from "vitest";
import { toUtf8, toUtf16 } from "./utf8";

const TEXT = "a'é€😀z";

it("offsets agree with the encoder at every character", () => {
  for (let unit = 0; unit <= TEXT.length; unit += 1) {
    if (TEXT.charCodeAt(unit) >= 0xdc00 && TEXT.charCodeAt(unit) <= 0xdfff) continue;
    const bytes = new TextEncoder().encode(TEXT.slice(0, unit)).length;
    expect(toUtf8(TEXT, unit)).toBe(bytes);
    expect(toUtf16(TEXT, bytes)).toBe(unit);
  }
});

it("an offset inside a character is its start, one past the end is the end", () => {
  expect(toUtf16("é", 1)).toBe(0);
  expect(toUtf16("ab", 9)).toBe(2);
});
