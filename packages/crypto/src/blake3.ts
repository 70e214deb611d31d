/**
 * BLAKE3 behind one interface: the native `@napi-rs/blake-hash` where it is installed (5.5 GB/s on long inputs), else
 * `blake3-wasm` (0.5 to 0.7 GB/s). Both give the same bytes; results are plain `Uint8Array`s whichever is in use.
 */

import { loadNativeBlake3 } from "./blake3-native.js";
import { loadWasmBlake3 } from "./blake3-wasm.js";

/** BLAKE3 with one key. Not re-entrant, cheap to call: ids of chunks are made with it. */
export interface KeyedHash {
  /** 32 fresh bytes. */
  hash(data: Uint8Array): Uint8Array;
  /** Writes the 32 bytes at `offset` of `target`. */
  hashInto(data: Uint8Array, target: Uint8Array, offset: number): void;
  /** True when the hash of `data` is the 32 bytes at `offset` of `expected`. */
  matches(data: Uint8Array, expected: Uint8Array, offset?: number): boolean;
  /** A hash of its own with the same key, for data that comes in parts. */
  incremental(): IncrementalHash;
}

/** BLAKE3 over parts. Whoever asks for the hash begins anew by that. Not re-entrant. */
export interface IncrementalHash {
  update(data: Uint8Array): void;
  /** Writes the 32 bytes at `offset` of `target`. */
  digestInto(target: Uint8Array, offset: number): void;
  /** True when the hash is the 32 bytes at `offset` of `expected`. */
  matches(expected: Uint8Array, offset?: number): boolean;
}

export interface Blake3 {
  /** The package in use, for `bcat version`. */
  readonly name: "blake-hash" | "blake3-wasm";
  /** The hash of the parts joined; 32 fresh bytes. */
  hash(...parts: readonly Uint8Array[]): Uint8Array;
  /** @throws {RangeError} when `key` is not of 32 bytes. */
  keyed(key: Uint8Array): KeyedHash;
  /** Unkeyed, for data that comes in parts. */
  incremental(): IncrementalHash;
}

/** `off`: no native code; `auto`: native code where it loads; `required`: native code or an error. */
export type Blake3Mode = "off" | "auto" | "required";

/** @throws {Error} when the mode is `required` and the native package does not load. */
export function loadBlake3(mode: Blake3Mode): Blake3 {
  if (mode === "off") return loadWasmBlake3();
  try {
    return loadNativeBlake3();
  } catch (cause) {
    if (mode === "auto") return loadWasmBlake3();
    throw new Error("Cannot load package @napi-rs/blake-hash, which this setting of accelerators requires", { cause });
  }
}
