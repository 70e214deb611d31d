import { expect, test } from "vitest";
import { DATA } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { CHUNKS_MAX, hasRightHash, STREAM_MAX } from "./directory.js";
import { FrameBuilder } from "./frame-builder.js";
import { decodeFrameGroup, encodeFrameGroup, type FrameGroup, frameGroupSize } from "./frame-group.js";
import { type FinishedPack, PackAssembler } from "./pack-assembler.js";
import { CODEC_STORED, CODEC_ZSTD, FRAME_PLAIN_MAX, FRAMES_MAX } from "./tables.js";
import { createTestContext } from "./test-context.js";
import { arenasOf, directoryOf, readPack } from "./test-packs.js";

const MIB = 2 ** 20;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function createAssembler(context: PackContext, packs: FinishedPack[], targetSize = 64 * MIB) {
  const sizes = { targetSize, chunkSizeMax: 2 * MIB };
  return new PackAssembler(context, {
    kind: DATA,
    epoch: 0,
    domain: 0,
    session: 3,
    targetSize,
    ...arenasOf(sizes),
    onPack: (pack) => packs.push(pack),
  });
}

/** Builders of one repository, each with a key of its own. */
function build(context: PackContext, chunks: readonly Uint8Array[]): FrameGroup[] {
  const idHash = context.blake3.keyed(context.keys.derive("id/data", 0, 0));
  const groups: FrameGroup[] = [];
  const builder = new FrameBuilder(context, {
    kind: DATA,
    epoch: 0,
    domain: 0,
    level: 3,
    idHash,
    chunkSizeMax: 2 * MIB,
    onGroup(group) {
      const region = new Uint8Array(frameGroupSize(group));
      encodeFrameGroup(group, region);
      groups.push(decodeFrameGroup(region));
    },
  });
  for (const chunk of chunks) builder.add(idHash.hash(chunk), chunk);
  builder.flush();
  return groups;
}

/** Frames of nothing real: the assembler opens none. */
function frames(count: number, { plainLength = 1, storedLength = 17, chunkCount = 0 } = {}): FrameGroup {
  return {
    key: { kind: 1, epoch: 0, domain: 0, encapsulation: new Uint8Array(32) },
    frames: {
      count,
      codecs: new Uint8Array(count).fill(plainLength + 16 === storedLength ? CODEC_STORED : CODEC_ZSTD),
      salts: new Uint8Array(16 * count),
      storedLengths: new Uint32Array(count).fill(storedLength),
      plainLengths: new Uint32Array(count).fill(plainLength),
    },
    bytes: new Uint8Array(count * storedLength),
    chunks: {
      count: chunkCount,
      ids: new Uint8Array(16 * chunkCount),
      offsets: Uint32Array.from({ length: chunkCount }, (_, i) => i),
      lengths: new Uint32Array(chunkCount).fill(1),
    },
  };
}

test("frames of several builders lie in one pack, under a key each, and every chunk is read back", async () => {
  const context = await createTestContext();
  const sets = [0, 1, 2].map((i) => [
    context.random(1000 + i),
    Buffer.alloc(700_000 + i, "text "),
    context.random(MIB + i),
  ]);
  const [first = [], second = [], third = []] = sets.map((chunks) => build(context, chunks));
  const packs: FinishedPack[] = [];
  const assembler = createAssembler(context, packs);
  for (let i = 0; i < first.length; i++) for (const groups of [first, second, third]) assembler.add(groups[i]!);
  const stored = [...first, ...second, ...third].reduce((sum, group) => sum + group.bytes.length, 0);
  expect(assembler.openSize).toBe(stored);
  assembler.finish();
  assembler.finish();
  expect(assembler.openSize).toBe(0);
  expect(packs).toHaveLength(1);
  expect(hasRightHash(context, packs[0]!.bytes)).toBe(true);
  const directory = directoryOf(context, packs[0]!);
  expect(directory.keys.map((key) => hex(key.encapsulation))).toEqual(
    [first, second, third].map((groups) => hex(groups[0]!.key.encapsulation)),
  );
  const found = readPack(context, packs[0]!).map(hex);
  expect(found.sort()).toEqual(sets.flat().map(hex).sort());
});

test("a sealed frame is taken along to another pack without being opened", async () => {
  const context = await createTestContext();
  const chunks = [context.random(5000), Buffer.alloc(5000, "text ")];
  const packs: FinishedPack[] = [];
  const assembler = createAssembler(context, packs);
  for (const group of build(context, chunks)) assembler.add(group);
  assembler.finish();
  const { keys, frames, chunks: table, bytes } = packs[0]!;
  const { codec, salt, storedOffset, storedLength, plainLength } = frames[0]!;
  const keyless: PackContext = { ...context, keys: (await createTestContext()).keys };
  const mover = createAssembler(keyless, packs);
  mover.add(build(context, [context.random(200_000)])[0]!);
  mover.add({
    key: keys[0]!,
    frames: {
      count: 1,
      codecs: Uint8Array.of(codec),
      salts: salt,
      storedLengths: Uint32Array.of(storedLength),
      plainLengths: Uint32Array.of(plainLength),
    },
    bytes: bytes.subarray(storedOffset, storedOffset + storedLength),
    // The first chunk is dead: its place becomes a gap.
    chunks: { count: 1, ids: table.ids.slice(16), offsets: table.offsets.slice(1), lengths: table.lengths.slice(1) },
  });
  mover.finish();
  expect(readPack(context, packs[1]!).slice(1).map(hex)).toEqual([hex(chunks[1]!)]);
});

test("a pack closes at its target size, and before any limit would be broken", async () => {
  const context = await createTestContext();
  const fill = (group: FrameGroup, times: number, targetSize = 80 * MIB) => {
    const packs: FinishedPack[] = [];
    const assembler = createAssembler(context, packs, targetSize);
    for (let i = 0; i < times; i++) assembler.add(group);
    assembler.finish();
    return packs.map((pack) => ({ frames: pack.frames.length, chunks: pack.chunks.count, size: pack.bytes.length }));
  };
  const atTarget = fill(frames(4, { plainLength: 500_000, storedLength: 500_016 }), 9, 4 * MIB);
  expect(atTarget.map((pack) => pack.frames)).toEqual([12, 12, 12]);
  const manyFrames = fill(frames(10_000), 8);
  expect(manyFrames.map((pack) => pack.frames)).toEqual([60_000, 20_000]);
  expect(60_000 + 10_000).toBeGreaterThan(FRAMES_MAX);
  const manyChunks = fill(frames(1, { plainLength: 50_000, storedLength: 50_016, chunkCount: 50_000 }), 5);
  expect(manyChunks.map((pack) => pack.chunks)).toEqual([100_000, 100_000, 50_000]);
  expect(150_000).toBeGreaterThan(CHUNKS_MAX);
  const longStream = fill(frames(400, { plainLength: FRAME_PLAIN_MAX, storedLength: 17 }), 5);
  expect(longStream.map((pack) => pack.frames)).toEqual([800, 800, 400]);
  expect(1200 * FRAME_PLAIN_MAX).toBeGreaterThan(STREAM_MAX);
  const nearlyFull = fill(frames(1, { plainLength: MIB, storedLength: MIB + 16 }), 84, 200 * MIB);
  expect(nearlyFull.every((pack) => pack.size <= 96 * MIB)).toBe(true);
});

test("keys have a limit too, below which the table stays small", async () => {
  const context = await createTestContext();
  const packs: FinishedPack[] = [];
  const assembler = createAssembler(context, packs);
  const group = frames(1);
  for (let i = 0; i < 4097; i++) {
    const encapsulation = new Uint8Array(32);
    new DataView(encapsulation.buffer).setUint32(0, i);
    assembler.add({ ...group, key: { ...group.key, encapsulation } });
  }
  assembler.finish();
  expect(packs.map((pack) => pack.keys.length)).toEqual([4096, 1]);
});

test("a group that contradicts itself or fits into no pack is refused, and the assembler goes on", async () => {
  const context = await createTestContext();
  const packs: FinishedPack[] = [];
  const assembler = createAssembler(context, packs, MIB);
  const group = frames(2);
  expect(() => assembler.add({ ...group, bytes: new Uint8Array(33) })).toThrow(RangeError);
  expect(() => assembler.add(frames(0))).toThrow(RangeError);
  expect(() => assembler.add(frames(8, { plainLength: MIB, storedLength: MIB + 16 }))).toThrow(/no pack/);
  assembler.finish();
  expect(packs).toEqual([]);
  assembler.add(group);
  assembler.finish();
  expect(directoryOf(context, packs[0]!).frames).toHaveLength(2);
  expect(hasRightHash(context, packs[0]!.bytes)).toBe(true);
});

test("two machines that go on from one image name two packs apart, unless they are the same", async () => {
  const packs: FinishedPack[] = [];
  for (const last of [1, 2, 1]) {
    const context = await createTestContext("auto", 7);
    const assembler = createAssembler(context, packs);
    for (const group of build(context, [new Uint8Array(200_000), new Uint8Array(200_000).fill(last)]))
      assembler.add(group);
    assembler.finish();
  }
  expect(packs[0]!.name).not.toBe(packs[1]!.name);
  expect(packs[2]!.name).toBe(packs[0]!.name);
});
