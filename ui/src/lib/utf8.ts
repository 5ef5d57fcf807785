// The API counts places in a text in UTF-8 bytes, the editor in UTF-16 units.

/** Returns the UTF-16 offset of a byte offset; one inside a character is moved to its start. */
export function toUtf16(text: string, byte: number): number {
  let bytes = 0;
  let units = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > byte) return units;
    units += character.length;
  }
  return units;
}

/** Returns the byte offset of a UTF-16 offset. */
export function toUtf8(text: string, unit: number): number {
  let bytes = 0;
  let units = 0;
  for (const character of text) {
    if (units >= unit) break;
    units += character.length;
    bytes += byteLength(character);
  }
  return bytes;
}

function byteLength(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
