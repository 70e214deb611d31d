/** zstd for frames, asked less where it does not pay. */
import type { PackContext } from "./context.js";
import { FRAME_TARGET_SIZE } from "./frame-group.js";
import { Scratch } from "./scratch.js";

/** More than zstd ever adds to so many bytes: what does not fit its target costs an exception in the native package. */
const boundOf = (length: number) => length + (length >>> 7) + 512;
/** A frame is worth its decompression from one 64th on. */
const GAIN_SHIFT = 6;
/** Frames in a row that did not shrink, after which a sample is asked first. */
const REFUSED_MAX = 2;
/** From the middle of the frame, at the fastest level: a tenth of what the frame costs, and a change is seen at once. */
const SAMPLE_SIZE = 16 * 1024;
const SAMPLE_LEVEL = 1;

/** How many frames in a row did not shrink, of one content or of all small chunks. */
export class Refusals {
  count = 0;
}

/** Owns one scratch buffer, a little larger than the largest frame was; not re-entrant. */
export class FrameCompressor {
  readonly #zstd: PackContext["zstd"];
  readonly #level: number;
  readonly #scratch = new Scratch(boundOf(FRAME_TARGET_SIZE));

  /** @param level zstd level, 0 for none */
  constructor({ zstd }: Pick<PackContext, "zstd">, level: number) {
    this.#zstd = zstd;
    this.#level = level;
  }

  /** The compressed bytes, valid until the next call, or undefined when `plain` is to be stored as it is. */
  compress(plain: Uint8Array, refusals: Refusals): Uint8Array | undefined {
    if (this.#level === 0) return undefined;
    const isWorthIt =
      refusals.count < REFUSED_MAX || plain.length <= SAMPLE_SIZE || this.#try(sampleOf(plain), SAMPLE_LEVEL) > 0;
    const length = isWorthIt ? this.#try(plain, this.#level) : 0;
    refusals.count = length > 0 ? 0 : refusals.count + 1;
    return length > 0 ? this.#scratch.take(length).subarray(0, length) : undefined;
  }

  /** Length of the compressed bytes in the scratch buffer, or 0 when they are not worth it. */
  #try(plain: Uint8Array, level: number): number {
    const length = this.#zstd.compress(plain, this.#scratch.take(boundOf(plain.length)), level);
    return length < plain.length - (plain.length >>> GAIN_SHIFT) ? length : 0;
  }
}

function sampleOf(plain: Uint8Array): Uint8Array {
  const start = (plain.length - SAMPLE_SIZE) >>> 1;
  return plain.subarray(start, start + SAMPLE_SIZE);
}
