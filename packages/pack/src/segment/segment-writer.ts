/** Writes a segment piece by piece: entries in order, then pack records, then the footer (docs/format.md section 11). */
import { encodeHeader, encodePaddedBody, freshBytes, ObjectType, objectKey, padme, sealGcm } from "@bcat/crypto";
import type { BlobKind } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { buildFilter } from "../fuse-filter.js";
import {
  compareIds,
  ENTRY_PAGE_SIZE,
  ENTRY_SIZE,
  entryPageCount,
  FILTER_PAGES,
  FOOTER_FIXED,
  FOOTER_PAGE,
  ID_SIZE,
  PACK_PAGE_SIZE,
  pageNonce,
  TAG_SIZE,
  TRAILER_MAGIC,
} from "./layout.js";

export interface SegmentWriterOptions {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  /** Name of the object: part of its key. */
  readonly name: string;
  /** Receives the bytes in order; each piece is fresh memory. */
  readonly sink: (piece: Uint8Array) => void;
}

/** Memory: one page of each sort, the ids under one filter block, and the footer. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #header: Uint8Array;
  readonly #key: Uint8Array;
  readonly #additional: Uint8Array;
  readonly #page = new Uint8Array(ENTRY_PAGE_SIZE);
  readonly #packPage = new Uint8Array(PACK_PAGE_SIZE);
  readonly #filterIds = new Uint8Array(FILTER_PAGES * (ENTRY_PAGE_SIZE / ENTRY_SIZE) * ID_SIZE);
  readonly #fences: Uint8Array[] = [];
  readonly #filters: Uint8Array[] = [];
  readonly #packOffsets: number[] = [];
  #filterCount = 0;
  #pageLength = 0;
  #packLength = 0;
  #entryCount = 0;
  #packBytes = 0;
  #pages = 0;
  #size = 0;

  constructor(context: PackContext, options: SegmentWriterOptions) {
    const { epoch, domain, name } = options;
    this.#options = options;
    const salt = freshBytes(context.blake3, context.random, Buffer.from(name));
    const header = { type: ObjectType.SEGMENT, epoch, domain };
    this.#header = Buffer.concat([encodeHeader(header), salt]);
    this.#key = objectKey(context.keys, header, salt, name);
    this.#additional = Buffer.concat([this.#header, Buffer.from(name)]);
    this.#emit(this.#header);
  }

  /** Adds an entry of {@link ENTRY_SIZE} bytes; entries come sorted, and before the packs. */
  addEntry(entry: Uint8Array): void {
    if (this.#pageLength === 0) this.#fences.push(entry.slice(0, ID_SIZE));
    this.#page.set(entry, this.#pageLength);
    this.#pageLength += ENTRY_SIZE;
    this.#entryCount++;
    this.#collectId(entry);
    if (this.#pageLength === ENTRY_PAGE_SIZE) this.#flushEntries();
  }

  /** Adds the record of the next pack, as the pack section has it. */
  addPackRecord(record: Uint8Array): void {
    this.#flushEntries();
    this.#packOffsets.push(this.#packBytes);
    this.#packBytes += record.length;
    for (let offset = 0; offset < record.length; ) {
      const piece = record.subarray(offset, offset + PACK_PAGE_SIZE - this.#packLength);
      this.#packPage.set(piece, this.#packLength);
      this.#packLength += piece.length;
      offset += piece.length;
      if (this.#packLength === PACK_PAGE_SIZE) this.#flushPacks();
    }
  }

  /** Writes what is left, the footer and the trailer. Returns the size of the segment. */
  finish(): number {
    this.#flushEntries();
    this.#flushPacks();
    this.#flushFilter();
    const body = this.#encodeFooter();
    const unpadded = this.#size + 4 + body.length + TAG_SIZE + 4 + TRAILER_MAGIC.length;
    const padded = encodePaddedBody(body, 4 + body.length + padme(unpadded) - unpadded);
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32LE(padded.length + TAG_SIZE);
    this.#emit(sealGcm(this.#key, pageNonce(FOOTER_PAGE), this.#additional, padded));
    this.#emit(Buffer.concat([trailer, TRAILER_MAGIC]));
    return this.#size;
  }

  #encodeFooter(): Uint8Array {
    const counts = { entryCount: this.#entryCount };
    const fixed = new Uint8Array(FOOTER_FIXED);
    const view = new DataView(fixed.buffer);
    fixed[0] = 1;
    fixed[1] = this.#options.kind;
    view.setUint32(4, this.#entryCount, true);
    view.setUint32(8, this.#packOffsets.length, true);
    view.setUint32(12, this.#packBytes, true);
    const offsets = Buffer.alloc(this.#packOffsets.length * 4);
    this.#packOffsets.forEach((offset, i) => {
      offsets.writeUInt32LE(offset, i * 4);
    });
    if (this.#fences.length !== entryPageCount(counts)) throw new RangeError("a fence is missing");
    return Buffer.concat([fixed, ...this.#fences, offsets, ...this.#filters]);
  }

  #collectId(entry: Uint8Array): void {
    const at = this.#filterCount * ID_SIZE;
    if (this.#filterCount > 0 && compareIds(this.#filterIds, at - ID_SIZE, entry, 0) === 0) return;
    this.#filterIds.set(entry.subarray(0, ID_SIZE), at);
    this.#filterCount++;
  }

  #flushFilter(): void {
    if (this.#filterCount === 0) return;
    this.#filters.push(buildFilter(this.#filterIds.subarray(0, this.#filterCount * ID_SIZE)));
    this.#filterCount = 0;
  }

  #flushEntries(): void {
    if (this.#pageLength === 0) return;
    this.#sealPage(this.#page.subarray(0, this.#pageLength));
    this.#pageLength = 0;
    if (this.#fences.length % FILTER_PAGES === 0) this.#flushFilter();
  }

  #flushPacks(): void {
    if (this.#packLength === 0) return;
    this.#sealPage(this.#packPage.subarray(0, this.#packLength));
    this.#packLength = 0;
  }

  #sealPage(page: Uint8Array): void {
    this.#emit(sealGcm(this.#key, pageNonce(this.#pages++), this.#additional, page));
  }

  #emit(piece: Uint8Array): void {
    this.#size += piece.length;
    this.#options.sink(piece);
  }
}
