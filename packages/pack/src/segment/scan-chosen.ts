/**
 * Goes through chosen chunks of several segments of one kind, with all their places: by segment, and in each by id. What
 * was not chosen costs next to nothing. Pages come through the cache of the segments: whoever goes through them again, or
 * has looked chunks up before, finds them there as far as they fit.
 */
import { readU32 } from "../read-u32.js";
import { compareIds, ID_SIZE, LENGTH_OFFSET, offsetInPage, PACK_OFFSET, STREAM_OFFSET } from "./layout.js";
import type { Segment } from "./segment.js";

/** A segment, and which of its chunks are chosen: a bit for each entry, the lowest first. */
export interface ChosenEntries {
  readonly segment: Segment;
  /** Set at the first entry of a chosen chunk in the first segment that has it. */
  readonly bits: Uint8Array;
  /** Set there, too, when a later segment also has the chunk. */
  readonly several: Uint8Array;
}

/** All places of one chunk, in columns that are used again for the next. */
export interface ScannedPlaces {
  /** First 16 bytes of the id; a view. */
  readonly id: Uint8Array;
  readonly count: number;
  /** Indexes of the segments. */
  readonly segments: readonly number[];
  /** Packs, by their ordinals in their segments. */
  readonly packs: readonly number[];
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
}

/** Goes through all chosen chunks once. */
export class ChosenScan {
  readonly #chosen: readonly ChosenEntries[];
  readonly #places = new Places();
  /** The segment that is gone through, and its next entry. */
  #index = 0;
  #entry = 0;

  constructor(chosen: readonly ChosenEntries[]) {
    this.#chosen = chosen;
  }

  /**
   * Hands all places of each of the next chosen chunks, `max` at most, to `visit`; what it is given is valid until it
   * returns. False when there are no more.
   *
   * @throws CorruptError naming a segment
   */
  next(max: number, visit: (places: ScannedPlaces) => void): boolean {
    for (let left = max; this.#index < this.#chosen.length; this.#index++, this.#entry = 0) {
      const { bits } = this.#chosen[this.#index]!;
      for (let entry = nextBit(bits, this.#entry); entry >= 0; entry = nextBit(bits, this.#entry)) {
        if (left-- === 0) return true;
        this.#entry = entry + 1;
        this.#find(entry);
        visit(this.#places);
      }
    }
    return false;
  }

  #find(entry: number): void {
    const { segment, several } = this.#chosen[this.#index]!;
    this.#places.begin(segment, this.#index, entry);
    if ((several[entry >>> 3]! & (1 << (entry & 7))) === 0) return;
    for (let other = this.#index + 1; other < this.#chosen.length; other++) {
      this.#places.takeFrom(this.#chosen[other]!.segment, other);
    }
  }
}

/** The first bit that is set from `from` on, or -1. */
function nextBit(bits: Uint8Array, from: number): number {
  for (let index = from >>> 3, mask = 0xff << (from & 7); index < bits.length; index++, mask = 0xff) {
    const rest = bits[index]! & mask;
    if (rest !== 0) return 8 * index + 31 - Math.clz32(rest & -rest);
  }
  return -1;
}

class Places implements ScannedPlaces {
  readonly id = new Uint8Array(ID_SIZE);
  readonly segments: number[] = [];
  readonly packs: number[] = [];
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  count = 0;

  /** The chunk of that entry of segment `index`, and its places there. */
  begin(segment: Segment, index: number, entry: number): void {
    if (entry >= segment.counts.entryCount) throw new RangeError(`Cannot scan entry ${entry}: the segment has fewer`);
    const page = segment.pageOf(entry);
    const offset = offsetInPage(entry);
    for (let i = 0; i < ID_SIZE; i++) this.id[i] = page[offset + i]!;
    this.count = 0;
    this.#take(segment, index, entry);
  }

  /** Its places in segment `index`, too. */
  takeFrom(segment: Segment, index: number): void {
    const first = segment.firstEntryOf(this.id);
    if (first >= 0) this.#take(segment, index, first);
  }

  /** From the first entry of the chunk on. */
  #take(segment: Segment, index: number, first: number): void {
    for (let entry = first; entry < segment.counts.entryCount; entry++) {
      const page = segment.pageOf(entry);
      const offset = offsetInPage(entry);
      if (compareIds(page, offset, this.id, 0) !== 0) return;
      const i = this.count++;
      this.segments[i] = index;
      this.packs[i] = readU32(page, offset + PACK_OFFSET);
      this.offsets[i] = readU32(page, offset + STREAM_OFFSET);
      this.lengths[i] = readU32(page, offset + LENGTH_OFFSET);
    }
  }
}
