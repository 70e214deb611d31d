/**
 * The bytes of one file on their way through a cutter's window: read straight into it, cut where they lie, and never
 * copied, but for the tail of a window that is full. Zeros of a hole are put there too, as long as they have to do with
 * data: once a chunk lies in the hole as a whole, the next is the same, for where it is cut depends on its bytes alone.
 *
 *     data │ zeros                                            │ data
 *     ──┴──│────┴─────────┴─────────┴─────────┴─────────┴─────│──┴──
 *        in the window    first     repeated, never made      in the window
 */
import type { Cutter } from "@bcat/chunker";
import { inlineSizeTarget } from "../../tree/content.js";
import type { ContentSink } from "./file-reader.js";

/** Chunks that are repeated between two chances for others to run. */
const REPEATED_MAX = 65_536;

export interface FileWindowOptions {
  readonly cutter: Cutter;
  /** Content of at most so many bytes is one chunk, uncut. */
  readonly minimum: number;
  /** Bytes of the longest chunk. */
  readonly maximum: number;
}

export class FileWindow {
  readonly #cutter: Cutter;
  readonly #minimum: number;
  /** So many bytes of zeros are one chunk or more, also where the file ends. */
  readonly #stride: number;
  #sink: ContentSink | undefined;
  #filled = 0;
  #position = 0;
  /** Bytes of the chunk that was found last. */
  #lastLength = 0;

  constructor({ cutter, minimum, maximum }: FileWindowOptions) {
    this.#cutter = cutter;
    this.#minimum = minimum;
    this.#stride = Math.max(maximum, minimum + 1, inlineSizeTarget + 1);
  }

  /** Begins with a file, whose chunks go to `sink`. */
  start(sink: ContentSink): void {
    this.#sink = sink;
    this.#filled = 0;
    this.#position = 0;
  }

  /** Memory for the next bytes, never empty. To be taken anew after every call. */
  get space(): Uint8Array {
    return this.#cutter.window.subarray(this.#filled);
  }

  /** Takes the first `length` bytes of {@link space}. */
  advance(length: number): void {
    this.#position += length;
    this.#filled += length;
    if (this.#filled === this.#cutter.window.length) this.#cut(false);
  }

  /** Takes the zeros of a hole; yields the bytes of those that cost time. */
  *hole(length: number): Generator<number, void, void> {
    const start = this.#position;
    const end = start + length;
    while (this.#position < end) {
      const isWithin = this.#filled <= this.#position - start;
      const wanted = isWithin ? Math.max(0, this.#stride - this.#filled) : this.#stride;
      const taken = this.#putZeros(Math.min(wanted, end - this.#position));
      // What is left goes on with data; and what may be all of a file stays together.
      if (this.#position === end || this.#position < this.#stride) continue;
      this.#cut(false);
      yield taken;
      if (isWithin) yield* this.#repeat(end);
    }
  }

  /** Cuts what is left. Returns all of the content when it is so short that it stays in its node. */
  finish(): Uint8Array | undefined {
    const { window } = this.#cutter;
    if (this.#position <= inlineSizeTarget) return window.subarray(0, this.#position);
    if (this.#filled === this.#position && this.#position <= this.#minimum)
      this.#sink!.chunk(window.subarray(0, this.#filled));
    else if (this.#filled > 0) this.#cut(true);
    return undefined;
  }

  #putZeros(most: number): number {
    const length = Math.min(most, this.space.length);
    this.space.fill(0, 0, length);
    this.advance(length);
    return length;
  }

  /** The chunk that was found last lies in the hole as a whole, and so do all bytes in the window. */
  *#repeat(end: number): Generator<number, void, void> {
    this.#position -= this.#filled;
    this.#filled = 0;
    for (;;) {
      const times = Math.min(REPEATED_MAX, Math.floor((end - this.#position) / this.#lastLength));
      if (times === 0) return;
      this.#sink!.repeat(times);
      this.#position += times * this.#lastLength;
      yield times * this.#lastLength;
    }
  }

  /** Cuts what is in the window and moves what is left to its front. */
  #cut(last: boolean): void {
    const cutter = this.#cutter;
    const count = cutter.cut(this.#filled, last);
    let start = 0;
    for (let i = 0; i < count; i++) {
      const end = cutter.ends[i]!;
      this.#sink!.chunk(cutter.window.subarray(start, end));
      this.#lastLength = end - start;
      start = end;
    }
    cutter.window.copyWithin(0, start, this.#filled);
    this.#filled -= start;
  }
}
