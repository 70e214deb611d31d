/**
 * The footer of a segment (docs/format.md section 11), all of which stays in memory that threads can share:
 *
 *     u8 version | u8 kind | 2 zero | u32 entries | u32 packs p | u32 bytes of pack records
 *     16 id of the first entry, a page | u32 offset of the record, a pack | filter blocks
 *
 * About 1.2 bytes an entry. Nothing is decoded when it is opened: look-ups read the bytes where they stand.
 */
import { BcatError } from "@bcat/errors";
import { isBlobKind } from "../blob-kind.js";
import { filterLength, probeFilter } from "../fuse-filter.js";
import { readU32 } from "../read-u32.js";
import { openFooterBody } from "./footer-body.js";
import {
  compareIds,
  entryPageCount,
  FILTER_PAGES,
  FOOTER_FIXED,
  HEADER_SIZE,
  ID_SIZE,
  PACK_RECORD_FIXED,
  PACK_RECORD_MAX,
  pagesSize,
  type SegmentCounts,
} from "./layout.js";
import type { SealedPages } from "./sealed-pages.js";

/** Words that {@link Footer} keeps of each filter block: its start, then these. */
const FILTER_WORDS = 4;
const SEED = 1;
const LENGTH = 2;
const RANGE = 3;

export class Footer {
  readonly counts: SegmentCounts;
  /** In shared memory. */
  readonly bytes: Uint8Array;
  readonly #pages: SealedPages;
  readonly #pageCount: number;
  /** Where the offsets of the pack records begin. */
  readonly #packs: number;
  /** Of each filter block: where it begins, and what its head says. They are asked for at every look-up. */
  readonly #filters: Uint32Array;

  /**
   * @param bytes the body, where it has been opened already
   * @throws CorruptError naming the segment, or the fault of its source; BcatError newer-format
   */
  constructor(pages: SealedPages, bytes = openFooterBody(pages)) {
    this.bytes = bytes;
    this.#pages = pages;
    this.counts = this.#decodeCounts();
    this.#pageCount = entryPageCount(this.counts);
    this.#packs = FOOTER_FIXED + this.#pageCount * ID_SIZE;
    this.#checkPackOffsets();
    this.#filters = this.#findFilters();
  }

  /** Index of the last page whose first id is below `id`; 0 when there is none. */
  lastPageBefore(id: Uint8Array): number {
    // Ids are keyed hashes: the page is near the one it would be if they were evenly spread.
    const head = readHead(id, 0);
    const guess = (head * this.#pageCount * 2 ** -32) >>> 0;
    let low = guess;
    let high = guess;
    if (this.#isBefore(guess, head, id)) {
      for (let step = 1; high < this.#pageCount && this.#isBefore(high, head, id); step *= 2) {
        low = high;
        high += step;
      }
      high = Math.min(high, this.#pageCount) - 1;
    } else {
      for (let step = 1; low > 0 && !this.#isBefore(low, head, id); step *= 2) {
        high = low - 1;
        low = Math.max(0, low - step);
      }
    }
    // No page behind `high` begins below the id; `low` does, or is 0.
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#isBefore(middle, head, id)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** False when the id is surely not in the segment, given what {@link lastPageBefore} says of it. */
  mayContain(id: Uint8Array, page: number): boolean {
    const at = ((page / FILTER_PAGES) >>> 0) * FILTER_WORDS;
    const heads = this.#filters;
    if (probeFilter(this.bytes, id, 0, heads[at]!, heads[at + SEED]!, heads[at + LENGTH]!, heads[at + RANGE]!)) {
      return true;
    }
    // The next page may begin with it, and have a filter of its own.
    return page + 1 < this.#pageCount && compareIds(this.bytes, FOOTER_FIXED + (page + 1) * ID_SIZE, id, 0) === 0;
  }

  /** Offset of the record of pack `ordinal` in the pack section; behind the last, that of its end. */
  packOffset(ordinal: number): number {
    const { packCount, packBytes } = this.counts;
    return ordinal === packCount ? packBytes : readU32(this.bytes, this.#packs + 4 * ordinal);
  }

  /** True when page `page` begins with an id below `id`, whose first bytes are `head`. */
  #isBefore(page: number, head: number, id: Uint8Array): boolean {
    const at = FOOTER_FIXED + page * ID_SIZE;
    const difference = readHead(this.bytes, at) - head;
    return difference < 0 || (difference === 0 && compareIds(this.bytes, at, id, 0) < 0);
  }

  #decodeCounts(): SegmentCounts {
    const { bytes } = this;
    const { name, source } = this.#pages;
    if (bytes[0] !== 1) {
      throw new BcatError("newer-format", `Cannot read segment "${name}": version ${bytes[0]}, known is 1`);
    }
    const kind = bytes[1]!;
    const entryCount = readU32(bytes, 4);
    const packCount = readU32(bytes, 8);
    const packBytes = readU32(bytes, 12);
    const counts = { entryCount, packCount, packBytes };
    if (!isBlobKind(kind) || bytes[2] !== 0 || bytes[3] !== 0) throw this.#pages.damaged(`chunks of kind ${kind}`);
    if (entryCount === 0 || packCount === 0) throw this.#pages.damaged("it has no entries");
    const fixed = FOOTER_FIXED + entryPageCount(counts) * ID_SIZE + packCount * 4;
    if (bytes.length < fixed || HEADER_SIZE + pagesSize(counts) > source.size) {
      throw this.#pages.damaged(`${entryCount} entries and ${packBytes} bytes of packs in ${source.size} bytes`);
    }
    return { kind, ...counts };
  }

  /** Every record has a length that one can have: none makes a reader take more memory. */
  #checkPackOffsets(): void {
    const { packCount } = this.counts;
    let offset = this.packOffset(0);
    if (offset !== 0) throw this.#pages.damaged(`pack record 0 at ${offset}`);
    for (let ordinal = 1; ordinal <= packCount; ordinal++) {
      const end = this.packOffset(ordinal);
      const length = end - offset;
      if (length < PACK_RECORD_FIXED || length > PACK_RECORD_MAX) {
        throw this.#pages.damaged(`pack record ${ordinal - 1} of ${length} bytes`);
      }
      offset = end;
    }
  }

  #findFilters(): Uint32Array {
    const blocks = Math.ceil(this.#pageCount / FILTER_PAGES);
    const filters = new Uint32Array(blocks * FILTER_WORDS);
    let offset = this.#packs + this.counts.packCount * 4;
    for (let at = 0; at < filters.length; at += FILTER_WORDS) {
      const length = filterLength(this.bytes, offset);
      if (length === undefined) throw this.#pages.damaged(`filter block ${at / FILTER_WORDS} is cut off`);
      const segmentLength = 1 << this.bytes[offset + 4]!;
      filters[at] = offset;
      filters[at + SEED] = readU32(this.bytes, offset);
      filters[at + LENGTH] = segmentLength;
      filters[at + RANGE] = readU32(this.bytes, offset + 8) * segmentLength;
      offset += length;
    }
    if (offset === this.bytes.length) return filters;
    throw this.#pages.damaged(`${this.bytes.length - offset} bytes behind the filters`);
  }
}

/** The first four bytes of an id, as ids are ordered. */
function readHead(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
