/** What both implementations of BLAKE3 share. */

export const BLAKE3_LENGTH = 32;

export function checkBlake3Key(key: Uint8Array): void {
  if (key.length !== BLAKE3_LENGTH)
    throw new RangeError(`Cannot key BLAKE3: found ${key.length} bytes, allowed are 32`);
}
