import { beforeAll, expect, test } from "vitest";
import { DATA, TREE } from "./blob-kind.js";
import { ChunkIndex } from "./chunk-index.js";
import type { PackContext } from "./context.js";
import { packName } from "./pack-name.js";
import { buildSegment, type IndexedPack } from "./segment/build-segment.js";
import { memorySource } from "./segment/byte-source.js";
import { packPageCount } from "./segment/layout.js";
import { PageCache } from "./segment/page-cache.js";
import { Segment } from "./segment/segment.js";
import { createTestContext } from "./test-context.js";
import { createTestPack } from "./test-pack.js";

let context: PackContext;
beforeAll(async () => {
  context = await createTestContext();
});

const fakePack = (ids: readonly Uint8Array[], frameCount = 1) => createTestPack(context, ids, frameCount);
const createId = () => context.random(32);
const nameOf = (pack: IndexedPack) => packName(pack.reference);
const createPackName = () => packName({ session: 7, unique: context.random(16) });

/** A segment over `packs` that counts what is read of it. */
function openCounting(packs: readonly IndexedPack[], cache: PageCache): { segment: Segment; reads: () => number } {
  const { name, bytes } = buildSegment(context, { kind: DATA, epoch: 0, domain: 0, session: 5 }, packs);
  const memory = memorySource(bytes);
  let reads = 0;
  const source = {
    ...memory,
    read(offset: number, length: number) {
      reads++;
      return memory.read(offset, length);
    },
  };
  return { segment: new Segment(context, { name, source }, cache), reads: () => reads };
}

/** Many packs with long records, so that neither their pages nor their records fit into what is kept. */
function createWideIndex() {
  const ids = Array.from({ length: 600 }, createId);
  const packs = ids.map((id) => fakePack([id], 200));
  const { segment, reads } = openCounting(packs, new PageCache(200_000));
  const index = new ChunkIndex();
  index.addSegment(segment);
  const scattered = ids.map((_, i) => (i * 7) % ids.length);
  const lookUp = () => {
    const before = reads();
    const found = scattered.filter((i) => index.has(DATA, ids[i]!)).length;
    return { found, reads: reads() - before };
  };
  return { ids, packs, segment, index, lookUp };
}

test("has() reads as much with 10,000 condemned packs as with none, but for the names of packs, once", () => {
  const { packs, segment, index, lookUp } = createWideIndex();
  segment.packRecord = () => expect.unreachable("a pack record was decoded");
  lookUp();
  const { reads } = lookUp();
  for (let i = 0; i < 9_000; i++) index.condemn(createPackName());
  packs.slice(0, 200).forEach((pack) => {
    index.condemn(nameOf(pack));
  });
  for (let i = 9_200; i < 10_000; i++) index.condemn(createPackName());
  const first = lookUp();
  expect(first.found).toBe(400);
  expect(first.reads).toBeLessThanOrEqual(reads + packPageCount(segment.counts));
  expect(lookUp()).toEqual({ found: 400, reads });
});

test("locate() decodes the record of a pack once for many chunks that are read together", () => {
  const { ids, segment, index } = createWideIndex();
  let decoded = 0;
  const decode = segment.packRecord.bind(segment);
  segment.packRecord = (ordinal) => {
    decoded++;
    return decode(ordinal);
  };
  for (const id of ids.slice(0, 200)) index.locate(DATA, id);
  for (let i = 0; i < 4; i++) for (const id of ids.slice(0, 200)) index.locate(DATA, id);
  expect(decoded).toBe(200);
  // What is asked for again and again stays, though much else is looked up in between.
  for (const id of ids.slice(200)) {
    index.locate(DATA, ids[0]!);
    index.locate(DATA, id);
  }
  expect(decoded).toBe(600);
});

test("locate() gives all places of a chunk, those in condemned packs last", () => {
  const id = createId();
  const packs = Array.from({ length: 4 }, () => fakePack([createId(), id, createId()]));
  const index = new ChunkIndex();
  for (const some of [packs.slice(0, 3), packs.slice(3)])
    index.addSegment(openCounting(some, new PageCache(1 << 20)).segment);
  const places = () => index.locate(DATA, id).map(({ pack, isCondemned }) => [pack.name, isCondemned]);
  expect(places()).toEqual(packs.map((pack) => [nameOf(pack), false]));
  index.condemn(nameOf(packs[1]!));
  expect(places()).toEqual([0, 2, 3, 1].map((i) => [nameOf(packs[i]!), i === 1]));
  expect(index.locate(DATA, id)[0]).toMatchObject({ offset: 10, length: 10 });
  index.condemn(nameOf(packs[2]!));
  expect(places()).toEqual([0, 3, 1, 2].map((i) => [nameOf(packs[i]!), i === 1 || i === 2]));
  expect(index.locate(DATA, createId())).toEqual([]);
  expect(index.locate(TREE, id)).toEqual([]);
});

test("has() is true as long as one place lies in a pack that is not condemned", () => {
  const id = createId();
  const packs = [fakePack([id]), fakePack([id]), fakePack([createId()])];
  const index = new ChunkIndex();
  const segments = packs.map((pack) => openCounting([pack], new PageCache(1 << 20)).segment);
  index.addSegment(segments[0]!);
  index.condemn(nameOf(packs[0]!));
  expect(index.has(DATA, id)).toBe(false);
  index.addSegment(segments[1]!);
  expect(index.has(DATA, id)).toBe(true);
  index.condemn(nameOf(packs[1]!));
  index.condemn(nameOf(packs[2]!));
  expect(index.has(DATA, id)).toBe(false);
  expect(index.isCondemned(nameOf(packs[1]!))).toBe(true);
  index.removeSegment(segments[0]!);
  expect(index.locate(DATA, id)).toHaveLength(1);
});
