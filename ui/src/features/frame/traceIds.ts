// What a typed text may mean as a trace's id: a whole one, or the first digits of one.

/** Fewer digits would be found in too many ids, and in words. */
const LEAST_DIGITS = 6;

/** Returns the id if the text is a whole one for certain: 32 hexadecimal digits, with `tr-` or without. */
export function wholeId(text: string): string | null {
  const digits = /^(?:tr-)?([0-9a-f]{32})$/i.exec(text)?.[1];
  return digits ? `tr-${digits.toLowerCase()}` : null;
}

/** True if the text may be an id of another make. Words alone are not taken for ids. */
export function maybeId(text: string): boolean {
  return /^[^\s'"/]{3,}$/.test(text) && !/^(?:tr-)?[0-9a-f]*$/i.test(text) && /^tr-|\d/.test(text);
}

/** Returns how the ids begin that are looked for, or null if the text is no part of one. */
export function idPrefix(text: string): string | null {
  const digits = /^(?:tr-)?([0-9a-f]{1,31})$/i.exec(text)?.[1];
  return digits && digits.length >= LEAST_DIGITS ? `tr-${digits.toLowerCase()}` : null;
}
