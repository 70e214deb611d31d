/**
 * A frame table as it was read: one copy of its bytes and two running sums, 36 bytes a frame. Objects for all frames of a
 * pack cost more to make than the page they stand on costs to open, and most are never looked at.
 */
import { readU32 } from "./read-u32.js";
import type { FrameEntry } from "./tables.js";

export const FRAME_ENTRY_SIZE = 28;
const SALT_OFFSET = 4;
const STORED_LENGTH_OFFSET = 20;
const PLAIN_LENGTH_OFFSET = 24;

export class FrameTable {
  readonly length: number;
  /** Bytes of all frames as stored. */
  readonly storedSize: number;
  /** Bytes of the stream. */
  readonly streamSize: number;
  readonly #bytes: Uint8Array;
  readonly #storedEnds: Uint32Array;
  readonly #plainEnds: Uint32Array;
  #entries: FrameEntry[] | undefined;

  /** @param bytes of the table, 28 a frame; owned by it from here on. Its sums hold what {@link storedSize} and {@link streamSize} say */
  constructor(bytes: Uint8Array) {
    this.length = bytes.length / FRAME_ENTRY_SIZE;
    this.#bytes = bytes;
    this.#storedEnds = new Uint32Array(this.length);
    this.#plainEnds = new Uint32Array(this.length);
    let stored = 0;
    let plain = 0;
    for (let i = 0, at = 0; i < this.length; i++, at += FRAME_ENTRY_SIZE) {
      stored += readU32(bytes, at + STORED_LENGTH_OFFSET);
      plain += readU32(bytes, at + PLAIN_LENGTH_OFFSET);
      this.#storedEnds[i] = stored;
      this.#plainEnds[i] = plain;
    }
    this.storedSize = stored;
    this.streamSize = plain;
  }

  /** Where frame `i` begins in the object. */
  storedOffset(i: number): number {
    return i === 0 ? 0 : this.#storedEnds[i - 1]!;
  }

  /** Where frame `i` ends in the object. */
  storedEnd(i: number): number {
    return this.#storedEnds[i]!;
  }

  /** Where frame `i` begins in the stream. */
  plainOffset(i: number): number {
    return i === 0 ? 0 : this.#plainEnds[i - 1]!;
  }

  /** The table of frames `first` to `last`, as if nothing came before them; a copy, 28 bytes a frame. */
  slice(first: number, last: number): Uint8Array {
    return this.#bytes.slice(first * FRAME_ENTRY_SIZE, (last + 1) * FRAME_ENTRY_SIZE);
  }

  /** Index of the frame that holds byte `offset` of the stream, or -1 behind its end. */
  find(offset: number): number {
    if (offset >= this.streamSize) return -1;
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#plainEnds[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Frame `i`. Its salt is a view. */
  entry(i: number): FrameEntry {
    const at = i * FRAME_ENTRY_SIZE;
    const bytes = this.#bytes;
    return {
      key: bytes[at]! | (bytes[at + 1]! << 8),
      codec: bytes[at + 2]!,
      salt: bytes.subarray(at + SALT_OFFSET, at + STORED_LENGTH_OFFSET),
      storedOffset: this.storedOffset(i),
      storedLength: readU32(bytes, at + STORED_LENGTH_OFFSET),
      plainOffset: this.plainOffset(i),
      plainLength: readU32(bytes, at + PLAIN_LENGTH_OFFSET),
    };
  }

  /** All frames, made when they are first asked for. */
  entries(): readonly FrameEntry[] {
    this.#entries ??= Array.from({ length: this.length }, (_, i) => this.entry(i));
    return this.#entries;
  }
}
