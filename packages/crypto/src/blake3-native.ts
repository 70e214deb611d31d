/**
 * BLAKE3 by the native package `@napi-rs/blake-hash` 1.3.4. Digests come as hexadecimal text: a Buffer of the package is
 * memory with a finalizer, 0.9 µs more for each, and the garbage collector's to free. The package reads any view of bytes,
 * shared memory too.
 */

import { createRequire } from "node:module";
import type { Blake3, IncrementalHash, KeyedHash } from "./blake3.js";
import { BLAKE3_LENGTH, checkBlake3Key, HasherPerKey } from "./blake3-parts.js";

interface NativeHasher {
  reset(): void;
  update(data: Uint8Array): unknown;
  digest(): string;
}

interface NativeModule {
  Blake3Hasher: { new (): NativeHasher; newKeyed(key: Buffer): NativeHasher };
}

/**
 * Binaries that are tried before the package's own loader, which takes 6 ms to tell one C library from another, in each
 * worker anew. One for another machine does not load, and one that is missing costs 0.1 ms.
 */
const BINARIES = ["@napi-rs/blake-hash-linux-x64-gnu", "@napi-rs/blake-hash-linux-arm64-gnu"] as const;

/** @throws when the package is not installed or has no binary for this platform. */
export function loadNativeBlake3(): Blake3 {
  const require = createRequire(import.meta.url);
  for (const binary of BINARIES) {
    try {
      return new NativeBlake3(require(binary) as NativeModule);
    } catch {
      // The package's own loader finds another, or says what is missing.
    }
  }
  return new NativeBlake3(require("@napi-rs/blake-hash") as NativeModule);
}

class NativeBlake3 implements Blake3 {
  readonly name = "blake-hash";
  readonly #native: NativeModule;
  readonly #hasher: IncrementalHash;

  constructor(native: NativeModule) {
    this.#native = native;
    this.#hasher = this.incremental();
  }

  hash(...parts: readonly Uint8Array[]): Uint8Array {
    for (const part of parts) this.#hasher.update(part);
    const target = new Uint8Array(BLAKE3_LENGTH);
    this.#hasher.digestInto(target, 0);
    return target;
  }

  keyed(key: Uint8Array): KeyedHash {
    checkBlake3Key(key);
    const ownKey = Buffer.from(key);
    return new HasherPerKey(() => new NativeHash(this.#native.Blake3Hasher.newKeyed(ownKey)));
  }

  incremental(): IncrementalHash {
    return new NativeHash(new this.#native.Blake3Hasher());
  }
}

class NativeHash implements IncrementalHash {
  readonly #hasher: NativeHasher;
  readonly #digest = Buffer.alloc(BLAKE3_LENGTH);

  constructor(hasher: NativeHasher) {
    this.#hasher = hasher;
  }

  update(data: Uint8Array): void {
    this.#hasher.update(data);
  }

  digestInto(target: Uint8Array, offset: number): void {
    this.#end();
    target.set(this.#digest, offset);
  }

  matches(expected: Uint8Array, offset = 0): boolean {
    this.#end();
    return this.#digest.compare(expected, offset, offset + BLAKE3_LENGTH) === 0;
  }

  #end(): void {
    this.#digest.write(this.#hasher.digest(), 0, BLAKE3_LENGTH, "hex");
    this.#hasher.reset();
  }
}
