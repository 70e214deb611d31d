/**
 * Which packs of one segment are condemned, one byte a pack. A mark is made when a chunk of its pack is looked up first,
 * together with those of all records on the same page: in all, each pack page is opened once, and no record is decoded.
 */
import type { PackNames } from "../pack-names.js";
import type { Segment } from "./segment.js";

const SOUND = 1;
const CONDEMNED = 2;

export class CondemnedMarks {
  readonly #segment: Segment;
  readonly #condemned: Pick<PackNames, "has">;
  /** In shared memory; 0 where it is not known yet. Threads may make the same mark at the same time. */
  readonly marks: Uint8Array;

  /**
   * @param condemned object names of condemned packs, of any segment; what is added to it later has no effect
   * @param marks those that another thread has made
   */
  constructor(segment: Segment, condemned: Pick<PackNames, "has">, marks?: Uint8Array) {
    this.#segment = segment;
    this.#condemned = condemned;
    this.marks = marks ?? new Uint8Array(new SharedArrayBuffer(segment.counts.packCount));
  }

  /** True when pack `ordinal` is condemned. @throws CorruptError naming the segment */
  has(ordinal: number): boolean {
    if (this.marks[ordinal] === 0) this.#mark(ordinal);
    return this.marks[ordinal] === CONDEMNED;
  }

  #mark(ordinal: number): void {
    const { first, end } = this.#segment.packsBeside(ordinal);
    for (let other = first; other < end; other++) {
      this.marks[other] = this.#condemned.has(this.#segment.packName(other)) ? CONDEMNED : SOUND;
    }
  }
}
