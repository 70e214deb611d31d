/**
 * BLAKE3 by the native package `@napi-rs/blake-hash` 1.3.4. Digests come as hexadecimal text: a Buffer of the package is
 * memory with a finalizer, 0.9 µs more for each, and the garbage collector's to free. The package reads any view of bytes,
 * shared memory too.
 */

import { createRequire } from "node:module";
import type { Blake3 } from "./blake3.js";
import { BLAKE3_LENGTH, type Hasher, PackagedBlake3 } from "./blake3-parts.js";

interface PackageHasher {
  reset(): void;
  update(data: Uint8Array): unknown;
  digest(): string;
}

interface NativeModule {
  Blake3Hasher: { new (): PackageHasher; newKeyed(key: Buffer): PackageHasher };
}

/** What `write` with "hex" comes to, without its reading of arguments: 0.2 µs less for each digest. */
interface HexTarget extends Buffer {
  hexWrite(text: string, offset: number, length: number): number;
}

const HASH_OF_NOTHING = Buffer.from("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262", "hex");

/**
 * Binaries that are tried before the package's own loader, which takes 6 ms to tell one C library from another, in each
 * worker anew. One for another machine does not load, and one that is missing costs 0.1 ms.
 */
const BINARIES = ["@napi-rs/blake-hash-linux-x64-gnu", "@napi-rs/blake-hash-linux-arm64-gnu"] as const;

/** @throws when the package is not installed, has no binary for this platform, or gives another hash than BLAKE3. */
export function loadNativeBlake3(): Blake3 {
  const { Blake3Hasher } = loadModule();
  const blake3 = new PackagedBlake3({
    name: "blake-hash",
    createHasher: (key) => new NativeHasher(key === undefined ? new Blake3Hasher() : Blake3Hasher.newKeyed(key)),
  });
  if (Buffer.compare(blake3.hash(), HASH_OF_NOTHING) === 0) return blake3;
  throw new Error("self-test: the hash of nothing is another");
}

function loadModule(): NativeModule {
  const require = createRequire(import.meta.url);
  for (const binary of BINARIES) {
    try {
      return require(binary) as NativeModule;
    } catch {
      // The package's own loader finds another, or says what is missing.
    }
  }
  return require("@napi-rs/blake-hash") as NativeModule;
}

class NativeHasher implements Hasher {
  readonly #hasher: PackageHasher;

  constructor(hasher: PackageHasher) {
    this.#hasher = hasher;
  }

  update(data: Uint8Array): void {
    this.#hasher.update(data);
  }

  finish(digest: Buffer): void {
    (digest as HexTarget).hexWrite(this.#hasher.digest(), 0, BLAKE3_LENGTH);
    this.#hasher.reset();
  }
}
