/** Goes through the entries of several segments of one kind by id, each id once: memory is a page of each segment. */
import { readU32 } from "../read-u32.js";
import {
  compareIds,
  ENTRY_PAGE_SIZE,
  ENTRY_SIZE,
  entryPageCount,
  ID_SIZE,
  LENGTH_OFFSET,
  PACK_OFFSET,
  STREAM_OFFSET,
} from "./layout.js";
import type { Segment } from "./segment.js";

/** All places of one chunk, in columns that are used again for the next. */
export interface ScannedPlaces {
  /** First 16 bytes of the id; a view. */
  readonly id: Uint8Array;
  readonly count: number;
  /** Indexes of the segments. */
  readonly segments: readonly number[];
  /** Entries, counted in their segments. */
  readonly entries: readonly number[];
  /** Packs, by their ordinals in their segments. */
  readonly packs: readonly number[];
  readonly offsets: readonly number[];
  readonly lengths: readonly number[];
}

/** Hands all places of each id to `visit`, ids ascending; what it is given is valid until it returns. @throws CorruptError naming a segment */
export function scanEntries(segments: readonly Segment[], visit: (places: ScannedPlaces) => void): void {
  for (const step of scanSteps(segments, visit, Number.POSITIVE_INFINITY)) void step;
}

/** {@link scanEntries}, which yields after every `stride` ids: so that others get to run. */
export function* scanSteps(
  segments: readonly Segment[],
  visit: (places: ScannedPlaces) => void,
  stride: number,
): Generator<void> {
  const cursors = segments.map((segment, index) => new ScanCursor(segment, index));
  const places = new Places();
  for (let ids = 1; ; ids++) {
    const least = leastOf(cursors);
    if (least === undefined) return;
    places.begin(least);
    for (const cursor of cursors) while (places.isOf(cursor)) places.take(cursor);
    visit(places);
    if (ids % stride === 0) yield;
  }
}

/** There are a handful of segments: looking at each is as quick as a heap. */
function leastOf(cursors: readonly ScanCursor[]): ScanCursor | undefined {
  let least: ScanCursor | undefined;
  for (const cursor of cursors) {
    if (cursor.isAtEnd) continue;
    if (least === undefined || compareIds(cursor.page, cursor.offset, least.page, least.offset) < 0) least = cursor;
  }
  return least;
}

class ScanCursor {
  readonly index: number;
  readonly #segment: Segment;
  readonly #memory = new Uint8Array(ENTRY_PAGE_SIZE);
  #pageIndex = 0;
  page: Uint8Array;
  offset = 0;
  /** Counted in the segment. */
  entry = 0;
  isAtEnd = false;

  constructor(segment: Segment, index: number) {
    this.#segment = segment;
    this.index = index;
    this.page = segment.readEntryPage(0, this.#memory);
  }

  advance(): void {
    this.entry++;
    this.offset += ENTRY_SIZE;
    if (this.offset < this.page.length) return;
    this.offset = 0;
    this.isAtEnd = ++this.#pageIndex === entryPageCount(this.#segment.counts);
    if (!this.isAtEnd) this.page = this.#segment.readEntryPage(this.#pageIndex, this.#memory);
  }
}

class Places implements ScannedPlaces {
  readonly id = new Uint8Array(ID_SIZE);
  readonly segments: number[] = [];
  readonly entries: number[] = [];
  readonly packs: number[] = [];
  readonly offsets: number[] = [];
  readonly lengths: number[] = [];
  count = 0;

  begin({ page, offset }: ScanCursor): void {
    for (let i = 0; i < ID_SIZE; i++) this.id[i] = page[offset + i]!;
    this.count = 0;
  }

  isOf(cursor: ScanCursor): boolean {
    return !cursor.isAtEnd && compareIds(cursor.page, cursor.offset, this.id, 0) === 0;
  }

  take(cursor: ScanCursor): void {
    const { page, offset } = cursor;
    const i = this.count++;
    this.segments[i] = cursor.index;
    this.entries[i] = cursor.entry;
    this.packs[i] = readU32(page, offset + PACK_OFFSET);
    this.offsets[i] = readU32(page, offset + STREAM_OFFSET);
    this.lengths[i] = readU32(page, offset + LENGTH_OFFSET);
    cursor.advance();
  }
}
