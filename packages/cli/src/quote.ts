/**
 * Names from a file system, made safe to show: a name is any bytes, and a terminal obeys some of them. What is not
 * plainly visible becomes `\xNN` for each of its bytes, and a backslash `\\`, so that the bytes can be told from it.
 */

/** Controls, invisible and direction-changing characters, line separators, and what Unicode knows no character for. */
const hidden = /[\p{C}\p{Zl}\p{Zp}]/u;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a name or path as text without any control. */
export function quoteName(bytes: Uint8Array): string {
  const text = decodeUtf8(bytes);
  if (text === undefined) return escapeInvalid(bytes);
  let quoted = "";
  for (const character of text) quoted += character === "\\" ? "\\\\" : showCharacter(character);
  return quoted;
}

/** Text from elsewhere, such as the message of an error, on one line and without controls. */
export function quoteText(text: string): string {
  let quoted = "";
  for (const character of text) quoted += showCharacter(character);
  return quoted;
}

/** The text that the bytes are in UTF-8, or undefined when they are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function showCharacter(character: string): string {
  return hidden.test(character) ? escapeBytes(new TextEncoder().encode(character)) : character;
}

function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/** Longest form of one character in UTF-8, bytes. */
const characterLengthMax = 4;

function escapeInvalid(bytes: Uint8Array): string {
  let quoted = "";
  for (let offset = 0; offset < bytes.length; ) {
    const length = characterLength(bytes, offset);
    quoted +=
      length === 0
        ? escapeBytes(bytes.subarray(offset, offset + 1))
        : quoteName(bytes.subarray(offset, offset + length));
    offset += Math.max(length, 1);
  }
  return quoted;
}

/** Length of the valid character at `offset`, or 0. */
function characterLength(bytes: Uint8Array, offset: number): number {
  for (let length = 1; length <= characterLengthMax && offset + length <= bytes.length; length++) {
    if (decodeUtf8(bytes.subarray(offset, offset + length)) !== undefined) return length;
  }
  return 0;
}
