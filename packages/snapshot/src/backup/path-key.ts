/** Absolute paths as keys of maps: one character a byte, so that they sort as the bytes do. */

export function keyOf(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString("latin1");
}

/** Of a path, the folder it lies in, and so on up to `/`. */
export function* keysAtOrAbove(key: string): Generator<string> {
  yield key;
  for (let end = key.lastIndexOf("/"); end > 0; end = key.lastIndexOf("/", end - 1)) yield key.slice(0, end);
  if (key !== "/") yield "/";
}
