/**
 * The order of scan records: directories after those below them, siblings by name as byte strings, so that the root,
 * whose relative path is empty, comes last.
 */

const slash = 0x2f;

/**
 * Negative, zero or positive, for two paths relative to one root, without a slash at either end.
 *
 * @param shared bytes that both begin with, as many as can be
 */
export function comparePostOrder(a: Uint8Array, b: Uint8Array, shared = sharedLength(a, b)): number {
  const aLeft = a.length - shared;
  const bLeft = b.length - shared;
  if (aLeft === 0 && bLeft === 0) return 0;
  if (aLeft === 0 && (shared === 0 || b[shared] === slash)) return 1;
  if (bLeft === 0 && (shared === 0 || a[shared] === slash)) return -1;
  return rank(a, shared) - rank(b, shared);
}

/** Bytes that two paths have in common at their beginning. */
export function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < length && a[shared] === b[shared]) shared++;
  return shared;
}

/** A name that ends sorts before one that goes on, whatever byte it goes on with. */
function rank(path: Uint8Array, position: number): number {
  const byte = path[position];
  return byte === undefined || byte === slash ? -1 : byte;
}
