/**
 * Names of entries: 1 to 1,024 bytes without `00` and `/`, not `.` or `..`, in the order of byte strings.
 */

import { quoteName } from "@bcat/errors";
import { nameLengthMax } from "./node.js";

const slash = 0x2f;
const dot = 0x2e;

/** True when an entry can have the name that lies in `bytes` from `start` to `end`: it cannot lead out of its directory. */
export function isName(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  const length = end - start;
  if (length < 1 || length > nameLengthMax) return false;
  if (bytes[start] === dot && (length === 1 || (length === 2 && bytes[start + 1] === dot))) return false;
  for (let i = start; i < end; i++) if (bytes[i] === 0 || bytes[i] === slash) return false;
  return true;
}

/** Negative, zero or positive, as byte strings are ordered. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** A part of a byte string. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** As {@link compareBytes}, two parts of one byte string. */
export function compareRanges(bytes: Uint8Array, a: Range, b: Range): number {
  const length = Math.min(a.end - a.start, b.end - b.start);
  for (let i = 0; i < length; i++) {
    const difference = bytes[a.start + i]! - bytes[b.start + i]!;
    if (difference !== 0) return difference;
  }
  return a.end - a.start - (b.end - b.start);
}

/** For errors. */
export function showName(name: Uint8Array): string {
  return `"${quoteName(name)}"`;
}
