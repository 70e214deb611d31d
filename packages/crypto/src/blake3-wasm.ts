/**
 * BLAKE3 by `blake3-wasm` 2.1.5. Its WASM module is used directly: the package's own functions wrap each hash into a
 * stream, and its `keyedHash` never frees the hasher.
 */

import { createRequire } from "node:module";
import type { Blake3 } from "./blake3.js";
import { type Hasher, PackagedBlake3 } from "./blake3-parts.js";

interface WasmHasher {
  update(data: Uint8Array): void;
  digest(target: Uint8Array): void;
  free(): void;
}

interface WasmModule {
  create_hasher(): WasmHasher;
  create_keyed(key: Uint8Array): WasmHasher;
}

/** Inputs are copied into the module's memory, which never shrinks: pieces keep it small. */
const PIECE_LENGTH = 64 * 1024;

export function loadWasmBlake3(): Blake3 {
  const wasm = createRequire(import.meta.url)("blake3-wasm/dist/wasm/nodejs/blake3_js.js") as WasmModule;
  return new PackagedBlake3({
    name: "blake3-wasm",
    createHasher: (key) => new WasmHashers(() => (key === undefined ? wasm.create_hasher() : wasm.create_keyed(key))),
  });
}

/** The module's hashers cannot begin anew, and are freed by hand: each hash has its own, from its first part to its end. */
class WasmHashers implements Hasher {
  readonly #create: () => WasmHasher;
  #hasher: WasmHasher | undefined;

  constructor(create: () => WasmHasher) {
    this.#create = create;
  }

  update(data: Uint8Array): void {
    this.#hasher ??= this.#create();
    for (let start = 0; start < data.length; start += PIECE_LENGTH) {
      this.#hasher.update(data.subarray(start, start + PIECE_LENGTH));
    }
  }

  finish(digest: Buffer): void {
    const hasher = this.#hasher ?? this.#create();
    this.#hasher = undefined;
    hasher.digest(digest);
    hasher.free();
  }
}
