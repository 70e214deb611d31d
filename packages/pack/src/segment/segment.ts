/**
 * Reads a segment: "where is this chunk?" costs one filter probe when it is nowhere and one page when it is somewhere.
 * Resident: the footer, about 1.2 bytes an entry; pages come and go through a cache that all segments of an index share
 * (docs/format.md section 11).
 */
import type { BcatError } from "@bcat/errors";
import type { PackContext } from "../context.js";
import { STREAM_MAX } from "../directory.js";
import { decodeReference, NAME_REFERENCE_SIZE, packName } from "../pack-name.js";
import { readU32 } from "../read-u32.js";
import { type ByteSource, memorySource, type SharedBytes, shareSource } from "./byte-source.js";
import { Footer } from "./footer.js";
import {
  CHUNK_LENGTH_MAX,
  compareEntries,
  compareIds,
  ENTRY_SIZE,
  entryPageCount,
  HEADER_SIZE,
  LENGTH_OFFSET,
  offsetInPage,
  PACK_OFFSET,
  PACK_PAGE_SIZE,
  PAGE_ENTRIES,
  packPageCount,
  pagePlace,
  SEGMENT_SIZE_MAX,
  type SegmentCounts,
  STREAM_OFFSET,
  TRAILER_SIZE,
} from "./layout.js";
import { decodePackRecord, type PackRecord } from "./pack-record.js";
import { CachedPages, type PageCache } from "./page-cache.js";
import type { RunFiles } from "./run-files.js";
import { SealedPages } from "./sealed-pages.js";

/** One place of a chunk: a pack of the segment, and the chunk's place in the pack's stream. */
export interface SegmentEntry {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

/** What an open segment has in memory; can be handed to another thread. */
export interface SharedSegment {
  readonly name: string;
  readonly bytes: SharedBytes;
  readonly header: Uint8Array;
  readonly footer: Uint8Array;
}

/** A segment to be opened; `header` and `footer` where another thread has opened them. */
export interface SegmentToOpen {
  readonly name: string;
  readonly source: ByteSource;
  readonly sizeMax?: number;
  readonly header?: Uint8Array;
  readonly footer?: Uint8Array;
}

export class Segment implements Disposable {
  readonly name: string;
  readonly counts: SegmentCounts;
  readonly #sealed: SealedPages;
  readonly #footer: Footer;
  readonly #pages: CachedPages;

  /**
   * Opens a segment, which owns its source from here on and closes it.
   *
   * @throws CorruptError naming the segment, or the fault of its source; BcatError newer-format
   */
  constructor(context: PackContext, segment: SegmentToOpen, cache: PageCache) {
    const { source, sizeMax = SEGMENT_SIZE_MAX } = segment;
    this.name = segment.name;
    this.#sealed = new SealedPages(context, segment);
    if (source.size > sizeMax) throw this.#damaged(`${source.size} bytes, allowed are ${sizeMax}`);
    if (source.size < HEADER_SIZE + TRAILER_SIZE) throw this.#damaged(`${source.size} bytes`);
    this.#footer = new Footer(this.#sealed, segment.footer);
    this.counts = this.#footer.counts;
    const pageCount = entryPageCount(this.counts) + packPageCount(this.counts);
    this.#pages = new CachedPages(cache, pageCount, (page, target) => {
      this.#sealed.open(page, pagePlace(this.counts, page), target, cache.scratch);
    });
  }

  /** Opens, in another thread, what {@link share} has given there. */
  static adopt(context: PackContext, shared: SharedSegment, parts: { cache: PageCache; files: RunFiles }): Segment {
    const { name, header, footer, bytes } = shared;
    const source = "file" in bytes ? parts.files.source(bytes.file) : memorySource(bytes.bytes);
    return new Segment(context, { name, header, footer, source, sizeMax: source.size }, parts.cache);
  }

  /** For another thread of this process. */
  share(): SharedSegment {
    const { name, header, source } = this.#sealed;
    return { name, header, bytes: shareSource(source), footer: this.#footer.bytes };
  }

  /** True when the id (its first 16 bytes) has a place in a pack that is not among `excluded`. Makes no object. */
  has(id: Uint8Array, excluded?: { has(pack: number): boolean }): boolean {
    return this.findEntry(id, excluded) >= 0;
  }

  /** Index of the first entry of the id (its first 16 bytes) whose pack is not among `excluded`, or -1. Makes no object. */
  findEntry(id: Uint8Array, excluded?: { has(pack: number): boolean }): number {
    for (let entry = this.#findFirst(id); this.#isOf(entry, id); entry++) {
      const pack = this.#packOf(this.pageOf(entry), offsetInPage(entry));
      if (excluded === undefined || !excluded.has(pack)) return entry;
    }
    return -1;
  }

  /** Index of the first entry of the chunk whose id starts with the 16 bytes of `id`, or -1. Makes no object. */
  firstEntryOf(id: Uint8Array): number {
    const entry = this.#findFirst(id);
    return this.#isOf(entry, id) ? entry : -1;
  }

  /** All places of the chunk whose id starts with the 16 bytes of `id`; usually none or one. */
  find(id: Uint8Array): SegmentEntry[] {
    const found: SegmentEntry[] = [];
    for (let entry = this.#findFirst(id); this.#isOf(entry, id); entry++) {
      found.push(this.#decodeEntry(this.pageOf(entry), offsetInPage(entry)));
    }
    return found;
  }

  /** True when the chunk whose id starts with the 16 bytes of `id` lies at this place, among others. */
  hasPlace(id: Uint8Array, { pack, offset, length }: SegmentEntry): boolean {
    for (let entry = this.#findFirst(id); this.#isOf(entry, id); entry++) {
      const page = this.pageOf(entry);
      const at = offsetInPage(entry);
      const isThere = readU32(page, at + STREAM_OFFSET) === offset && readU32(page, at + LENGTH_OFFSET) === length;
      if (this.#packOf(page, at) === pack && isThere) return true;
    }
    return false;
  }

  /** All entries in order. @throws CorruptError when they are in another order, or one is no place */
  *entries(): Generator<SegmentEntry> {
    let last: Uint8Array | undefined;
    let lastAt = 0;
    for (let index = 0; index < entryPageCount(this.counts); index++) {
      const page = this.readEntryPage(index);
      for (let at = 0; at < page.length; at += ENTRY_SIZE) {
        if (last !== undefined && compareEntries(last, lastAt, page, at) >= 0)
          throw this.#damaged("its entries are not in order");
        yield this.#decodeEntry(page, at);
        last = page;
        lastAt = at;
      }
    }
  }

  /** The entries of page `index`, 28 bytes each, past the cache. In `target`, when it is given and has room. */
  readEntryPage(index: number, target?: Uint8Array): Uint8Array {
    const place = pagePlace(this.counts, index);
    const page = target ?? new Uint8Array(place.size);
    this.#sealed.open(index, place, page);
    return page.subarray(0, place.size);
  }

  /** The page of entry `entry`, in the cache: valid only until others have been asked for, see {@link CachedPages.get}. */
  pageOf(entry: number): Uint8Array {
    return this.#pages.get(Math.floor(entry / PAGE_ENTRIES));
  }

  /** The record of pack `ordinal` as it stands in the segment. */
  packRecordBytes(ordinal: number): Uint8Array {
    const offset = this.#footer.packOffset(ordinal);
    return this.#packBytes(offset, this.#footer.packOffset(ordinal + 1) - offset);
  }

  /** @throws CorruptError naming the segment */
  packRecord(ordinal: number): PackRecord {
    return decodePackRecord(this.packRecordBytes(ordinal), this.name);
  }

  /** Object name of pack `ordinal`, from the head of its record. @throws CorruptError naming the segment */
  packName(ordinal: number): string {
    const head = this.#packBytes(this.#footer.packOffset(ordinal), NAME_REFERENCE_SIZE);
    return packName(decodeReference(head, 0, this.name));
  }

  /** The packs around `ordinal`, it included, whose names stand on the same page. */
  packsBeside(ordinal: number): { first: number; end: number } {
    const footer = this.#footer;
    const offset = footer.packOffset(ordinal);
    const start = offset - (offset % PACK_PAGE_SIZE);
    let first = ordinal;
    while (first > 0 && footer.packOffset(first - 1) >= start) first--;
    let end = ordinal + 1;
    const { packCount } = this.counts;
    while (end < packCount && footer.packOffset(end) + NAME_REFERENCE_SIZE <= start + PACK_PAGE_SIZE) end++;
    return { first, end };
  }

  [Symbol.dispose](): void {
    this.#pages.release();
    this.#sealed.source.close();
  }

  /** Index of the first entry that is not below `id`, or -1 when the filter says that none is of it. */
  #findFirst(id: Uint8Array): number {
    const page = this.#footer.lastPageBefore(id);
    if (!this.#footer.mayContain(id, page)) return -1;
    const first = page * PAGE_ENTRIES;
    return first + lowerBound(this.#pages.get(page), Math.min(PAGE_ENTRIES, this.counts.entryCount - first), id);
  }

  #isOf(entry: number, id: Uint8Array): boolean {
    if (entry < 0 || entry >= this.counts.entryCount) return false;
    return compareIds(this.pageOf(entry), offsetInPage(entry), id, 0) === 0;
  }

  #decodeEntry(page: Uint8Array, at: number): SegmentEntry {
    const pack = this.#packOf(page, at);
    return { pack, offset: readU32(page, at + STREAM_OFFSET), length: readU32(page, at + LENGTH_OFFSET) };
  }

  /** The pack of an entry, of which every limit has been checked: nothing is read, or taken memory for, beyond one. */
  #packOf(page: Uint8Array, at: number): number {
    const pack = readU32(page, at + PACK_OFFSET);
    if (pack >= this.counts.packCount) throw this.#damaged(`an entry names pack ${pack} of ${this.counts.packCount}`);
    const offset = readU32(page, at + STREAM_OFFSET);
    const length = readU32(page, at + LENGTH_OFFSET);
    const lengthMax = CHUNK_LENGTH_MAX[this.counts.kind];
    if (length >= 1 && length <= lengthMax && offset + length <= STREAM_MAX) return pack;
    const allowed = `allowed are 1 to ${lengthMax} in a stream of ${STREAM_MAX}`;
    throw this.#damaged(`an entry has ${length} bytes at ${offset}, ${allowed}`);
  }

  #packBytes(offset: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    const pagesBefore = entryPageCount(this.counts);
    for (let done = 0; done < length; ) {
      const index = Math.floor((offset + done) / PACK_PAGE_SIZE);
      const start = offset + done - index * PACK_PAGE_SIZE;
      const end = Math.min(PACK_PAGE_SIZE, start + length - done);
      result.set(this.#pages.get(pagesBefore + index).subarray(start, end), done);
      done += end - start;
    }
    return result;
  }

  #damaged(found: string): BcatError {
    return this.#sealed.damaged(found);
  }
}

/** Ordinal of the first of `count` entries that is not below `id`. */
function lowerBound(page: Uint8Array, count: number, id: Uint8Array): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIds(page, middle * ENTRY_SIZE, id, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
