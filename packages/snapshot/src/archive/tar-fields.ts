/**
 * Headers of tar entries as they are read: those of `tar-header.ts`, and what other programs have written: sums of signed
 * bytes, numbers in base 256 (GNU), the prefix of ustar but not what GNU has in its place, Version 7 without a magic.
 */
import { tarBlockSize } from "./tar-header.js";

export interface RawHeader {
  readonly name: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  /** A letter. */
  readonly type: string;
  readonly target: Uint8Array;
  readonly user: Uint8Array;
  readonly group: Uint8Array;
  readonly major: number;
  readonly minor: number;
}

const SLASH = Uint8Array.of(0x2f);
const MAGIC = "ustar";
/** Of GNU tar, which has no prefix. */
const GNU_MAGIC = "ustar ";
const SIGN = 0x40;

/** @throws RangeError for what is no header */
export function readTarHeader(block: Uint8Array): RawHeader {
  const sum = readNumber(block, 148, 8);
  if (sum !== sumOf(block, 0) && sum !== sumOf(block, 128)) throw new RangeError("a header has a wrong sum");
  const magic = Buffer.from(block.subarray(257, 263)).toString("latin1");
  const isUstar = magic.startsWith(MAGIC);
  const prefix = isUstar && magic !== GNU_MAGIC ? readText(block, 345, 155) : new Uint8Array(0);
  const name = readText(block, 0, 100);
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, SLASH, name]) : name,
    mode: readNumber(block, 100, 8),
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readNumber(block, 124, 12),
    mtimeSeconds: readNumber(block, 136, 12),
    type: String.fromCharCode(block[156]!),
    target: readText(block, 157, 100),
    user: isUstar ? readText(block, 265, 32) : new Uint8Array(0),
    group: isUstar ? readText(block, 297, 32) : new Uint8Array(0),
    major: isUstar ? readNumber(block, 329, 8) : 0,
    minor: isUstar ? readNumber(block, 337, 8) : 0,
  };
}

export function isTarHeader(block: Uint8Array): boolean {
  try {
    readTarHeader(block);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** True for a header with the mark of star at its end, which has its maps of holes elsewhere than GNU tar. */
export function isOfStar(block: Uint8Array): boolean {
  return Buffer.from(block.subarray(508)).toString("latin1") === "tar\0";
}

/** Of all bytes, its own field counting as blanks; those from `limit` on, if not 0, as negative ones. */
function sumOf(block: Uint8Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < tarBlockSize; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!;
    sum += limit > 0 && byte >= limit ? byte - 256 : byte;
  }
  return sum;
}

export function readText(block: Uint8Array, start: number, size: number): Uint8Array {
  const field = block.subarray(start, start + size);
  const end = field.indexOf(0);
  return (end < 0 ? field : field.subarray(0, end)).slice();
}

/** Octal text, or with the highest bit set base 256. @throws RangeError for anything else, or beyond 2^53 */
export function readNumber(block: Uint8Array, start: number, size: number): number {
  const first = block[start]!;
  const value = first >= 0x80 ? readBase256(block.subarray(start, start + size)) : readOctal(block, start, size);
  if (!Number.isSafeInteger(value)) throw new RangeError("a header has a number that nobody can mean");
  return value;
}

function readOctal(block: Uint8Array, start: number, size: number): number {
  const text = Buffer.from(block.subarray(start, start + size)).toString("latin1");
  const digits = /^[ \0]*([0-7]*)[ \0]*/.exec(text);
  return digits?.[1] ? Number.parseInt(digits[1], 8) : 0;
}

function readBase256(bytes: Uint8Array): number {
  const first = bytes[0]!;
  const isNegative = (first & SIGN) !== 0;
  let value = isNegative ? first - 256 : first & 0x7f;
  for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  return value;
}
