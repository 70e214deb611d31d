/** Paths as bytes, in no encoding. */

const SLASH = 0x2f;
const separator = Uint8Array.of(SLASH);

/** Joins two paths; either may be empty, and the first may be `/`. */
export function joinPath(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  return a.at(-1) === SLASH ? Buffer.concat([a, b]) : Buffer.concat([a, separator, b]);
}

/** The folder an absolute path is in, and its last name. `/` is in itself, under an empty name. */
export function splitPath(path: Uint8Array): { folder: Uint8Array; name: Uint8Array } {
  const cut = path.lastIndexOf(SLASH);
  return { folder: path.subarray(0, Math.max(cut, 1)), name: path.subarray(cut + 1) };
}
