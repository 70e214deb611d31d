/** What both implementations of BLAKE3 share. */

import type { IncrementalHash } from "./blake3.js";

export const BLAKE3_LENGTH = 32;

export function checkBlake3Key(key: Uint8Array): void {
  if (key.length !== BLAKE3_LENGTH)
    throw new RangeError(`Cannot key BLAKE3: found ${key.length} bytes, allowed are 32`);
}

export interface OpenHasher {
  update(data: Uint8Array): void;
  /** Called once, last. */
  finish(): Uint8Array;
}

/** An incremental hash that refuses use after its digest, which in WASM would touch freed memory. */
export function createIncremental(hasher: OpenHasher): IncrementalHash {
  let open: OpenHasher | undefined = hasher;
  const take = (): OpenHasher => {
    if (open === undefined) throw new TypeError("Cannot use a BLAKE3 hash after its digest");
    return open;
  };
  return {
    update(data) {
      take().update(data);
    },
    digest() {
      const last = take();
      open = undefined;
      return last.finish();
    },
  };
}
