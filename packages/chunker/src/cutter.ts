/** Cut points: where the bytes of a file are cut into chunks. Two kinds, one interface. */

import { createContentCutter } from "./content-cutter.js";
import { createFixedCutter } from "./fixed-cutter.js";
import { type ChunkerSettings, validateSettings } from "./settings.js";

/**
 * A window of memory into which file bytes are read, and the cut points in it. It owns its memory: one for each worker.
 *
 * A reader fills the window, calls `cut`, takes the chunks, moves the bytes after the last end to the front of the window
 * and goes on behind them. Cut points depend only on the bytes since the last cut, never on how the window was filled.
 */
export interface Cutter {
  /**
   * At least four times the largest chunk (`fixed`: one chunk) and at least about 8 MiB; before the first `cut` it may be
   * smaller than a chunk. To be taken anew after every `cut`: it grows with what is in it, the memory of WASM may move,
   * and an array taken before is then empty.
   */
  readonly window: Uint8Array;
  /**
   * Finds the cuts in the first `length` bytes of the window, the first chunk beginning at 0, and returns how many there
   * are in `ends`. Unless `last`, only cuts that no later byte could change are reported: at least one as soon as
   * `length` reaches the maximum. When `last`, everything up to `length` is cut.
   *
   * @throws {RangeError} when `length` is not within the window.
   */
  cut(length: number, last: boolean): number;
  /** Where chunks end, as offsets in the window, ascending. Overwritten by the next `cut`. */
  readonly ends: Uint32Array;
}

/**
 * A cutter for these settings. `gear` is the repository's table; cutting at fixed sizes needs none and ignores it.
 *
 * @throws {RangeError} when settings or table are out of bounds.
 * @throws {Error} when the installed `fastcdc-wasm` is not the one this program knows.
 */
export function createCutter(settings: ChunkerSettings, gear: Uint32Array): Cutter {
  validateSettings(settings);
  return settings.kind === "fixed" ? createFixedCutter(settings) : createContentCutter(settings, gear);
}
