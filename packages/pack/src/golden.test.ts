/**
 * The codecs of this package against golden files, which no test writes. What is sealed in them is also opened with
 * `node:crypto` alone, key by key as docs/format.md sections 3, 4, 10 and 11 have it: a vector that only our own code
 * could open would say nothing about the format.
 */
import { createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { loadBlake3, loadGcm, RepositoryKeys } from "@bcat/crypto";
import { expect, test } from "vitest";
import { type BlobKind, DATA } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import {
  type Directory,
  decodeDirectory,
  encodeDirectory,
  openDirectory,
  sealTail,
  TRAILER_SIZE,
} from "./directory.js";
import { FrameOpener, FrameSealer, packKey } from "./frame.js";
import { buildFilter, filterLength, filterMayContain } from "./fuse-filter.js";
import { type ObjectReference, packName } from "./pack-name.js";
import { buildSegment, type IndexedPack } from "./segment/build-segment.js";
import { memorySource } from "./segment/byte-source.js";
import { decodePackRecord, encodePackRecord } from "./segment/pack-record.js";
import { PageCache } from "./segment/page-cache.js";
import { Segment } from "./segment/segment.js";
import { CODEC_STORED, type FrameTables, type KeyEntry } from "./tables.js";
import { buildPack } from "./test-packs.js";
import { loadZstd } from "./zstd.js";

interface Keyed {
  readonly rootKey: string;
  readonly repositoryId: string;
}

interface GoldenFrame {
  readonly description: string;
  readonly kind: BlobKind;
  readonly key: KeyEntry;
  readonly codec: number;
  readonly salt: Uint8Array;
  readonly plain: Uint8Array;
  readonly stored: Uint8Array;
  readonly sealed: Uint8Array;
}

interface SegmentSettings {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  readonly session: number;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const sha256 = (...parts: Uint8Array[]): Uint8Array => createHash("sha256").update(Buffer.concat(parts)).digest();
const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);

function readGolden<T>(file: string): T {
  const isBytes = (value: unknown): value is { bytes: string } =>
    typeof value === "object" && value !== null && "bytes" in value;
  const source = readFileSync(new URL(`golden/${file}`, import.meta.url), "utf8");
  return JSON.parse(source, (_, value) => (isBytes(value) ? fromHex(value.bytes) : value)) as T;
}

/** A directory or an indexed pack with its columns as they are in memory. */
function withColumns<T extends { chunks: Directory["chunks"] }>(value: T): T {
  const { count, ids, offsets, lengths } = value.chunks;
  return { ...value, chunks: { count, ids, offsets: Uint32Array.from(offsets), lengths: Uint32Array.from(lengths) } };
}

/** Its random bytes are 0, 1, 2, … */
async function createContext(golden: Keyed, mode: "off" | "auto" = "auto"): Promise<PackContext> {
  let next = 0;
  const random = (length: number) => Uint8Array.from({ length }, () => next++);
  const keys = new RepositoryKeys(fromHex(golden.rootKey), fromHex(golden.repositoryId));
  return { keys, blake3: loadBlake3(mode), zstd: await loadZstd(mode), gcm: loadGcm(mode), random };
}

function hkdf(key: Uint8Array, salt: Uint8Array, ...info: (string | Uint8Array)[]): Uint8Array {
  const joined = Buffer.concat(info.map((part) => Buffer.from(part as Uint8Array)));
  return new Uint8Array(hkdfSync("sha256", key, salt, joined, 32));
}

/** K(label, epoch, domain). */
function derive({ rootKey, repositoryId }: Keyed, label: string, epoch: number, domain: number): Uint8Array {
  return hkdf(fromHex(rootKey), fromHex(repositoryId), `bcat/1/${label}\0`, u32(epoch), u32(domain));
}

function openGcm(key: Uint8Array, nonce: Uint8Array, additional: Uint8Array, sealed: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  decipher.setAAD(additional).setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function unpad(padded: Uint8Array): Uint8Array {
  const length = Buffer.from(padded).readUInt32LE();
  expect(padded.subarray(4 + length).every((byte) => byte === 0)).toBe(true);
  return padded.subarray(4, 4 + length);
}

function openFrameByHand(golden: Keyed, frame: GoldenFrame): Uint8Array {
  const { kind, key, codec, salt, plain, sealed } = frame;
  const parent = derive(golden, "pack", key.epoch, key.domain);
  const frameKey = hkdf(hkdf(parent, key.encapsulation, "bcat/1/pack-key", Uint8Array.of(kind)), salt, "bcat/1/frame");
  return openGcm(frameKey, new Uint8Array(12), Buffer.concat([Uint8Array.of(codec), u32(plain.length)]), sealed);
}

/** The body of the directory of a pack. */
function openDirectoryByHand(golden: Keyed, name: string, pack: Buffer): Uint8Array {
  const trailer = pack.subarray(-96);
  expect(hex(trailer.subarray(0, 8))).toBe("4243415401070100");
  const parent = derive(golden, "directory", trailer.readUInt32LE(8), trailer.readUInt32LE(12));
  const key = hkdf(parent, trailer.subarray(16, 48), "bcat/1/directory", name);
  const sealed = pack.subarray(-96 - trailer.readUInt32LE(48), -96);
  return unpad(openGcm(key, new Uint8Array(12), Buffer.concat([trailer.subarray(0, 64), Buffer.from(name)]), sealed));
}

/** What the pages and the footer of a segment hold. */
function openSegmentByHand(golden: Keyed, name: string, segment: Buffer) {
  expect(hex(segment.subarray(0, 8))).toBe("4243415401060100");
  expect(segment.toString("latin1", segment.length - 12)).toBe("BCATSEGMENT1");
  const parent = derive(golden, "index", segment.readUInt32LE(8), segment.readUInt32LE(12));
  const key = hkdf(parent, segment.subarray(16, 48), "bcat/1/object", Uint8Array.of(6), name);
  const additional = Buffer.concat([segment.subarray(0, 48), Buffer.from(name)]);
  const open = (index: number, sealed: Uint8Array) =>
    openGcm(key, Buffer.concat([u32(index), Buffer.alloc(8)]), additional, sealed);
  const end = segment.length - 16 - segment.readUInt32LE(segment.length - 16);
  const footer = Buffer.from(unpad(open(0xffff_ffff, segment.subarray(end, -16))));
  let offset = 48;
  let index = 0;
  const openPages = (length: number, pageSize: number) => {
    const pages: Uint8Array[] = [];
    for (let left = length; left > 0; left -= pageSize) {
      const size = Math.min(left, pageSize) + 16;
      pages.push(open(index++, segment.subarray(offset, offset + size)));
      offset += size;
    }
    return Buffer.concat(pages);
  };
  const entries = openPages(28 * footer.readUInt32LE(4), 28 * 2340);
  const packSection = openPages(footer.readUInt32LE(12), 65_536);
  expect(offset).toBe(end);
  return { entries, packSection, footer };
}

/** The formula of section 11, in integers of any size. */
function mayContainByHand(filter: Uint8Array, id: Uint8Array): boolean {
  const [bytes, words] = [Buffer.from(filter), Buffer.from(id)];
  const u = 2n ** 32n;
  const fmix = (x: bigint) => {
    x = ((x ^ (x >> 16n)) * 0x85ebca6bn) % u;
    x = ((x ^ (x >> 13n)) * 0xc2b2ae35n) % u;
    return x ^ (x >> 16n);
  };
  const seed = BigInt(bytes.readUInt32LE(0));
  const size = 2n ** BigInt(bytes.readUInt8(4));
  const [a, b, c] = [0, 4, 8].map((at) => fmix(BigInt(words.readUInt32LE(at)) ^ seed)) as [bigint, bigint, bigint];
  const p0 = (a * BigInt(bytes.readUInt32LE(8)) * size) / u;
  const p1 = (p0 + size) ^ (b & (size - 1n));
  const p2 = (p0 + 2n * size) ^ ((b >> 16n) & (size - 1n));
  const [f0, f1, f2] = [p0, p1, p2].map((p) => bytes.readUInt8(12 + Number(p))) as [number, number, number];
  return (f0 ^ f1 ^ f2) === Number(c & 255n);
}

function openInMemory(context: PackContext, name: string, bytes: Uint8Array): Segment {
  return new Segment(context, { name, source: memorySource(bytes) }, new PageCache(1 << 22));
}

/** All chunks of packs, each with the place a segment over them gives it. */
function* chunksOf(packs: readonly IndexedPack[]) {
  for (const [pack, { chunks }] of packs.entries()) {
    for (let i = 0; i < chunks.count; i++) {
      const entry = { pack, offset: chunks.offsets[i]!, length: chunks.lengths[i]! };
      yield { id: chunks.ids.subarray(16 * i, 16 * i + 16), entry };
    }
  }
}

test("golden files are all there", () => {
  expect(readdirSync(new URL("golden/", import.meta.url)).sort()).toEqual([
    "filters.json",
    "frames.json",
    "pack-record.json",
    "pack-tree.json",
    "pack.json",
    "segment-pages.json",
    "segment.json",
  ]);
});

const sealedFrames = readGolden<Keyed & { readonly frames: readonly GoldenFrame[] }>("frames.json");

test.each(sealedFrames.frames)("golden frame: $description", async (golden) => {
  const { kind, key, codec, salt, plain, stored, sealed } = golden;
  expect(hex(openFrameByHand(sealedFrames, golden))).toBe(hex(stored));
  for (const mode of ["off", "auto"] as const) {
    const context = await createContext(sealedFrames, mode);
    const entry = { key: 0, codec, salt, storedOffset: 0, storedLength: sealed.length };
    const target = new Uint8Array(plain.length);
    const frame = { ...entry, plainOffset: 0, plainLength: plain.length };
    new FrameOpener(context).open(packKey(context, key, kind), frame, sealed, target, "it");
    expect(hex(target)).toBe(hex(plain));
    const again = new Uint8Array(sealed.length);
    expect(new FrameSealer(context).seal(packKey(context, key, kind), frame, stored, again)).toBe(sealed.length);
    expect(hex(again)).toBe(hex(sealed));
  }
});

test("a golden pack put together: directory body, sealed directory and trailer", async () => {
  interface GoldenTree extends Keyed {
    readonly reference: ObjectReference;
    readonly name: string;
    readonly salt: Uint8Array;
    readonly directory: Directory;
    readonly body: Uint8Array;
    readonly frames: Uint8Array;
    readonly tail: Uint8Array;
  }
  const golden = readGolden<GoldenTree>("pack-tree.json");
  const { name, salt, body, tail } = golden;
  const directory = withColumns(golden.directory);
  const context = await createContext(golden);
  expect(packName(golden.reference)).toBe(name);
  expect(hex(encodeDirectory(directory))).toBe(hex(body));
  const place = { object: name, epoch: 5, domain: 6, directoryOffset: golden.frames.length };
  expect(decodeDirectory(body, place)).toEqual(directory);
  const hash = context.blake3.incremental();
  hash.update(golden.frames);
  const frames = { length: golden.frames.length, hash };
  expect(hex(sealTail(context, { name, epoch: 5, domain: 6, salt, body }, frames))).toBe(hex(tail));
  const pack = Buffer.concat([golden.frames, tail]);
  expect(pack.length % 4096).toBe(0);
  expect(hex(openDirectoryByHand(golden, name, pack))).toBe(hex(body));
  expect(hex(context.blake3.hash(pack.subarray(0, -32)))).toBe(hex(pack.subarray(-32)));
  const trailer = tail.subarray(-TRAILER_SIZE);
  const opened = openDirectory(context, { name, trailer, size: pack.length }, tail.subarray(0, -TRAILER_SIZE));
  expect(opened).toEqual(directory);
  expect(hex(golden.frames)).toBe(
    sealedFrames.frames
      .slice(1)
      .map((frame) => hex(frame.sealed))
      .join(""),
  );
});

test("a golden pack as the writer makes it", async () => {
  interface GoldenPack extends Keyed {
    readonly session: number;
    readonly chunks: readonly { readonly id: Uint8Array; readonly plain: Uint8Array }[];
    readonly name: string;
    readonly pack: Uint8Array;
  }
  const golden = readGolden<GoldenPack>("pack.json");
  for (const mode of ["off", "auto"] as const) {
    const context = await createContext(golden, mode);
    const plains = golden.chunks.map(({ plain }) => plain);
    const pack = buildPack(context, plains, { session: golden.session, level: 0 });
    const idHash = context.blake3.keyed(derive(golden, "id/data", 0, 0));
    for (const { id, plain } of golden.chunks) expect(hex(idHash.hash(plain))).toBe(hex(id));
    expect(pack.name).toBe(golden.name);
    expect(hex(pack.bytes)).toBe(hex(golden.pack));
  }
  const body = Buffer.from(openDirectoryByHand(golden, golden.name, Buffer.from(golden.pack)));
  // One key and one frame, which holds the three chunks back to back.
  expect(hex(body.subarray(0, 12))).toBe("010101000100000003000000");
  const ids = golden.chunks.map(({ id }) => hex(id.subarray(0, 16)));
  expect([0, 1, 2].map((i) => hex(body.subarray(84 + 24 * i, 100 + 24 * i)))).toEqual(ids);
  const frame = { key: { encapsulation: body.subarray(24, 56) }, salt: body.subarray(60, 76) };
  expectFreshByHand(golden, body);
  const plain = openFrameByHand(golden, {
    description: "",
    kind: DATA,
    key: { kind: 1, epoch: 0, domain: 0, ...frame.key },
    codec: 0,
    salt: frame.salt,
    plain: new Uint8Array(body.readUInt32LE(80)),
    stored: new Uint8Array(0),
    sealed: golden.pack.subarray(0, body.readUInt32LE(76)),
  });
  expect(hex(plain)).toBe(golden.chunks.map((chunk) => hex(chunk.plain)).join(""));
});

/** What is fresh in that pack, by the writer's notes of sections 4 and 10; random bytes are 0, 1, 2, … */
function expectFreshByHand(
  golden: { readonly name: string; readonly pack: Uint8Array; readonly chunks: readonly { readonly id: Uint8Array }[] },
  body: Buffer,
): void {
  const random = (first: number) => Uint8Array.from({ length: 32 }, (_, i) => first + i);
  const hash = (...parts: Uint8Array[]) => loadBlake3("off").hash(Buffer.concat(parts));
  const counter = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
  const [codec, storedLength] = [Uint8Array.of(0), body.subarray(76, 80)];
  const ids = golden.chunks.map(({ id }) => id);
  const salt = hash(random(0), counter, codec, storedLength, u32(0), ...ids).subarray(0, 16);
  expect(hex(body.subarray(60, 76))).toBe(hex(salt));
  expect(hex(body.subarray(24, 56))).toBe(hex(random(32)));
  const unique = hash(random(64), body).subarray(0, 16);
  expect(golden.name.slice(-32)).toBe(hex(unique));
  expect(hex(golden.pack.subarray(-80, -48))).toBe(hex(hash(random(96), unique)));
}

test("a golden pack record", () => {
  interface GoldenRecord extends FrameTables {
    readonly about: string;
    readonly reference: ObjectReference;
    readonly size: number;
    readonly record: Uint8Array;
  }
  const { record, about, ...value } = readGolden<GoldenRecord>("pack-record.json");
  expect(about).toContain("section 11");
  expect(hex(encodePackRecord(value))).toBe(hex(record));
  expect(decodePackRecord(record, "it")).toMatchObject({ ...value, name: packName(value.reference) });
});

test("a golden segment, and every id in it", async () => {
  interface GoldenSegment extends Keyed {
    readonly settings: SegmentSettings;
    readonly packs: readonly IndexedPack[];
    readonly name: string;
    readonly segment: Uint8Array;
    readonly entries: Uint8Array;
    readonly packSection: Uint8Array;
    readonly footer: Uint8Array;
  }
  const golden = readGolden<GoldenSegment>("segment.json");
  const packs = golden.packs.map(withColumns);
  const context = await createContext(golden);
  const built = buildSegment(context, golden.settings, packs);
  expect(built.name).toBe(golden.name);
  expect(hex(built.bytes)).toBe(hex(golden.segment));
  const parts = openSegmentByHand(golden, golden.name, Buffer.from(golden.segment));
  expect(hex(parts.entries)).toBe(hex(golden.entries));
  expect(hex(parts.packSection)).toBe(hex(golden.packSection));
  expect(hex(parts.footer)).toBe(hex(golden.footer));
  const segment = openInMemory(context, golden.name, golden.segment);
  expect(segment.counts).toMatchObject({ kind: 2, entryCount: 6, packCount: 2 });
  const filter = golden.footer.subarray(16 + 16 + 2 * 4);
  for (const { id, entry } of chunksOf(packs)) {
    expect(segment.find(id)).toContainEqual(entry);
    expect(mayContainByHand(filter, id)).toBe(true);
  }
  expect(segment.find(packs[0]!.chunks.ids.subarray(0, 16))).toHaveLength(3);
  for (const [ordinal, { chunks, ...pack }] of packs.entries()) {
    expect(segment.packRecord(ordinal)).toMatchObject({ ...pack, name: packName(pack.reference) });
  }
});

test("a golden segment of many pages, and every id in it", async () => {
  interface GoldenPages extends Keyed {
    readonly settings: SegmentSettings;
    readonly entryCount: number;
    readonly packCount: number;
    readonly frameCount: number;
    readonly name: string;
    readonly size: number;
    readonly segment: Uint8Array;
    readonly pages: Uint8Array;
    readonly footer: Uint8Array;
  }
  const golden = readGolden<GoldenPages>("segment-pages.json");
  const context = await createContext(golden);
  const packs = Array.from({ length: golden.packCount }, (_, ordinal) => manyChunks(golden, ordinal));
  const built = buildSegment(context, golden.settings, packs);
  expect({ name: built.name, size: built.bytes.length }).toEqual({ name: golden.name, size: golden.size });
  expect(hex(sha256(built.bytes))).toBe(hex(golden.segment));
  const { entries, packSection, footer } = openSegmentByHand(golden, golden.name, Buffer.from(built.bytes));
  expect(hex(sha256(entries, packSection))).toBe(hex(golden.pages));
  expect(hex(sha256(footer))).toBe(hex(golden.footer));
  const segment = openInMemory(context, golden.name, built.bytes);
  expect(segment.counts.entryCount).toBe(golden.entryCount);
  let found = 0;
  for (const { id, entry } of chunksOf(packs)) {
    const [first, ...others] = segment.find(id);
    const isRight = first?.pack === entry.pack && first.offset === entry.offset && first.length === entry.length;
    if (isRight && others.length === 0) found++;
  }
  expect(found).toBe(golden.entryCount);
});

/** Pack `ordinal` of segment-pages.json. */
function manyChunks(golden: { entryCount: number; packCount: number; frameCount: number }, ordinal: number) {
  const { entryCount, packCount, frameCount } = golden;
  const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i);
  const count = Math.ceil((entryCount - ordinal) / packCount);
  const ids = Array.from({ length: count }, (_, i) => sha256(u32(i * packCount + ordinal)).subarray(0, 16));
  const frames = Array.from({ length: frameCount }, (_, i) => {
    const lengths = { storedOffset: i * 116, storedLength: 116, plainOffset: i * 100, plainLength: 100 };
    return { key: 0, codec: CODEC_STORED, salt: bytes(16, ordinal * 16 + i), ...lengths };
  });
  return {
    reference: { session: 1 + ordinal, unique: bytes(16, ordinal) },
    size: 2 ** 20 * (1 + ordinal),
    keys: [{ kind: 1, epoch: 0, domain: 0, encapsulation: bytes(32, 0x20) }],
    frames,
    chunks: {
      count,
      ids: Buffer.concat(ids),
      offsets: Uint32Array.from({ length: count }, (_, i) => 7 * i),
      lengths: new Uint32Array(count).fill(7),
    },
  };
}

test("golden filters, which say by the formula of the page what filterMayContain() says", () => {
  const { filters } = readGolden<{ filters: readonly { ids: Uint8Array; filter: Uint8Array }[] }>("filters.json");
  expect(filters).toHaveLength(4);
  for (const { ids, filter } of filters) {
    expect(hex(buildFilter(ids))).toBe(hex(filter));
    expect(filterLength(filter)).toBe(filter.length);
    for (let at = 0; at < ids.length; at += 16) {
      expect(filterMayContain(filter, ids, at)).toBe(true);
      expect(mayContainByHand(filter, ids.subarray(at, at + 16))).toBe(true);
    }
    for (let i = 0; i < 300; i++) {
      const other = sha256(Buffer.from(`another ${i}`)).subarray(0, 16);
      expect(filterMayContain(filter, other)).toBe(mayContainByHand(filter, other));
    }
  }
});
