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
import type { ChunkerSettings } from "./settings.js";
import { checkWindowLength } from "./window-length.js";

const WINDOW_LENGTH_MIN = 8 * 1024 * 1024;
/** In chunks of the largest size: what is moved to the front of the window is then a small part of it. */
const WINDOW_CHUNKS_MIN = 4;

/** Cuts where the content says so. */
export function createContentCutter(settings: ChunkerSettings, gear: Uint32Array): Cutter {
  return new ContentCutter(settings, gear);
}

class ContentCutter implements Cutter {
  readonly ends: Uint32Array;
  readonly #settings: ChunkerSettings;
  readonly #fastCdc: FastCdc;

  constructor(settings: ChunkerSettings, gear: Uint32Array) {
    const windowLength = Math.max(WINDOW_LENGTH_MIN, WINDOW_CHUNKS_MIN * settings.maximum);
    this.ends = new Uint32Array(Math.floor(windowLength / settings.minimum) + 1);
    this.#settings = settings;
    this.#fastCdc = new FastCdc(loadFastCdcModule(), gear, { windowLength, cutsMax: this.ends.length });
  }

  get window(): Uint8Array {
    return this.#fastCdc.window;
  }

  cut(length: number, last: boolean): number {
    checkWindowLength(length, this.window.length);
    if (length === 0) return 0;
    const count = this.#fastCdc.cut(length, this.#settings, this.ends);
    return last || this.#isDecided(count - 1) ? count : count - 1;
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
