import type { Cutter } from "./cutter.js";
import type { ChunkerSettings } from "./settings.js";
import { checkWindowLength } from "./window-length.js";

const WINDOW_LENGTH_MIN = 8 * 1024 * 1024;

/** Cuts at every multiple of one size. */
export function createFixedCutter(settings: ChunkerSettings): Cutter {
  return new FixedCutter(settings.average);
}

class FixedCutter implements Cutter {
  readonly ends: Uint32Array;
  readonly #size: number;
  #window: Uint8Array | undefined;

  constructor(size: number) {
    this.#size = size;
    this.ends = new Uint32Array(Math.max(1, Math.floor(WINDOW_LENGTH_MIN / size)));
  }

  /** Taken on first use: a worker that meets no large file does not pay 64 MiB for it. */
  get window(): Uint8Array {
    this.#window ??= new Uint8Array(this.ends.length * this.#size);
    return this.#window;
  }

  cut(length: number, last: boolean): number {
    checkWindowLength(length, this.window.length);
    let count = 0;
    for (let end = this.#size; end <= length; end += this.#size) this.ends[count++] = end;
    if (last && length % this.#size !== 0) this.ends[count++] = length;
    return count;
  }
}
