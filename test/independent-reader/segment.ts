/** Index segments: where chunks lie (`docs/format.md` section 11). */

import { assertFormat, assertKnown, ByteReader } from "./bytes.js";
import { type ChunkKind, decodeChunkKind, decodeFrameTable, type FrameTable, PACK_SIZE_MAX } from "./pack.js";
import {
  decodeHeader,
  HEADER_SIZE,
  type KeySource,
  OBJECT_TYPE,
  objectKey,
  openGcm,
  TAG_SIZE,
  u32,
  unpad,
} from "./sealed.js";

export interface PackRecord {
  readonly name: string;
  readonly size: number;
  readonly table: FrameTable;
}

export interface Location {
  /** The first 16 bytes of the id, hexadecimal. */
  readonly id: string;
  readonly pack: PackRecord;
  readonly offset: number;
  readonly length: number;
}

export interface Segment {
  readonly kind: ChunkKind;
  readonly domain: number;
  readonly packs: readonly PackRecord[];
  readonly locations: readonly Location[];
}

const MAGIC = "BCATSEGMENT1";
const ENTRY_SIZE = 28;
const ENTRIES_PER_PAGE = 2340;
const PACK_PAGE_SIZE = 65_536;
const PAGES_PER_FILTER = 16;
const FOOTER_NONCE = 0xffffffff;

/** The object name of a name reference, such as `0000000001-<32 hex digits>`. */
export function readName(reader: ByteReader): string {
  const number = reader.u64();
  assertFormat(number >= 1 && number <= 9_999_999_999, `name reference to number ${number}`);
  return `${String(number).padStart(10, "0")}-${reader.take(16).toString("hex")}`;
}

export function packObjectName(name: string): string {
  return `packs/${name.slice(11, 13)}/${name}`;
}

/** Opens every page of a segment. */
export function openSegment(keys: KeySource, name: string, object: Buffer): Segment {
  const header = decodeHeader(object, OBJECT_TYPE.segment);
  const key = objectKey(keys, OBJECT_TYPE.segment, header, object.subarray(16, HEADER_SIZE), name);
  const aad = Buffer.concat([object.subarray(0, HEADER_SIZE), Buffer.from(name)]);
  const open = (number: number, sealed: Buffer) =>
    openGcm(key, sealed, aad, Buffer.concat([u32(number), Buffer.alloc(8)]));

  const trailer = new ByteReader(object.subarray(-16));
  const footerLength = trailer.u32();
  assertFormat(trailer.take(12).toString("latin1") === MAGIC, `${name} does not end with ${MAGIC}`);
  const pagesLength = object.length - HEADER_SIZE - footerLength - 16;
  assertFormat(pagesLength >= 0, `footer of ${footerLength} bytes`);
  const footer = decodeFooter(unpad(open(FOOTER_NONCE, object.subarray(HEADER_SIZE + pagesLength, -16))));

  const pages = new ByteReader(object.subarray(HEADER_SIZE, HEADER_SIZE + pagesLength));
  let number = 0;
  const openPages = (length: number, pageSize: number): Buffer[] => {
    const plain: Buffer[] = [];
    for (let left = length; left > 0; left -= pageSize)
      plain.push(open(number++, pages.take(Math.min(left, pageSize) + TAG_SIZE)));
    return plain;
  };
  const entryPages = openPages(footer.entryCount * ENTRY_SIZE, ENTRIES_PER_PAGE * ENTRY_SIZE);
  const packSection = Buffer.concat(openPages(footer.packSectionLength, PACK_PAGE_SIZE));
  pages.end();

  const packs = decodePackSection(packSection, footer.packOffsets);
  const locations = decodeEntries(Buffer.concat(entryPages), packs);
  for (const [page, id] of footer.firstIds.entries())
    assertFormat(locations[page * ENTRIES_PER_PAGE]?.id === id, `entry page ${page} begins with another id`);
  checkFilters(footer.filters, locations);
  return { kind: footer.kind, domain: header.domain, packs, locations };
}

function decodeFooter(body: Buffer) {
  const reader = new ByteReader(body);
  assertKnown(reader.u8() === 1, "version of the segment is unknown");
  const kind = decodeChunkKind(reader.u8());
  reader.zeros(2);
  const [entryCount, packCount, packSectionLength] = [reader.u32(), reader.u32(), reader.u32()];
  assertFormat(entryCount > 0, "segment has no entries");
  const firstIds = new ByteReader(reader.take(16 * Math.ceil(entryCount / ENTRIES_PER_PAGE)));
  const packOffsets = new ByteReader(reader.take(4 * packCount));
  return {
    kind,
    entryCount,
    packSectionLength,
    firstIds: firstIds.list(() => firstIds.take(16).toString("hex")),
    packOffsets: packOffsets.list(packOffsets.u32),
    filters: reader.take(reader.left),
  };
}

function decodePackSection(section: Buffer, offsets: readonly number[]): PackRecord[] {
  const reader = new ByteReader(section);
  const packs = offsets.map((offset) => {
    assertFormat(section.length - reader.left === offset, `pack record does not begin at ${offset}`);
    const name = readName(reader);
    const size = reader.u64();
    const keyCount = reader.u16();
    reader.zeros(2);
    const table = decodeFrameTable(reader, keyCount, reader.u32());
    assertFormat(size <= PACK_SIZE_MAX && table.storedLength < size, `pack of ${size} bytes`);
    return { name, size, table };
  });
  reader.end();
  return packs;
}

function decodeEntries(bytes: Buffer, packs: readonly PackRecord[]): Location[] {
  const reader = new ByteReader(bytes);
  let last = "";
  return reader.list(() => {
    const id = reader.take(16).toString("hex");
    const [ordinal, offset, length] = [reader.u32(), reader.u32(), reader.u32()];
    const pack = packs[ordinal];
    assertFormat(pack !== undefined, `entry names pack ${ordinal} of ${packs.length}`);
    assertFormat(length > 0 && offset + length <= pack.table.plainLength, `chunk at ${offset} of length ${length}`);
    const order = id + [ordinal, offset].map((value) => value.toString(16).padStart(8, "0")).join("");
    assertFormat(last < order, "entries are not sorted");
    last = order;
    return { id, pack, offset, length };
  });
}

/** Every id passes the filter of its pages. */
function checkFilters(bytes: Buffer, locations: readonly Location[]): void {
  const reader = new ByteReader(bytes);
  const step = PAGES_PER_FILTER * ENTRIES_PER_PAGE;
  for (let start = 0; start < locations.length; start += step) {
    const [seed, s] = [reader.u32(), reader.u8()];
    reader.zeros(3);
    assertFormat(s <= 16, `filter segments of 2^${s} bytes`);
    const count = reader.u32();
    const fingerprints = reader.take((count + 2) * 2 ** s);
    for (const { id } of locations.slice(start, start + step))
      assertFormat(mayContain(fingerprints, seed, s, count, Buffer.from(id, "hex")), `filter lacks ${id}`);
  }
  reader.end();
}

function mayContain(fingerprints: Buffer, seed: number, s: number, count: number, id: Buffer): boolean {
  const [a, b, c] = [0, 4, 8].map((offset) => mix(id.readUInt32LE(offset) ^ seed)) as [number, number, number];
  const size = 2 ** s;
  const p0 = Math.floor((a * count * size) / 2 ** 32);
  const p1 = (p0 + size) ^ (b & (size - 1));
  const p2 = (p0 + 2 * size) ^ ((b >>> 16) & (size - 1));
  return (fingerprints[p0]! ^ fingerprints[p1]! ^ fingerprints[p2]!) === (c & 255);
}

/** The finalizer of MurmurHash3. */
function mix(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
