/**
 * BLAKE3 by `blake3-wasm` 2.1.5. Its WASM module is used directly: the package's own functions wrap each hash into a
 * stream, and its `keyedHash` never frees the hasher.
 */

import { createRequire } from "node:module";
import type { Blake3, KeyedHash } from "./blake3.js";
import { BLAKE3_LENGTH, checkBlake3Key } from "./blake3-parts.js";

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
  return new WasmBlake3(createRequire(import.meta.url)("blake3-wasm/dist/wasm/nodejs/blake3_js.js") as WasmModule);
}

class WasmBlake3 implements Blake3 {
  readonly name = "blake3-wasm";
  readonly #wasm: WasmModule;

  constructor(wasm: WasmModule) {
    this.#wasm = wasm;
  }

  hash(...parts: readonly Uint8Array[]): Uint8Array {
    const hasher = this.#wasm.create_hasher();
    for (const part of parts) updateInPieces(hasher, part);
    return finish(hasher);
  }

  keyed(key: Uint8Array): KeyedHash {
    checkBlake3Key(key);
    const wasm = this.#wasm;
    const ownKey = key.slice();
    return {
      hash(data) {
        const hasher = wasm.create_keyed(ownKey);
        updateInPieces(hasher, data);
        return finish(hasher);
      },
    };
  }
}

function updateInPieces(hasher: WasmHasher, data: Uint8Array): void {
  for (let start = 0; start < data.length; start += PIECE_LENGTH) {
    hasher.update(data.subarray(start, start + PIECE_LENGTH));
  }
}

function finish(hasher: WasmHasher): Uint8Array {
  const digest = new Uint8Array(BLAKE3_LENGTH);
  hasher.digest(digest);
  hasher.free();
  return digest;
}
