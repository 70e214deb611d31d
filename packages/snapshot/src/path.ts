/** Paths as bytes, in no encoding. */

import { compareBytes } from "./tree/name.js";

const SLASH = 0x2f;
const DOT = 0x2e;
const separator = Uint8Array.of(SLASH);

/** A path as the key of a map: one character a byte, so that keys sort as the bytes do. */
export function keyOf(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString("latin1");
}

/** Of an absolute path, the folder that it lies in, and so on up to `/`. */
export function* keysAtOrAbove(key: string): Generator<string> {
  yield key;
  for (let end = key.lastIndexOf("/"); end > 0; end = key.lastIndexOf("/", end - 1)) yield key.slice(0, end);
  if (key !== "/") yield "/";
}

/** True when `path` is `folder`, or lies in it. Both are absolute. */
export function isAtOrBelow(path: Uint8Array, folder: Uint8Array): boolean {
  if (path.length < folder.length || compareBytes(path.subarray(0, folder.length), folder) !== 0) return false;
  return path.length === folder.length || folder.at(-1) === SLASH || path[folder.length] === SLASH;
}

/** Joins two paths; either may be empty, and the first may be `/`. */
export function joinPath(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return a.at(-1) === SLASH ? Buffer.concat([a, b]) : Buffer.concat([a, separator, b]);
}

/** Names, one below the other, as a path; an empty one of none. */
export function joinNames(names: readonly Uint8Array[]): Uint8Array {
  const slashes = Math.max(0, names.length - 1);
  const joined = new Uint8Array(names.reduce((length, { length: more }) => length + more, slashes));
  let end = 0;
  for (const name of names) {
    if (end > 0) joined[end++] = SLASH;
    joined.set(name, end);
    end += name.length;
  }
  return joined;
}

/** The folder an absolute path is in, and its last name. `/` is in itself, under an empty name. */
export function splitPath(path: Uint8Array): { folder: Uint8Array; name: Uint8Array } {
  const cut = path.lastIndexOf(SLASH);
  return { folder: path.subarray(0, Math.max(cut, 1)), name: path.subarray(cut + 1) };
}

/** The folders that an absolute path lies in, from `/` on; none for `/`. */
export function pathsAbove(path: Uint8Array): Uint8Array[] {
  const above = path.length > 1 ? [path.subarray(0, 1)] : [];
  for (let end = path.indexOf(SLASH, 1); end > 0; end = path.indexOf(SLASH, end + 1)) above.push(path.subarray(0, end));
  return above;
}

/** The names in a path; empty ones and `.` are left out, as the system does. */
export function componentsOf(path: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path[i] !== SLASH) continue;
    const name = path.subarray(start, i);
    if (name.length > 0 && !(name.length === 1 && name[0] === DOT)) names.push(name);
    start = i + 1;
  }
  return names;
}
