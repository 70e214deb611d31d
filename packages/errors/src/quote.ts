/**
 * Names from a file system, made safe to show: a name is any bytes, and a terminal obeys some of them. What is not
 * plainly visible becomes `\xNN` for each of its bytes, and a backslash `\\`, so that the bytes can be told from it.
 */
import { byteOf, bytesOfText, textOfBytes } from "./byte-text.js";

/** Controls, invisible and direction-changing characters, line separators, and what Unicode knows no character for. */
const hidden = /[\p{C}\p{Zl}\p{Zp}]/u;

const BACKSLASH = 0x5c;

/** The bytes of a name or path as text without any control. */
export function quoteName(bytes: Uint8Array): string {
  let quoted = "";
  for (const character of textOfBytes(bytes)) quoted += character === "\\" ? "\\\\" : showCharacter(character);
  return quoted;
}

/** Text from elsewhere, such as the message of an error, on one line and without controls. */
export function quoteText(text: string): string {
  let quoted = "";
  for (const character of text) quoted += showCharacter(character);
  return quoted;
}

function showCharacter(character: string): string {
  if (!hidden.test(character)) return character;
  const bytes = byteOf(character) === undefined ? new TextEncoder().encode(character) : bytesOfText(character);
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

/**
 * The bytes of what {@link quoteName} has made of a path; undefined when it has made nothing else of them, or the text is
 * none that it makes. `unquoteName(quoteName(path)) ?? path = path`.
 */
export function unquoteName(quoted: Uint8Array): Uint8Array | undefined {
  if (!quoted.includes(BACKSLASH)) return undefined;
  // One character a byte.
  const text = Buffer.from(quoted.buffer, quoted.byteOffset, quoted.length).toString("latin1");
  const isQuoted = /^(?:[^\\]|\\\\|\\x[0-9a-f]{2})*$/.test(text);
  if (!isQuoted || /\\x2f/.test(text.replaceAll("\\\\", ""))) return undefined;
  const plain = text.replaceAll(/\\(?:\\|x([0-9a-f]{2}))/g, (_, hex: string | undefined) =>
    hex === undefined ? "\\" : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, "latin1");
}
