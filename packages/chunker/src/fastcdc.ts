/**
 * The WASM module of `fastcdc-wasm` 0.1.0 in an instance of our own. The package's own function copies the bytes into the
 * module's memory and back at every call, and cuts with a table that everybody knows; here files are read straight into
 * that memory, and the table is overwritten.
 *
 * Memory of an instance: the module's data (among it the table of 256 u32, at 1,049,044 in this version), then its heap
 * with our window, which is allocated once. Memory that grows gets a new buffer and leaves views on the old one empty.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { checkGear, GEAR_WORDS } from "./gear.js";
import type { ChunkerSettings } from "./settings.js";
import { compileWasm, instantiateWasm, type WasmMemory, type WasmModule } from "./webassembly.js";

interface FastCdcExports {
  readonly memory: WasmMemory;
  /** Writes pointer and count of a list of u32, which the caller frees: 0, then the end of each chunk. */
  get_chunks(result: number, bytes: number, length: number, minimum: number, average: number, maximum: number): void;
  __wbindgen_add_to_stack_pointer(difference: number): number;
  __wbindgen_malloc(length: number): number;
  __wbindgen_free(pointer: number, length: number): void;
}

export interface FastCdcLimits {
  readonly windowLength: number;
  /** More cuts than the window can ever have. */
  readonly cutsMax: number;
}

/** The first words of the table of crate `fastcdc` 1.0. */
const DEFAULT_GEAR_START = [0x5c95c078, 0x22408989, 0x2d48a214] as const;
const WORD_LENGTH = 4;
const RESULT_LENGTH = 16;
/** The list of cuts grows by doubling, so it may lie there twice, one time half as long. */
const LIST_GROWTH = 4;

let loaded: WasmModule | undefined;

/** Compiled once in a process; each cutter has its own instance. */
export function loadFastCdcModule(): WasmModule {
  loaded ??= compileWasm(readFileSync(fastCdcPath()));
  return loaded;
}

/** Where the installed package has its module. */
export function fastCdcPath(): string {
  const entry = createRequire(import.meta.url).resolve("fastcdc-wasm");
  return join(dirname(entry), "fastcdc_wasm_bg.wasm");
}

/** One instance, with one window and one table. */
export class FastCdc {
  readonly #exports: FastCdcExports;
  readonly #pointer: number;
  readonly #windowLength: number;
  #window: Uint8Array;

  /**
   * @throws {RangeError} when this is no gear table.
   * @throws {Error} when the module does not have the table where it can be overwritten.
   */
  constructor(module: WasmModule, gear: Uint32Array, limits: FastCdcLimits) {
    checkGear(gear);
    this.#exports = instantiateWasm(module) as FastCdcExports;
    const { memory } = this.#exports;
    new Uint32Array(memory.buffer, findGear(memory), GEAR_WORDS).set(gear);
    this.#windowLength = limits.windowLength;
    this.#pointer = this.#exports.__wbindgen_malloc(limits.windowLength);
    this.#reserveHeap(limits.cutsMax);
    this.#window = new Uint8Array(memory.buffer, this.#pointer, this.#windowLength);
  }

  /** A view on the module's memory, the same one as long as that does not grow. */
  get window(): Uint8Array {
    const { buffer } = this.#exports.memory;
    if (this.#window.buffer !== buffer) this.#window = new Uint8Array(buffer, this.#pointer, this.#windowLength);
    return this.#window;
  }

  /**
   * Writes the end of each chunk in the first `length` bytes of the window, of which there is at least one, to `ends` and
   * returns how many there are.
   */
  cut(length: number, settings: ChunkerSettings, ends: Uint32Array): number {
    const { get_chunks, memory, __wbindgen_add_to_stack_pointer, __wbindgen_free } = this.#exports;
    const result = __wbindgen_add_to_stack_pointer(-RESULT_LENGTH);
    try {
      get_chunks(result, this.#pointer, length, settings.minimum, settings.average, settings.maximum);
      const [pointer, words] = new Uint32Array(memory.buffer, result, 2) as unknown as [number, number];
      ends.set(new Uint32Array(memory.buffer, pointer + WORD_LENGTH, words - 1));
      __wbindgen_free(pointer, words * WORD_LENGTH);
      return words - 1;
    } finally {
      __wbindgen_add_to_stack_pointer(RESULT_LENGTH);
    }
  }

  /** Lets the memory grow now, for all that later calls will allocate, so that the window's view stays valid. */
  #reserveHeap(cutsMax: number): void {
    const length = cutsMax * WORD_LENGTH * LIST_GROWTH;
    const pointer = this.#exports.__wbindgen_malloc(length);
    this.#exports.__wbindgen_free(pointer, length);
  }
}

/** The offset of the table in the memory of a new instance. */
function findGear(memory: WasmMemory): number {
  const words = new Uint32Array(memory.buffer);
  const [first, second, third] = DEFAULT_GEAR_START;
  const found: number[] = [];
  for (let index = words.indexOf(first); index !== -1; index = words.indexOf(first, index + 1)) {
    if (words[index + 1] === second && words[index + 2] === third) found.push(index);
  }
  if (found.length === 1 && found[0]! + GEAR_WORDS <= words.length) return found[0]! * WORD_LENGTH;
  throw new Error(
    `Cannot use fastcdc-wasm: its gear table not found (${found.length} places), needed is version 0.1.0`,
  );
}
