/**
 * Names of entries: 1 to 1,024 bytes without `00` and `/`, not `.` or `..`, in the order of byte strings.
 */

import { quoteName } from "@bcat/errors";
import { nameLengthMax } from "./node.js";

const slash = 0x2f;
const dot = 0x2e;

/** True when an entry can have this name: it cannot lead out of its directory. */
export function isName(name: Uint8Array): boolean {
  const { length } = name;
  if (length < 1 || length > nameLengthMax) return false;
  if (name[0] === dot && (length === 1 || (length === 2 && name[1] === dot))) return false;
  for (let i = 0; i < length; i++) if (name[i] === 0 || name[i] === slash) return false;
  return true;
}

/** Negative, zero or positive, as byte strings are ordered. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

/** For errors. */
export function showName(name: Uint8Array): string {
  return `"${quoteName(name)}"`;
}
