import { isDeepStrictEqual } from "node:util";
import { padme } from "@bcat/crypto";
import { BcatError, CorruptError } from "@bcat/errors";
import { createMulberry32 } from "@bcat/storage";
import fc, { readConfigureGlobal } from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { TREE } from "../blob-kind.js";
import type { PackContext } from "../context.js";
import { packName } from "../pack-name.js";
import { createTestContext } from "../test-context.js";
import { createTestPack } from "../test-pack.js";
import { buildSegment, type IndexedPack } from "./build-segment.js";
import { memorySource } from "./byte-source.js";
import { canMerge, mergeSegments } from "./merge-segments.js";
import { encodePackRecord } from "./pack-record.js";
import { PageCache } from "./page-cache.js";
import { Segment, type SegmentEntry } from "./segment.js";
import { SegmentWriter } from "./segment-writer.js";

let context: PackContext;
beforeAll(async () => {
  context = await createTestContext();
});

/** A tenth of what others have: each is of many packs. */
const draws = { numRuns: Math.ceil((readConfigureGlobal().numRuns ?? 100) / 10) };

const segmentSettings = { kind: TREE, epoch: 0, domain: 0, session: 5 } as const;

const fakePack = (ids: Uint8Array[], frameCount = 3) => createTestPack(context, ids, frameCount);

function open(built: { name: string; bytes: Uint8Array }): Segment {
  return new Segment(context, { name: built.name, source: memorySource(built.bytes) }, new PageCache(1 << 20));
}

test("a segment finds every chunk of its packs, over many pages, and nothing else", () => {
  const packs = [5000, 1, 10_000].map((count) =>
    fakePack(
      Array.from({ length: count }, () => context.random(32)),
      2500,
    ),
  );
  const segment = open(buildSegment(context, segmentSettings, packs));
  expect(segment.counts.entryCount).toBe(15_001);
  packs.forEach((pack, ordinal) => {
    for (let i = 0; i < pack.chunks.count; i += 7) {
      const id = pack.chunks.ids.subarray(i * 16, i * 16 + 16);
      if (!isDeepStrictEqual(segment.find(id), [{ pack: ordinal, offset: i * 10, length: 10 }]))
        expect.unreachable(`chunk ${i} of pack ${ordinal}`);
    }
    expect(segment.packRecord(ordinal)).toMatchObject({
      reference: pack.reference,
      frames: pack.frames,
      size: pack.size,
    });
  });
  const strangers = Array.from({ length: 5000 }, () => context.random(32));
  expect(strangers.flatMap((id) => segment.find(id))).toEqual([]);
});

test("chunks are found also where their ids are not evenly spread", () => {
  const spreads = [
    (first: number) => first >> 7,
    (first: number) => 255 - (first >> 5),
    (first: number) => (first < 9 ? first : 200),
  ];
  for (const spread of spreads) {
    const ids = Array.from({ length: 20_000 }, () => context.random(32));
    for (const id of ids) id[0] = spread(id[0]!);
    const segment = open(buildSegment(context, segmentSettings, [fakePack(ids)]));
    expect(ids.filter((id) => !segment.has(id))).toEqual([]);
    for (const first of [0, 1, 100, 254, 255]) expect(segment.has(new Uint8Array(16).fill(first))).toBe(false);
  }
});

test("the filter answers for at most 1 in 150 of absent ids", () => {
  const pack = fakePack(Array.from({ length: 30_000 }, () => context.random(32)));
  const { name, bytes } = buildSegment(context, segmentSettings, [pack]);
  const memory = memorySource(bytes);
  let opened = 0;
  const read = (offset: number, length: number) => {
    opened++;
    return memory.read(offset, length);
  };
  // Four pages are kept, of thirteen: most that are asked for are read.
  const segment = new Segment(context, { name, source: { ...memory, read } }, new PageCache(0));
  opened = 0;
  for (let i = 0; i < 15_000; i++) segment.find(context.random(32));
  expect(opened).toBeLessThan(100);
});

test("an id with several locations gives all of them, also across pages", () => {
  const twin = context.random(32);
  const others = Array.from({ length: 3000 }, () => context.random(32));
  const packs = Array.from({ length: 3 }, () => fakePack([twin, ...others.splice(0, 1000)]));
  const segment = open(buildSegment(context, segmentSettings, packs));
  expect(segment.find(twin).map((entry) => entry.pack)).toEqual([0, 1, 2]);
  const manyTwins = fakePack(Array.from({ length: 6000 }, () => twin));
  expect(open(buildSegment(context, segmentSettings, [manyTwins])).find(twin)).toHaveLength(6000);
});

test("hasPlace() knows each place of an id, also across pages, and no other", () => {
  const twin = context.random(32);
  const segment = open(
    buildSegment(context, segmentSettings, [fakePack(Array.from({ length: 1000 }, () => twin)), fakePack([twin])]),
  );
  const places = segment.find(twin);
  expect(places).toHaveLength(1001);
  expect(places.every((place) => segment.hasPlace(twin, place))).toBe(true);
  const last = places[1000]!;
  for (const field of ["pack", "offset", "length"] as const) {
    expect(segment.hasPlace(twin, { ...last, [field]: last[field] + 100_000 })).toBe(false);
  }
  expect(segment.hasPlace(context.random(32), last)).toBe(false);
});

test("every flipped byte and every truncation of a segment is refused", () => {
  const built = buildSegment(context, segmentSettings, [
    fakePack(Array.from({ length: 20 }, () => context.random(32))),
  ]);
  const readAll = (bytes: Uint8Array) => {
    const segment = open({ name: built.name, bytes });
    segment.readEntryPage(0);
    segment.packRecord(0);
  };
  readAll(built.bytes);
  for (let at = 0; at < built.bytes.length; at++) {
    const bytes = built.bytes.slice();
    bytes[at]! ^= 1 << (at % 8);
    // What a newer format may have changed: version, suite and auth of the header.
    const refusal = [4, 6, 7].includes(at) ? BcatError : CorruptError;
    expect(() => readAll(bytes), `byte ${at}`).toThrow(refusal);
  }
  for (let length = 0; length < built.bytes.length; length++)
    expect(() => readAll(built.bytes.slice(0, length))).toThrow(CorruptError);
});

const packSizes = fc.record({ chunks: fc.integer({ min: 1, max: 2500 }), frames: fc.integer({ min: 1, max: 900 }) });

/** Packs of any sizes whose chunks are drawn from one pool of ids, so that many ids have several places. */
const somePacks = fc
  .record({
    sizes: fc.array(packSizes, { minLength: 1, maxLength: 4 }),
    poolSize: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 8000 })),
    seed: fc.nat(),
  })
  .map(({ sizes, poolSize, seed }) => {
    const next = createMulberry32(seed);
    const pool = Array.from({ length: poolSize }, () => Uint8Array.from({ length: 32 }, () => next() * 256));
    const pick = () => pool[Math.floor(next() * poolSize)]!;
    return sizes.map(({ chunks, frames }) => fakePack(Array.from({ length: chunks }, pick), frames));
  });

/** Places of every id, as `find` is to give them. */
function placesOf(packs: readonly IndexedPack[]): Map<string, SegmentEntry[]> {
  const places = new Map<string, SegmentEntry[]>();
  for (const [pack, { chunks }] of packs.entries()) {
    for (let i = 0; i < chunks.count; i++) {
      const id = Buffer.from(chunks.ids.subarray(16 * i, 16 * i + 16)).toString("hex");
      const place = { pack, offset: chunks.offsets[i]!, length: chunks.lengths[i]! };
      const known = places.get(id);
      if (known === undefined) places.set(id, [place]);
      else known.push(place);
    }
  }
  return places;
}

test("a segment over any packs has every place of every id, and every pack record", () => {
  fc.assert(
    fc.property(somePacks, (packs) => {
      const segment = open(buildSegment(context, segmentSettings, packs));
      const places = placesOf(packs);
      const wrong = [...places].filter(
        ([id, expected]) => JSON.stringify(segment.find(Buffer.from(id, "hex"))) !== JSON.stringify(expected),
      );
      expect(wrong).toEqual([]);
      for (const [ordinal, { chunks, ...pack }] of packs.entries())
        expect(segment.packRecord(ordinal)).toMatchObject({ ...pack, name: packName(pack.reference) });
    }),
    draws,
  );
});

function merge(segments: readonly Segment[]): Segment {
  const pieces: Uint8Array[] = [];
  const sink = (piece: Uint8Array) => pieces.push(piece);
  const size = mergeSegments(context, segments, { name: "merged", epoch: 0, domain: 0, isPadded: false, sink });
  const bytes = Buffer.concat(pieces);
  expect(bytes.length).toBe(size);
  return open({ name: "merged", bytes });
}

/** A segment over one pack with entries (first byte of the id, pack, offset, length) as no writer would have them. */
function writeEntries(entries: readonly (readonly [number, number, number, number?])[]): Segment {
  const pieces: Uint8Array[] = [];
  const sink = (piece: Uint8Array) => pieces.push(piece);
  const writer = new SegmentWriter(context, { kind: TREE, epoch: 0, domain: 0, name: "written", isPadded: true, sink });
  for (const [id, pack, offset, length = 10] of entries) {
    const entry = new Uint8Array(28).fill(id, 0, 1);
    new DataView(entry.buffer).setUint32(16, pack, true);
    new DataView(entry.buffer).setUint32(20, offset, true);
    new DataView(entry.buffer).setUint32(24, length, true);
    writer.addEntry(entry);
  }
  writer.addPackRecord(encodePackRecord(fakePack([])));
  writer.finish();
  return open({ name: "written", bytes: Buffer.concat(pieces) });
}

test("entries() gives what find() finds, in order, over many pages", () => {
  const packs = [3000, 2500].map((count) => fakePack(Array.from({ length: count }, () => context.random(32))));
  const entries = [...open(buildSegment(context, segmentSettings, packs)).entries()];
  const places = [...placesOf(packs)].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, found]) => found);
  expect(entries).toEqual(places);
});

test("entries() refuses entries that are not in strict order, or name no pack", () => {
  const inOrder = writeEntries([
    [1, 0, 5],
    [1, 0, 6],
    [2, 0, 0],
  ]);
  expect([...inOrder.entries()].map((entry) => entry.offset)).toEqual([5, 6, 0]);
  for (const [id, pack, offset] of [
    [0, 0, 7],
    [1, 0, 4],
    [1, 0, 5],
    [1, 1, 5],
  ] as const) {
    const segment = writeEntries([
      [1, 0, 5],
      [id, pack, offset],
    ]);
    expect(() => [...segment.entries()], `${id} ${pack} ${offset}`).toThrow(CorruptError);
  }
});

test("an entry that names no pack is not merged into one that does", () => {
  const segment = writeEntries([
    [1, 0, 5],
    [2, 1, 5],
  ]);
  const other = open(buildSegment(context, segmentSettings, [fakePack([new Uint8Array(32).fill(3)])]));
  expect([...merge([segment, other]).entries()].map(({ pack }) => pack)).toEqual([0, 1]);
});

/** All that a segment holds, but for what its filters are. */
function contentOf(segment: Segment): string {
  const { entryCount, packCount } = segment.counts;
  const pages = Array.from({ length: Math.ceil(entryCount / 2340) }, (_, i) => segment.readEntryPage(i));
  const records = Array.from({ length: packCount }, (_, i) => segment.packRecordBytes(i));
  return Buffer.concat([...pages, ...records]).toString("hex");
}

test("segments merged are the segment over all their packs, whichever packs each of them names", () => {
  const subsets = fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(somePacks, subsets, (packs, some) => {
      const parts = some.map((indexes) => [...new Set(indexes.map((index) => packs[index % packs.length]!))]);
      const union = [...new Set(parts.flat())];
      const expected = open(buildSegment(context, segmentSettings, union));
      const merged = merge(parts.map((part) => open(buildSegment(context, segmentSettings, part))));
      expect(merged.counts).toEqual(expected.counts);
      expect(contentOf(merged) === contentOf(expected)).toBe(true);
      const missing = [...placesOf(union)].filter(
        ([id, places]) => merged.find(Buffer.from(id, "hex")).length !== places.length,
      );
      expect(missing).toEqual([]);
    }),
    draws,
  );
});

test("hundreds of small segments merge into the segment over all their packs", () => {
  const packs = Array.from({ length: 300 }, (_, i) =>
    fakePack(Array.from({ length: 1 + (i % 20) }, () => context.random(32))),
  );
  const expected = open(buildSegment(context, segmentSettings, packs));
  const merged = merge(packs.map((pack) => open(buildSegment(context, segmentSettings, [pack]))));
  expect(contentOf(merged) === contentOf(expected)).toBe(true);
});

test("a segment has zeros that hide how many entries it has from a storage, one for this machine has none", () => {
  const packs = Array.from({ length: 20 }, () => fakePack([context.random(32), context.random(32)]));
  const built = buildSegment(context, segmentSettings, packs);
  expect(padme(built.bytes.length)).toBe(built.bytes.length);
  const sizeOf = (isPadded: boolean) =>
    mergeSegments(context, [open(built)], { name: "merged", epoch: 0, domain: 0, isPadded, sink: () => {} });
  expect(sizeOf(true)).toBe(built.bytes.length);
  const bare = sizeOf(false);
  expect(bare).toBeLessThan(built.bytes.length);
  expect(padme(bare)).toBe(built.bytes.length);
});

test("records of one name that differ stay two packs when they are merged", () => {
  const pack = fakePack([context.random(32)]);
  const other = { ...pack, frames: pack.frames.slice(1) };
  const merged = merge([pack, other].map((one) => open(buildSegment(context, segmentSettings, [one]))));
  expect([0, 1].map((ordinal) => merged.packRecord(ordinal).frames.length)).toEqual([3, 2]);
  expect(merged.find(pack.chunks.ids)).toHaveLength(2);
});

test("segments that are too large together are refused before anything is written", () => {
  const built = buildSegment(context, segmentSettings, [fakePack([context.random(32)])]);
  const counted = (counts: Partial<Segment["counts"]>): Segment => {
    const segment = open(built);
    Object.defineProperty(segment, "counts", { value: { ...segment.counts, ...counts } });
    return segment;
  };
  const half = 2 ** 31;
  expect(canMerge([counted({ packBytes: half }), counted({ packBytes: half - 1 })])).toBe(true);
  for (const counts of [{ packBytes: half }, { entryCount: half }]) {
    const segments = [counted(counts), counted(counts)];
    expect(canMerge(segments)).toBe(false);
    const sink = () => expect.unreachable("something is written");
    const target = { name: "merged", epoch: 0, domain: 0, isPadded: false, sink };
    expect(() => mergeSegments(context, segments, target)).toThrow(RangeError);
  }
});
