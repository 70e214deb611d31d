import { beforeAll, expect, test } from "vitest";
import { DATA } from "./blob-kind.js";
import { ChunkIndex } from "./chunk-index.js";
import { ChunkNumbers } from "./chunk-numbers.js";
import type { PackContext } from "./context.js";
import { buildSegment } from "./segment/build-segment.js";
import { memorySource } from "./segment/byte-source.js";
import { PageCache } from "./segment/page-cache.js";
import { Segment } from "./segment/segment.js";
import { visitStoredShares } from "./segment/stored-shares.js";
import { createTestContext } from "./test-context.js";
import { buildPack } from "./test-packs.js";

let context: PackContext;
beforeAll(async () => {
  context = await createTestContext();
});

const KIBIBYTE = 1024;
/** Chunks that share a frame, and some that own several. */
const chunks = () => [1, 2, 3, 200, 1_500].map((size) => context.random(size * KIBIBYTE));

function segmentOf(packs: readonly ReturnType<typeof buildPack>[]): Segment {
  const stored = packs.map((pack) => ({ ...pack, size: pack.bytes.length }));
  const { name, bytes } = buildSegment(context, { kind: DATA, epoch: 0, domain: 0, session: 5 }, stored);
  return new Segment(context, { name, source: memorySource(bytes) }, new PageCache(1 << 20));
}

test.each([1, 2 ** 21])(
  "the shares of a pack's chunks are its frames, with tables of %i frames at a time",
  async (most) => {
    const packs = [chunks(), chunks()].map((of) => buildPack(context, of));
    let frames = 0;
    let stored = 0;
    let plain = 0;
    const entries = new Set<number>();
    const visitor = {
      onPack: ({ table }: { table: { storedSize: number } }) => {
        frames += table.storedSize;
      },
      onEntry(entry: number, length: number, share: number) {
        entries.add(entry);
        plain += length;
        stored += share;
      },
      step: () => undefined,
    };
    await visitStoredShares(segmentOf(packs), visitor, most);
    expect(entries.size).toBe(10);
    expect(plain).toBe(2 * 1_706 * KIBIBYTE);
    expect(stored).toBeCloseTo(frames, 3);
  },
);

test("ChunkNumbers gives one number to a chunk that is there twice, that of a pack that is not condemned", async () => {
  const [shared, first, second] = [4, 5, 6].map((size) => context.random(size * KIBIBYTE)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const packs = [buildPack(context, [shared, first]), buildPack(context, [shared, second])] as const;
  const index = new ChunkIndex();
  for (const pack of packs) index.addSegment(segmentOf([pack]));
  const idHash = context.blake3.keyed(context.keys.derive("id/data", 0, 0));
  const [sharedId, firstId, secondId] = [shared, first, second].map((bytes) => idHash.hash(bytes).slice());
  const before = new ChunkNumbers(index);
  expect(before.count).toBe(4);
  expect(before.of(DATA, context.random(32))).toBe(-1);
  expect(new Set([sharedId, firstId, secondId].map((id) => before.of(DATA, id!))).size).toBe(3);
  expect(before.of(DATA, sharedId!)).toBeLessThan(2);
  index.condemn(packs[0].name);
  const after = new ChunkNumbers(index);
  expect(after.of(DATA, sharedId!)).toBeGreaterThanOrEqual(2);
  // What is nowhere else is where it was.
  expect(after.of(DATA, firstId!)).toBe(before.of(DATA, firstId!));
  const sound: number[] = [];
  await after.visit({
    onPack: (_kind, { size, isCondemned }) => void (isCondemned || sound.push(size)),
    onChunk() {},
    step: () => undefined,
  });
  expect(sound).toEqual([packs[1].bytes.length]);
});
