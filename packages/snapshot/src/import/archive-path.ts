/**
 * Names in archives as paths below the root of an import. As a key, a path has a NUL for each slash: keys then sort as trees
 * do, a folder before what is in it, and siblings in the order of their names.
 */
import { isName } from "../tree/name.js";
import { nameLengthMax } from "../tree/node.js";

const SLASH = 0x2f;
const DOT = 0x2e;
const NUL = 0x00;
/** Bytes of a path in an archive. */
export const archivePathMax = 64 * 1024;

/**
 * The names of a path; none for the root. A slash at the beginning, empty names and `.` mean nothing.
 *
 * @throws RangeError for `..`, which would lead out, and for names that cannot be
 */
export function namesOf(path: Uint8Array): Uint8Array[] {
  if (path.length > archivePathMax)
    throw new RangeError(`its path has ${path.length} bytes: at most ${archivePathMax}`);
  const names: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path[i] !== SLASH) continue;
    const name = path.subarray(start, i);
    start = i + 1;
    if (name.length === 0 || (name.length === 1 && name[0] === DOT)) continue;
    if (name.length === 2 && name[0] === DOT && name[1] === DOT) throw new RangeError('its path has ".."');
    if (name.length > nameLengthMax) throw new RangeError(`a name of ${name.length} bytes: at most ${nameLengthMax}`);
    if (!isName(name)) throw new RangeError("a name that no file can have");
    names.push(name);
  }
  return names;
}

export function keyOf(names: readonly Uint8Array[]): Uint8Array {
  const key = new Uint8Array(names.reduce((length, name) => length + name.length + 1, names.length === 0 ? 0 : -1));
  let at = 0;
  for (const name of names) {
    key.set(name, at);
    at += name.length + 1;
  }
  return key;
}

export function namesOfKey(key: Uint8Array): Uint8Array[] {
  if (key.length === 0) return [];
  const names: Uint8Array[] = [];
  let start = 0;
  for (let end = key.indexOf(NUL); end >= 0; end = key.indexOf(NUL, start)) {
    names.push(key.subarray(start, end));
    start = end + 1;
  }
  names.push(key.subarray(start));
  return names;
}

/** For reports: with slashes. */
export function pathOfKey(key: Uint8Array): Uint8Array {
  return key.map((byte) => (byte === NUL ? SLASH : byte));
}
