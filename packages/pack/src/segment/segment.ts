/**
 * Reads a segment: "where is this chunk?" costs one filter probe when it is nowhere and one page when it is somewhere.
 * Resident: fences, filters and pack offsets of the footer, about 1.2 bytes an entry; pages come and go through a cache
 * that all segments of an index share (docs/format.md section 11).
 */

import { decodeHeader, decodePaddedBody, ObjectType, objectKey, openGcm } from "@bcat/crypto";
import { BcatError, CorruptError } from "@bcat/errors";
import { isBlobKind } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { FILTER_HEADER_SIZE, filterLength, filterMayContain } from "../fuse-filter.js";
import { decodeReference, NAME_REFERENCE_SIZE, packName } from "../pack-name.js";
import { readU32 } from "../read-u32.js";
import type { ByteSource } from "./byte-source.js";
import {
  compareEntries,
  compareIds,
  ENTRY_SIZE,
  entryPageCount,
  FILTER_PAGES,
  FOOTER_FIXED,
  FOOTER_PAGE,
  HEADER_SIZE,
  ID_SIZE,
  LENGTH_OFFSET,
  PACK_OFFSET,
  PACK_PAGE_SIZE,
  PACK_RECORD_FIXED,
  PAGE_ENTRIES,
  packPageCount,
  pageNonce,
  pagesSize,
  SEGMENT_SIZE_MAX,
  type SegmentCounts,
  STREAM_OFFSET,
  TAG_SIZE,
  TRAILER_MAGIC,
  TRAILER_SIZE,
} from "./layout.js";
import { decodePackRecord, type PackRecord } from "./pack-record.js";
import type { PageCache } from "./page-cache.js";

/** One place of a chunk: a pack of the segment, and the chunk's place in the pack's stream. */
export interface SegmentEntry {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

export class Segment implements Disposable {
  readonly name: string;
  readonly counts: SegmentCounts;
  readonly #source: ByteSource;
  readonly #cache: PageCache;
  readonly #key: Uint8Array;
  readonly #additional: Uint8Array;
  readonly #fences: Uint8Array;
  readonly #packOffsets: Uint32Array;
  readonly #filters: Uint8Array[];

  /**
   * Opens the segment `name`. The segment owns `source` from here on and closes it.
   *
   * @throws CorruptError naming the segment, or the fault of its source; BcatError newer-format
   */
  constructor(context: PackContext, segment: { name: string; source: ByteSource; sizeMax?: number }, cache: PageCache) {
    const { name, source } = segment;
    this.name = name;
    this.#source = source;
    this.#cache = cache;
    const sizeMax = segment.sizeMax ?? SEGMENT_SIZE_MAX;
    if (source.size > sizeMax) throw this.#damaged(`${source.size} bytes, allowed are ${sizeMax}`);
    if (source.size < HEADER_SIZE + TRAILER_SIZE) throw this.#damaged(`${source.size} bytes`);
    const headerBytes = source.read(0, HEADER_SIZE).slice();
    if (headerBytes.length !== HEADER_SIZE) throw this.#damaged("its header is cut off");
    const header = decodeHeader(headerBytes.subarray(0, 16), { type: ObjectType.SEGMENT, name });
    this.#key = objectKey(context.keys, header, headerBytes.subarray(16), name);
    this.#additional = Buffer.concat([headerBytes, Buffer.from(name)]);
    const footer = this.#openFooter();
    this.counts = this.#decodeCounts(footer);
    const pages = entryPageCount(this.counts);
    let offset = FOOTER_FIXED;
    this.#fences = footer.subarray(offset, offset + pages * ID_SIZE);
    offset += pages * ID_SIZE;
    this.#packOffsets = this.#decodePackOffsets(footer.subarray(offset, offset + this.counts.packCount * 4));
    this.#filters = this.#splitFilters(footer.subarray(offset + this.counts.packCount * 4));
  }

  /** All places of the chunk whose id starts with the 16 bytes of `id`; usually none or one. */
  find(id: Uint8Array): SegmentEntry[] {
    const found: SegmentEntry[] = [];
    let page = this.#lastPageBefore(id);
    if (!this.#mayContain(id, page)) return found;
    for (let start = -1; page < entryPageCount(this.counts); page++, start = 0) {
      const entries = this.entryPage(page);
      let at = start < 0 ? lowerBound(entries, id) : 0;
      for (; at < entries.length && compareIds(entries, at, id, 0) === 0; at += ENTRY_SIZE) {
        found.push(this.#decodeEntry(entries, at));
      }
      if (at < entries.length) break;
    }
    return found;
  }

  /** All entries in order. @throws CorruptError when they are in another order, or one names no pack */
  *entries(): Generator<SegmentEntry> {
    let last: Uint8Array | undefined;
    let lastAt = 0;
    for (let index = 0; index < entryPageCount(this.counts); index++) {
      const page = this.entryPage(index);
      for (let at = 0; at < page.length; at += ENTRY_SIZE) {
        if (last !== undefined && compareEntries(last, lastAt, page, at) >= 0)
          throw this.#damaged("its entries are not in order");
        yield this.#decodeEntry(page, at);
        last = page;
        lastAt = at;
      }
    }
  }

  /** Plain bytes of entry page `index`: entries of 28 bytes. Owned by the page cache; not to be changed. */
  entryPage(index: number): Uint8Array {
    const first = index * PAGE_ENTRIES;
    const count = Math.min(PAGE_ENTRIES, this.counts.entryCount - first);
    const offset = HEADER_SIZE + first * ENTRY_SIZE + index * TAG_SIZE;
    return this.#page(index, offset, count * ENTRY_SIZE);
  }

  /** The record of pack `ordinal` as it stands in the segment. */
  packRecordBytes(ordinal: number): Uint8Array {
    const offset = this.#packOffsets[ordinal]!;
    const end = this.#packOffsets[ordinal + 1] ?? this.counts.packBytes;
    return this.#packBytes(offset, end - offset);
  }

  /** Object name of pack `ordinal`, from the head of its record. @throws CorruptError naming the segment */
  packName(ordinal: number): string {
    const head = this.#packBytes(this.#packOffsets[ordinal]!, NAME_REFERENCE_SIZE);
    return packName(decodeReference(head, 0, this.name));
  }

  /** The packs around `ordinal`, it included, whose names stand on the same page. */
  packsBeside(ordinal: number): { first: number; end: number } {
    const offsets = this.#packOffsets;
    const start = offsets[ordinal]! - (offsets[ordinal]! % PACK_PAGE_SIZE);
    let first = ordinal;
    while (first > 0 && offsets[first - 1]! >= start) first--;
    let end = ordinal + 1;
    while (end < offsets.length && offsets[end]! + NAME_REFERENCE_SIZE <= start + PACK_PAGE_SIZE) end++;
    return { first, end };
  }

  /** @throws CorruptError naming the segment */
  packRecord(ordinal: number): PackRecord {
    return decodePackRecord(this.packRecordBytes(ordinal), this.name);
  }

  [Symbol.dispose](): void {
    this.#source.close();
  }

  #openFooter(): Uint8Array {
    const { size } = this.#source;
    const trailer = this.#source.read(size - TRAILER_SIZE, TRAILER_SIZE);
    if (Buffer.compare(trailer.subarray(4), TRAILER_MAGIC) !== 0)
      throw this.#damaged("its last bytes are not a trailer");
    const length = new DataView(trailer.buffer, trailer.byteOffset, 4).getUint32(0, true);
    const offset = size - TRAILER_SIZE - length;
    if (offset < HEADER_SIZE || length < 4 + FOOTER_FIXED + TAG_SIZE) throw this.#damaged(`footer of ${length} bytes`);
    const body = decodePaddedBody(this.#open(FOOTER_PAGE, offset, length), this.name);
    if (body.length < FOOTER_FIXED) throw this.#damaged(`footer body of ${body.length} bytes`);
    return body;
  }

  #decodeCounts(footer: Uint8Array): SegmentCounts {
    const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
    if (footer[0] !== 1) {
      throw new BcatError("newer-format", `Cannot read segment "${this.name}": version ${footer[0]}, known is 1`);
    }
    const kind = view.getUint8(1);
    const counts = {
      entryCount: view.getUint32(4, true),
      packCount: view.getUint32(8, true),
      packBytes: view.getUint32(12, true),
    };
    if (!isBlobKind(kind) || footer[2] !== 0 || footer[3] !== 0) throw this.#damaged(`chunks of kind ${kind}`);
    const fixed = FOOTER_FIXED + entryPageCount(counts) * ID_SIZE + counts.packCount * 4;
    if (counts.entryCount === 0 || counts.packCount === 0) throw this.#damaged("it has no entries");
    if (footer.length < fixed || HEADER_SIZE + pagesSize(counts) > this.#source.size) {
      throw this.#damaged(
        `${counts.entryCount} entries and ${counts.packBytes} bytes of packs in ${this.#source.size} bytes`,
      );
    }
    return { kind, ...counts };
  }

  #decodePackOffsets(bytes: Uint8Array): Uint32Array {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const offsets = new Uint32Array(this.counts.packCount);
    let end = 0;
    for (let i = 0; i < offsets.length; i++) {
      const offset = view.getUint32(i * 4, true);
      if (i === 0 ? offset !== 0 : offset < end) throw this.#damaged(`pack record ${i} at ${offset}`);
      offsets[i] = offset;
      end = offset + PACK_RECORD_FIXED;
    }
    if (end > this.counts.packBytes) throw this.#damaged(`pack records to ${end} of ${this.counts.packBytes} bytes`);
    return offsets;
  }

  #splitFilters(bytes: Uint8Array): Uint8Array[] {
    const filters: Uint8Array[] = [];
    const blocks = Math.ceil(entryPageCount(this.counts) / FILTER_PAGES);
    let offset = 0;
    for (let i = 0; i < blocks; i++) {
      const length = filterLength(bytes.subarray(offset));
      if (length === undefined) throw this.#damaged(`filter block ${i} is cut off`);
      filters.push(bytes.subarray(offset, offset + length));
      offset += length;
    }
    if (offset !== bytes.length) throw this.#damaged(`${bytes.length - offset} bytes behind the filters`);
    return filters;
  }

  /** Index of the last page whose first id is below `id`; 0 when there is none. */
  #lastPageBefore(id: Uint8Array): number {
    let low = 0;
    let high = entryPageCount(this.counts) - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (compareIds(this.#fences, middle * ID_SIZE, id, 0) < 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #mayContain(id: Uint8Array, page: number): boolean {
    const filter = this.#filters[Math.floor(page / FILTER_PAGES)];
    if (filter !== undefined && filter.length > FILTER_HEADER_SIZE && filterMayContain(filter, id)) return true;
    const next = (page + 1) * ID_SIZE;
    return next < this.#fences.length && compareIds(this.#fences, next, id, 0) === 0;
  }

  #decodeEntry(page: Uint8Array, at: number): SegmentEntry {
    const pack = readU32(page, at + PACK_OFFSET);
    if (pack >= this.counts.packCount) throw this.#damaged(`an entry names pack ${pack} of ${this.counts.packCount}`);
    return { pack, offset: readU32(page, at + STREAM_OFFSET), length: readU32(page, at + LENGTH_OFFSET) };
  }

  #packBytes(offset: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    const pagesBefore = entryPageCount(this.counts);
    for (let done = 0; done < length; ) {
      const index = Math.floor((offset + done) / PACK_PAGE_SIZE);
      const start = index * PACK_PAGE_SIZE;
      const size = Math.min(PACK_PAGE_SIZE, this.counts.packBytes - start);
      const place =
        HEADER_SIZE + this.counts.entryCount * ENTRY_SIZE + pagesBefore * TAG_SIZE + start + index * TAG_SIZE;
      if (index >= packPageCount(this.counts)) throw this.#damaged("a pack record is cut off");
      const piece = this.#page(pagesBefore + index, place, size).subarray(
        offset + done - start,
        offset + length - start,
      );
      result.set(piece, done);
      done += piece.length;
    }
    return result;
  }

  #page(index: number, offset: number, size: number): Uint8Array {
    return this.#cache.get(this, index, () => this.#open(index, offset, size + TAG_SIZE));
  }

  #open(page: number, offset: number, length: number): Uint8Array {
    const sealed = this.#source.read(offset, length);
    if (sealed.length === length) {
      const plain = openGcm(this.#key, pageNonce(page), this.#additional, sealed);
      if (plain !== undefined) return plain;
    }
    throw this.#damaged(
      page === FOOTER_PAGE ? "the tag of its footer does not verify" : `the tag of page ${page} does not verify`,
    );
  }

  #damaged(found: string): BcatError {
    const fault = this.#source.fault?.();
    if (fault !== undefined) return fault;
    return new CorruptError(`Cannot read segment "${this.name}": ${found}`, { object: this.name });
  }
}

/** Offset of the first entry of `page` that is not below `id`. */
function lowerBound(page: Uint8Array, id: Uint8Array): number {
  let low = 0;
  let high = page.length / ENTRY_SIZE;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIds(page, middle * ENTRY_SIZE, id, 0) < 0) low = middle + 1;
    else high = middle;
  }
  return low * ENTRY_SIZE;
}
