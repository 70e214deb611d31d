/** What both implementations of BLAKE3 share. */

import type { IncrementalHash, KeyedHash } from "./blake3.js";

export const BLAKE3_LENGTH = 32;

export function checkBlake3Key(key: Uint8Array): void {
  if (key.length !== BLAKE3_LENGTH)
    throw new RangeError(`Cannot key BLAKE3: found ${key.length} bytes, allowed are 32`);
}

/** One hasher for all calls: making one costs as much as hashing 4 KiB. */
export class HasherPerKey implements KeyedHash {
  readonly #create: () => IncrementalHash;
  readonly #hasher: IncrementalHash;

  constructor(create: () => IncrementalHash) {
    this.#create = create;
    this.#hasher = create();
  }

  hash(data: Uint8Array): Uint8Array {
    const target = new Uint8Array(BLAKE3_LENGTH);
    this.hashInto(data, target, 0);
    return target;
  }

  hashInto(data: Uint8Array, target: Uint8Array, offset: number): void {
    this.#hasher.update(data);
    this.#hasher.digestInto(target, offset);
  }

  matches(data: Uint8Array, expected: Uint8Array, offset = 0): boolean {
    this.#hasher.update(data);
    return this.#hasher.matches(expected, offset);
  }

  incremental(): IncrementalHash {
    return this.#create();
  }
}
