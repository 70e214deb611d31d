/** Growth of the bytes that rows of a directory lie in, one after another. */

/** What says where a row lies has 32 bits: behind this it would begin anew, and rows would get what others have. */
const BYTES_MAX = 2 ** 32 - 1;

/**
 * A larger copy of `bytes`, of `needed` or more.
 *
 * @throws RangeError when that is more than a directory can have of `what`
 */
export function growBytes(bytes: Uint8Array, needed: number, what: string): Uint8Array<ArrayBuffer> {
  if (needed > BYTES_MAX)
    throw new RangeError(`Cannot hold the ${what} of a directory: ${needed} bytes are above the limit ${BYTES_MAX}`);
  const larger = new Uint8Array(Math.min(BYTES_MAX, Math.max(needed, 2 * bytes.length)));
  larger.set(bytes);
  return larger;
}
