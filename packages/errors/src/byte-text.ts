/**
 * Bytes that are nearly always text, as text: each byte that is not part of valid UTF-8 becomes a lone surrogate, U+DC00
 * and the byte (PEP 383, "surrogateescape"). UTF-8 has no surrogates, so nothing else becomes one. What a user types can
 * be divided and compared as text, and still comes back byte by byte: `bytesOfText(textOfBytes(bytes)) = bytes`.
 */

const escapeBase = 0xdc00;
/** With `u`, no half of a pair matches. */
const escapes = /[\udc80-\udcff]/u;
const escapesApart = /([\udc80-\udcff])/u;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that the bytes are in UTF-8, or undefined when they are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function textOfBytes(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  let found = "";
  let valid = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    at += Math.max(length, 1);
    if (length > 0) continue;
    if (valid < at - 1) found += decoder.decode(bytes.subarray(valid, at - 1));
    found += String.fromCharCode(escapeBase + bytes[at - 1]!);
    valid = at;
  }
  return found + decoder.decode(bytes.subarray(valid));
}

/** Length of the character at `at` (RFC 3629), or 0 when there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  const second = bytes[at + 1]!;
  const isTooLow = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90);
  const isTooHigh = (first === 0xed && second > 0x9f) || (first === 0xf4 && second > 0x8f);
  return isTooLow || isTooHigh ? 0 : length;
}

export function bytesOfText(text: string): Uint8Array {
  if (!hasBytes(text)) return Buffer.from(text);
  const parts = text.split(escapesApart);
  return Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part) : Buffer.of(byteOf(part)!))));
}

/** True for the text of bytes that are not UTF-8. */
export function hasBytes(text: string): boolean {
  return escapes.test(text);
}

/** The byte that a character stands for; undefined when it is one of UTF-8. */
export function byteOf(character: string): number | undefined {
  return character.length === 1 && escapes.test(character) ? character.charCodeAt(0) - escapeBase : undefined;
}

/** With `\xNN` for each such byte, for where text must be Unicode. */
export function showBytes(text: string): string {
  return hasBytes(text) ? text.replaceAll(new RegExp(escapes, "gu"), showByte) : text;
}

function showByte(character: string): string {
  return `\\x${byteOf(character)!.toString(16)}`;
}
