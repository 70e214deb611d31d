/**
 * Bytes that are nearly always text, as text: each byte that is not part of valid UTF-8 becomes a lone surrogate, U+DC00
 * and the byte (PEP 383, "surrogateescape"). UTF-8 has no surrogates, so nothing else becomes one. What a user types can
 * be divided and compared as text, and still comes back byte by byte: `bytesOfText(textOfBytes(bytes)) = bytes`.
 */

const escapeBase = 0xdc00;
/** With `u`, no half of a pair matches. */
const escapes = /[\udc80-\udcff]/u;
const escapesApart = /([\udc80-\udcff])/u;
/** Longest form of one character in UTF-8, bytes. */
const characterLengthMax = 4;

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
  for (let offset = 0; offset < bytes.length; ) {
    const length = characterLength(bytes, offset);
    found +=
      length === 0
        ? String.fromCharCode(escapeBase + bytes[offset]!)
        : decodeUtf8(bytes.subarray(offset, offset + length));
    offset += Math.max(length, 1);
  }
  return found;
}

/** Length of the valid character at `offset`, or 0. */
function characterLength(bytes: Uint8Array, offset: number): number {
  for (let length = 1; length <= characterLengthMax && offset + length <= bytes.length; length++) {
    if (decodeUtf8(bytes.subarray(offset, offset + length)) !== undefined) return length;
  }
  return 0;
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
