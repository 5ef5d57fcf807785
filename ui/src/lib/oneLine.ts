// Text that others wrote, made fit for one line beside our own words.

// Direction controls would mirror what follows them, and control characters draw boxes or nothing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const INVISIBLE = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Returns a text on one line: breaks and runs of blanks become one blank, control characters go. */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
}
