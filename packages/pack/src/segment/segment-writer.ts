/** Writes a segment piece by piece: entries in order, then pack records, then the footer (docs/format.md section 11). */
import { encodeHeader, freshBytes, GcmSealing, ObjectType, objectKey, padme, sealGcm } from "@bcat/crypto";
import type { BlobKind } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { buildFilter } from "../fuse-filter.js";
import { writeU32 } from "../write-u32.js";
import {
  compareIds,
  copyEntry,
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
  TRAILER_SIZE,
} from "./layout.js";

export interface SegmentWriterOptions {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  /** Name of the object: part of its key. */
  readonly name: string;
  /** Zeros hide from a storage how many entries there are; what stays on this machine needs none, nor the time to open them. */
  readonly isPadded: boolean;
  /** Receives the bytes in order; each piece is fresh memory. */
  readonly sink: (piece: Uint8Array) => void;
}

/** Memory: one page of each sort, the ids under one filter block, and the footer, most of which is filters: 1.2 bytes an entry. */
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

  get entryCount(): number {
    return this.#entryCount;
  }

  /** Adds the entry of {@link ENTRY_SIZE} bytes at `offset` of `source`; entries come sorted, and before the packs. */
  addEntry(source: Uint8Array, offset = 0): void {
    if (this.#pageLength === 0) this.#fences.push(source.slice(offset, offset + ID_SIZE));
    copyEntry(source, offset, this.#page, this.#pageLength);
    this.#collectId(this.#page, this.#pageLength);
    this.#pageLength += ENTRY_SIZE;
    this.#entryCount++;
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
    if (this.#fences.length !== entryPageCount({ entryCount: this.#entryCount }))
      throw new RangeError("a fence is missing");
    const body = [this.#encodeFixed(), Buffer.concat(this.#fences), this.#encodePackOffsets(), ...this.#filters];
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    const unpadded = this.#size + 4 + length + TAG_SIZE + TRAILER_SIZE;
    const padding = this.#options.isPadded ? padme(unpadded) - unpadded : 0;
    this.#sealFooter(body, length, padding);
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32LE(4 + length + padding + TAG_SIZE);
    this.#emit(Buffer.concat([trailer, TRAILER_MAGIC]));
    return this.#size;
  }

  /** In pieces: a large footer would else be in memory four times. */
  #sealFooter(body: readonly Uint8Array[], length: number, padding: number): void {
    const sealing = new GcmSealing(this.#key, pageNonce(FOOTER_PAGE), this.#additional);
    const prefix = new Uint8Array(4);
    writeU32(prefix, 0, length);
    for (const piece of [prefix, ...body]) this.#emit(sealing.update(piece));
    const zeros = new Uint8Array(Math.min(padding, PACK_PAGE_SIZE));
    for (let done = 0; done < padding; done += zeros.length) {
      this.#emit(sealing.update(zeros.subarray(0, padding - done)));
    }
    this.#emit(sealing.end());
  }

  #encodeFixed(): Uint8Array {
    const fixed = new Uint8Array(FOOTER_FIXED);
    fixed[0] = 1;
    fixed[1] = this.#options.kind;
    writeU32(fixed, 4, this.#entryCount);
    writeU32(fixed, 8, this.#packOffsets.length);
    writeU32(fixed, 12, this.#packBytes);
    return fixed;
  }

  #encodePackOffsets(): Uint8Array {
    const offsets = new Uint8Array(this.#packOffsets.length * 4);
    this.#packOffsets.forEach((offset, i) => {
      writeU32(offsets, i * 4, offset);
    });
    return offsets;
  }

  #collectId(page: Uint8Array, offset: number): void {
    const at = this.#filterCount * ID_SIZE;
    if (this.#filterCount > 0 && compareIds(this.#filterIds, at - ID_SIZE, page, offset) === 0) return;
    for (let i = 0; i < ID_SIZE; i++) this.#filterIds[at + i] = page[offset + i]!;
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
