/** BLAKE3 by the native package `@napi-rs/blake-hash` 1.3.4. */

import { createRequire } from "node:module";
import type { Blake3, KeyedHash } from "./blake3.js";
import { checkBlake3Key } from "./blake3-parts.js";

interface NativeHasher {
  reset(): void;
  update(data: Buffer): unknown;
  digestBuffer(): Buffer;
}

interface NativeModule {
  blake3(data: Buffer): Buffer;
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

  constructor(native: NativeModule) {
    this.#native = native;
  }

  hash(...parts: readonly Uint8Array[]): Uint8Array {
    const [first, ...others] = parts;
    if (first !== undefined && others.length === 0) return plain(this.#native.blake3(view(first)));
    const hasher = new this.#native.Blake3Hasher();
    for (const part of parts) hasher.update(view(part));
    return plain(hasher.digestBuffer());
  }

  keyed(key: Uint8Array): KeyedHash {
    checkBlake3Key(key);
    // One hasher for all calls: making one costs as much as hashing 4 KiB.
    const hasher = this.#native.Blake3Hasher.newKeyed(view(key));
    return {
      hash(data) {
        hasher.reset();
        hasher.update(view(data));
        return plain(hasher.digestBuffer());
      },
    };
  }
}

/** The same memory as a Buffer, which is all the native package takes. */
function view(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** The same memory as a plain array: a Buffer has other `slice` and `toString`, and the WASM package returns none. */
function plain(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
