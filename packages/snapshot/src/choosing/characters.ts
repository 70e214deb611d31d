/**
 * The characters of a name, which is bytes: a valid UTF-8 sequence (RFC 3629) or, where there is none, a single byte.
 */

import { byteOf, bytesOfText, textOfBytes } from "@bcat/errors";

/** What a wildcard takes one of. */
export interface Units {
  /** The units of a pattern's text (`textOfBytes`), as characters. */
  split(text: string): string[];
  at(path: Uint8Array, at: number, end: number): number;
  length(unit: number): number;
}

/** A byte that begins no valid UTF-8 sequence counts as the character `invalidByte + byte`, above all code points. */
const invalidByte = 0x110000;

/** Decodes one UTF-8 sequence (RFC 3629); overlong forms, surrogates and values above U+10FFFF are invalid bytes. */
export function characterAt(path: Uint8Array, at: number, end: number): number {
  const first = path[at]!;
  if (first < 0x80) return first;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || at + length > end) return invalidByte + first;
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i += 1) {
    const next = path[at + i]!;
    if ((next & 0xc0) !== 0x80) return invalidByte + first;
    code = (code << 6) | (next & 0x3f);
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return isSurrogate || characterLength(code) !== length ? invalidByte + first : code;
}

export const characterUnits: Units = { split: Array.from<string>, at: characterAt, length: characterLength };

/** Each byte is one, as in git. One above 0x7f is told as one that is no character, also where it is part of one. */
export const byteUnits: Units = {
  split: (text) => Array.from(bytesOfText(text), (byte) => textOfBytes(Uint8Array.of(byte))),
  at: (path, at) => (path[at]! < 0x80 ? path[at]! : invalidByte + path[at]!),
  length: () => 1,
};

/** The one that a character of a pattern stands for, which is text of bytes (`textOfBytes`). */
export function characterOf(character: string): number {
  const byte = byteOf(character);
  return byte === undefined ? character.codePointAt(0)! : invalidByte + byte;
}

/** The bytes that stand for the characters. */
export function encodeCharacters(characters: readonly number[]): Uint8Array {
  return Buffer.concat(
    characters.map((one) => (isInvalid(one) ? Buffer.of(one - invalidByte) : Buffer.from(String.fromCodePoint(one)))),
  );
}

/** True for a byte that is no character. */
export function isInvalid(character: number): boolean {
  return character >= invalidByte;
}

export function characterLength(character: number): number {
  if (character < 0x80 || character >= invalidByte) return 1;
  if (character < 0x800) return 2;
  return character < 0x10000 ? 3 : 4;
}

/** The same bytes with each character in its lower case, where that is one character. */
export function foldCase(bytes: Uint8Array): Uint8Array {
  const isPlain = bytes.every((byte) => byte < 0x80 && (byte < 0x41 || byte > 0x5a));
  if (isPlain) return bytes;
  const folded: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at, bytes.length);
    const length = characterLength(character);
    folded.push(
      character >= invalidByte ? Buffer.of(bytes[at]!) : Buffer.from(foldCharacter(String.fromCodePoint(character))),
    );
    at += length;
  }
  return Buffer.concat(folded);
}

/** As {@link foldCase}, of the text of a pattern. */
export function foldText(text: string): string {
  return Array.from(text, foldCharacter).join("");
}

function foldCharacter(character: string): string {
  const lower = character.toLowerCase();
  return Array.from(lower).length === 1 ? lower : character;
}
