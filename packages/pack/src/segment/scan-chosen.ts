/**
 * Goes through chosen chunks of several segments of one kind, with all their places: by segment, and in each by id. What
 * was not chosen costs next to nothing. Memory is a page of each segment.
 */
import { readU32 } from "../read-u32.js";
import {
  compareIds,
  ENTRY_PAGE_SIZE,
  ENTRY_SIZE,
  ID_SIZE,
  LENGTH_OFFSET,
  PACK_OFFSET,
  PAGE_ENTRIES,
  STREAM_OFFSET,
} from "./layout.js";
import type { Segment } from "./segment.js";

/** A segment, and which of its chunks are chosen. */
export interface ChosenEntries {
  readonly segment: Segment;
  /** A bit for each entry, the lowest first: set at the first entry of a chosen chunk in the first segment that has it. */
  readonly bits: Uint8Array;
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

/**
 * Hands all places of each chosen chunk to `visit`, once; what it is given is valid until it returns. Yields after every
 * `stride` chunks, so that others get to run.
 *
 * @throws CorruptError naming a segment
 */
export function* scanChosen(
  chosen: readonly ChosenEntries[],
  visit: (places: ScannedPlaces) => void,
  stride: number,
): Generator<void> {
  const readers = chosen.map(({ segment }, index) => new EntryReader(segment, index));
  const places = new Places();
  let chunks = 0;
  for (const [first, { bits }] of chosen.entries()) {
    for (const entry of setBits(bits)) {
      places.begin(readers[first]!, entry);
      for (let other = first + 1; other < chosen.length; other++) {
        const start = chosen[other]!.segment.firstEntryOf(places.id);
        if (start >= 0) places.take(readers[other]!, start);
      }
      visit(places);
      if (++chunks % stride === 0) yield;
    }
  }
}

function* setBits(bits: Uint8Array): Generator<number> {
  for (let index = 0; index < bits.length; index++) {
    for (let rest = bits[index]!; rest !== 0; rest &= rest - 1) yield 8 * index + 31 - Math.clz32(rest & -rest);
  }
}

/** Reads entries of a segment; in ascending order each page is opened once. */
class EntryReader {
  readonly index: number;
  readonly #segment: Segment;
  readonly #memory = new Uint8Array(ENTRY_PAGE_SIZE);
  #pageIndex = -1;
  page: Uint8Array = this.#memory;
  /** Of the entry, in the page. */
  offset = 0;

  constructor(segment: Segment, index: number) {
    this.#segment = segment;
    this.index = index;
  }

  /** False behind the last entry. */
  seek(entry: number): boolean {
    if (entry >= this.#segment.counts.entryCount) return false;
    const pageIndex = Math.floor(entry / PAGE_ENTRIES);
    if (pageIndex !== this.#pageIndex) this.page = this.#segment.readEntryPage(pageIndex, this.#memory);
    this.#pageIndex = pageIndex;
    this.offset = ENTRY_SIZE * (entry - pageIndex * PAGE_ENTRIES);
    return true;
  }
}

class Places implements ScannedPlaces {
  readonly id = new Uint8Array(ID_SIZE);
  readonly segments: number[] = [];
  readonly packs: number[] = [];
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  count = 0;

  /** The chunk of that entry, and its places in the same segment. */
  begin(reader: EntryReader, entry: number): void {
    this.count = 0;
    if (!reader.seek(entry)) throw new RangeError(`Cannot scan entry ${entry}: the segment has fewer`);
    for (let i = 0; i < ID_SIZE; i++) this.id[i] = reader.page[reader.offset + i]!;
    this.take(reader, entry);
  }

  /** Its places in a segment, from the first entry on. */
  take(reader: EntryReader, first: number): void {
    for (let entry = first; reader.seek(entry); entry++) {
      const { page, offset, index } = reader;
      if (compareIds(page, offset, this.id, 0) !== 0) return;
      const i = this.count++;
      this.segments[i] = index;
      this.packs[i] = readU32(page, offset + PACK_OFFSET);
      this.offsets[i] = readU32(page, offset + STREAM_OFFSET);
      this.lengths[i] = readU32(page, offset + LENGTH_OFFSET);
    }
  }
}
