/** BLAKE3 by whatever package hashes: all but the hashing itself is the same for both. */

import type { Blake3, IncrementalHash, KeyedHash } from "./blake3.js";

export const BLAKE3_LENGTH = 32;

/** What a package does: takes one part after another, and begins anew when it has given their hash. */
export interface Hasher {
  update(data: Uint8Array): void;
  /** Writes the 32 bytes to `digest`, which is as long. */
  finish(digest: Buffer): void;
}

export interface HasherPackage {
  readonly name: Blake3["name"];
  /** @param key of 32 bytes, which nobody changes; without one the hash is unkeyed */
  createHasher(key?: Buffer): Hasher;
}

/** BLAKE3 by the hashers of a package. */
export class PackagedBlake3 implements Blake3 {
  readonly name: Blake3["name"];
  readonly #package: HasherPackage;
  readonly #hash: IncrementalHash;

  constructor(hashers: HasherPackage) {
    this.name = hashers.name;
    this.#package = hashers;
    this.#hash = this.incremental();
  }

  hash(...parts: readonly Uint8Array[]): Uint8Array {
    for (const part of parts) this.#hash.update(part);
    const target = new Uint8Array(BLAKE3_LENGTH);
    this.#hash.digestInto(target, 0);
    return target;
  }

  keyed(key: Uint8Array): KeyedHash {
    if (key.length !== BLAKE3_LENGTH)
      throw new RangeError(`Cannot key BLAKE3: found ${key.length} bytes, allowed are 32`);
    const ownKey = Buffer.from(key);
    return new HasherPerKey(() => new HashOfParts(this.#package.createHasher(ownKey)));
  }

  incremental(): IncrementalHash {
    return new HashOfParts(this.#package.createHasher());
  }
}

class HashOfParts implements IncrementalHash {
  readonly #hasher: Hasher;
  readonly #digest = Buffer.alloc(BLAKE3_LENGTH);

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  update(data: Uint8Array): void {
    this.#hasher.update(data);
  }

  digestInto(target: Uint8Array, offset: number): void {
    this.#hasher.finish(this.#digest);
    target.set(this.#digest, offset);
  }

  matches(expected: Uint8Array, offset = 0): boolean {
    this.#hasher.finish(this.#digest);
    return this.#digest.compare(expected, offset, offset + BLAKE3_LENGTH) === 0;
  }
}

/** One hasher for all calls: making one costs as much as hashing 4 KiB. */
class HasherPerKey implements KeyedHash {
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
