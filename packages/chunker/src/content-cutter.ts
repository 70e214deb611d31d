/**
 * FastCDC (Xia et al., USENIX ATC 2016) with the repository's gear table (`docs/format.md` section 12.3).
 *
 * Vectors, kept in `golden/cut-points.json`: bytes are the top bytes of x, where x = 1664525 x + 1013904223 mod 2^32 before
 * each byte, from x = seed. The gear table is decoded from 1,024 bytes of seed 1 and begins with 880893500, 247881228,
 * 1816175364; the input is of seed 2.
 *
 *     minimum  average  maximum    length     ends
 *     262,144  524,288  2,097,152  4,194,304  616922 2269520 2558993 3089955 4194304
 *     64       1,024    8,192      16,384     1004 2508 3203 5293 6146 6580 8090 9756 10611 14011 15176 16384
 */

import type { Cutter } from "./cutter.js";
import { FastCdc, loadFastCdcModule } from "./fastcdc.js";
import { checkGear } from "./gear.js";
import type { ChunkerSettings } from "./settings.js";
import { checkWindowLength } from "./window-length.js";

const WINDOW_LENGTH_MIN = 8 * 1024 * 1024;
/** In chunks of the largest size: what is moved to the front of the window is then a small part of it. */
const WINDOW_CHUNKS_MIN = 4;
/** Most files, most runs of a few files, and most streams of a scan end within it. */
const FIRST_WINDOW_LENGTH = 64 * 1024;

/** Cuts where the content says so. @throws {RangeError} when `gear` is no gear table */
export function createContentCutter(settings: ChunkerSettings, gear: Uint32Array): Cutter {
  checkGear(gear);
  return new ContentCutter(settings, gear);
}

/** Makes its instance of WASM, with the memory that is its window, when there is more than the first window holds. */
class ContentCutter implements Cutter {
  readonly ends: Uint32Array;
  readonly #settings: ChunkerSettings;
  readonly #gear: Uint32Array;
  readonly #windowLength: number;
  #first: Uint8Array | undefined;
  #fastCdc: FastCdc | undefined;

  constructor(settings: ChunkerSettings, gear: Uint32Array) {
    this.#windowLength = Math.max(WINDOW_LENGTH_MIN, WINDOW_CHUNKS_MIN * settings.maximum);
    this.ends = new Uint32Array(Math.floor(this.#windowLength / settings.minimum) + 1);
    this.#settings = settings;
    this.#gear = gear;
    if (settings.maximum < FIRST_WINDOW_LENGTH) this.#fastCdc = this.#load();
  }

  get window(): Uint8Array {
    if (this.#fastCdc !== undefined) return this.#fastCdc.window;
    this.#first ??= new Uint8Array(FIRST_WINDOW_LENGTH);
    return this.#first;
  }

  cut(length: number, last: boolean): number {
    checkWindowLength(length, this.window.length);
    if (length === 0) return 0;
    this.#fastCdc ??= this.#load();
    const count = this.#fastCdc.cut(length, this.#settings, this.ends);
    return last || this.#isDecided(count - 1) ? count : count - 1;
  }

  /** What is in the first window lies in the one of the instance afterwards. */
  #load(): FastCdc {
    const limits = { windowLength: this.#windowLength, cutsMax: this.ends.length };
    const fastCdc = new FastCdc(loadFastCdcModule(), this.#gear, limits);
    if (this.#first !== undefined) fastCdc.window.set(this.#first);
    this.#first = undefined;
    return fastCdc;
  }

  /**
   * A cut before the end of the bytes was found in the bytes before it, and stays. The cut at their end may be there only
   * because the bytes ran out, unless its chunk has the largest size.
   */
  #isDecided(lastIndex: number): boolean {
    const start = lastIndex === 0 ? 0 : this.ends[lastIndex - 1]!;
    return this.ends[lastIndex]! - start === this.#settings.maximum;
  }
}
