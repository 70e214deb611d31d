/**
 * Layout of an index segment (docs/format.md section 11), shared by its writer and its reader.
 *
 *     48 header | entry pages | pack pages | footer | u32 footer length, "BCATSEGMENT1"
 *
 * Entries have a fixed size and entry pages a fixed number of them, so that a page is found by arithmetic and read
 * alone. The local cache keeps merged segments in the same layout, without the limit on their size.
 */
import { type BlobKind, DATA, TREE } from "../blob-kind.js";
import { NAME_REFERENCE_SIZE } from "../pack-name.js";
import { readU32 } from "../read-u32.js";
import { FRAMES_MAX, KEYS_MAX, tablesSize } from "../tables.js";

export const HEADER_SIZE = 48;
export const TRAILER_MAGIC = Buffer.from("BCATSEGMENT1");
export const TRAILER_SIZE = 4 + TRAILER_MAGIC.length;
export const ID_SIZE = 16;
/** 16 bytes of the id | u32 pack ordinal | u32 offset in the stream | u32 length. */
export const ENTRY_SIZE = 28;
export const PACK_OFFSET = 16;
export const STREAM_OFFSET = 20;
export const LENGTH_OFFSET = 24;
export const PAGE_ENTRIES = 2_340;
export const ENTRY_PAGE_SIZE = PAGE_ENTRIES * ENTRY_SIZE;
export const PACK_PAGE_SIZE = 65_536;
export const TAG_SIZE = 16;
/** Entry pages that share a filter block. */
export const FILTER_PAGES = 16;
/** Bytes of a pack record before its tables. */
export const PACK_RECORD_FIXED = NAME_REFERENCE_SIZE + 8 + 8;
/** Bytes of the longest pack record. */
export const PACK_RECORD_MAX = PACK_RECORD_FIXED + tablesSize(KEYS_MAX, FRAMES_MAX);
export const FOOTER_FIXED = 16;
export const FOOTER_PAGE = 0xffff_ffff;
/** Size of a segment as an object, bytes, that readers accept. */
export const SEGMENT_SIZE_MAX = 96 * 2 ** 20;

/** Bytes of a chunk, by its kind. */
export const CHUNK_LENGTH_MAX: Readonly<Record<BlobKind, number>> = { [DATA]: 64 * 2 ** 20, [TREE]: 4 * 2 ** 20 };

/** Nonce of page `index`; the footer has {@link FOOTER_PAGE}. The key is the segment's own, so a counter suffices. */
export function pageNonce(index: number): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(0, index, true);
  return nonce;
}

/** Counts from which all places in a segment follow. */
export interface SegmentCounts {
  readonly kind: BlobKind;
  readonly entryCount: number;
  readonly packCount: number;
  readonly packBytes: number;
}

export function entryPageCount(counts: { entryCount: number }): number {
  return Math.ceil(counts.entryCount / PAGE_ENTRIES);
}

export function packPageCount(counts: { packBytes: number }): number {
  return Math.ceil(counts.packBytes / PACK_PAGE_SIZE);
}

/** Where entry `entry` stands in its page. */
export function offsetInPage(entry: number): number {
  return (entry % PAGE_ENTRIES) * ENTRY_SIZE;
}

/** Bytes of all sealed pages. */
export function pagesSize(counts: { entryCount: number; packBytes: number }): number {
  const pages = entryPageCount(counts) + packPageCount(counts);
  return counts.entryCount * ENTRY_SIZE + counts.packBytes + pages * TAG_SIZE;
}

/** Where page `page` stands, sealed, and how many bytes it has when opened. Entry pages come first. */
export function pagePlace(counts: SegmentCounts, page: number): { offset: number; size: number } {
  const entryPages = entryPageCount(counts);
  if (page < entryPages) {
    const first = page * PAGE_ENTRIES;
    const size = Math.min(PAGE_ENTRIES, counts.entryCount - first) * ENTRY_SIZE;
    return { offset: HEADER_SIZE + first * ENTRY_SIZE + page * TAG_SIZE, size };
  }
  const start = (page - entryPages) * PACK_PAGE_SIZE;
  const offset = HEADER_SIZE + counts.entryCount * ENTRY_SIZE + start + page * TAG_SIZE;
  return { offset, size: Math.min(PACK_PAGE_SIZE, counts.packBytes - start) };
}

/** Compares the 16-byte ids at two places as byte strings. */
export function compareIds(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): number {
  for (let i = 0; i < ID_SIZE; i++) {
    const difference = a[aOffset + i]! - b[bOffset + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Compares the entries at two places by (id, pack, offset), as segments order them. */
export function compareEntries(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): number {
  return (
    compareIds(a, aOffset, b, bOffset) ||
    readU32(a, aOffset + PACK_OFFSET) - readU32(b, bOffset + PACK_OFFSET) ||
    readU32(a, aOffset + STREAM_OFFSET) - readU32(b, bOffset + STREAM_OFFSET)
  );
}

/** Copies the entry at one place to another. Twenty-eight bytes are copied faster than a view on them is made. */
export function copyEntry(source: Uint8Array, sourceOffset: number, target: Uint8Array, targetOffset: number): void {
  for (let i = 0; i < ENTRY_SIZE; i++) target[targetOffset + i] = source[sourceOffset + i]!;
}
