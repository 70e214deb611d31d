/**
 * BLAKE3 by `blake3-wasm` 2.1.5. Its WASM module is used directly: the package's own functions wrap each hash into a
 * stream, and its `keyedHash` never frees the hasher.
 */

import { createRequire } from "node:module";
import type { Blake3, IncrementalHash, KeyedHash } from "./blake3.js";
import { BLAKE3_LENGTH, checkBlake3Key, HasherPerKey } from "./blake3-parts.js";

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
    const hasher = this.incremental();
    for (const part of parts) hasher.update(part);
    const target = new Uint8Array(BLAKE3_LENGTH);
    hasher.digestInto(target, 0);
    return target;
  }

  keyed(key: Uint8Array): KeyedHash {
    checkBlake3Key(key);
    const ownKey = key.slice();
    return new HasherPerKey(() => new WasmHash(() => this.#wasm.create_keyed(ownKey)));
  }

  incremental(): IncrementalHash {
    return new WasmHash(() => this.#wasm.create_hasher());
  }
}

/** The module's hashers cannot begin anew, and are freed by hand: each hash has its own, from its first part to its end. */
class WasmHash implements IncrementalHash {
  readonly #create: () => WasmHasher;
  readonly #digest = Buffer.alloc(BLAKE3_LENGTH);
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

  digestInto(target: Uint8Array, offset: number): void {
    this.#end();
    target.set(this.#digest, offset);
  }

  matches(expected: Uint8Array, offset = 0): boolean {
    this.#end();
    return this.#digest.compare(expected, offset, offset + BLAKE3_LENGTH) === 0;
  }

  #end(): void {
    const hasher = this.#hasher ?? this.#create();
    this.#hasher = undefined;
    hasher.digest(this.#digest);
    hasher.free();
  }
}
