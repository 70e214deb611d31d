import { nodeGcm } from "@bcat/crypto";
import { expect, test } from "vitest";
import { DATA, TREE } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { FrameOpener, packKey } from "./frame.js";
import { FrameBuilder, type FrameBuilderOptions } from "./frame-builder.js";
import {
  decodeFrameGroup,
  encodeFrameGroup,
  type FrameGroup,
  frameGroupSize,
  frameGroupSizeMax,
} from "./frame-group.js";
import { CODEC_STORED, CODEC_ZSTD } from "./tables.js";
import { createTestContext } from "./test-context.js";

const KIB = 1024;
const MIB = KIB * KIB;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const text = (length: number) => Buffer.alloc(length, "a line of text that shrinks\n");

function idHashOf(context: PackContext) {
  return context.blake3.keyed(context.keys.derive("id/data", 0, 0));
}

function createBuilder(context: PackContext, groups: FrameGroup[], options: Partial<FrameBuilderOptions> = {}) {
  return new FrameBuilder(context, {
    kind: DATA,
    epoch: 0,
    domain: 0,
    level: 3,
    idHash: idHashOf(context),
    chunkSizeMax: 4 * MIB,
    onGroup: (group) => groups.push(copyOf(group)),
    ...options,
  });
}

/** Through one region, as from another thread. */
function copyOf(group: FrameGroup): FrameGroup {
  const region = new Uint8Array(frameGroupSize(group));
  encodeFrameGroup(group, region);
  return decodeFrameGroup(region);
}

function build(context: PackContext, chunks: readonly Uint8Array[], options: Partial<FrameBuilderOptions> = {}) {
  const groups: FrameGroup[] = [];
  const idHash = idHashOf(context);
  const builder = createBuilder(context, groups, options);
  for (const chunk of chunks) builder.add(idHash.hash(chunk), chunk);
  builder.flush();
  return groups;
}

/** The plaintext of a group. */
function openGroup(context: PackContext, group: FrameGroup, kind: typeof DATA | typeof TREE = DATA): Uint8Array {
  const opener = new FrameOpener(context);
  const key = packKey(context, group.key, kind);
  const { count, codecs, salts, storedLengths, plainLengths } = group.frames;
  let storedOffset = 0;
  const parts = Array.from({ length: count }, (_, i) => {
    const [storedLength, plainLength] = [storedLengths[i]!, plainLengths[i]!];
    const salt = salts.subarray(16 * i, 16 * i + 16);
    const frame = { key: 0, codec: codecs[i]!, salt, storedOffset, storedLength, plainOffset: 0, plainLength };
    const plain = new Uint8Array(plainLength);
    opener.open(key, frame, group.bytes.subarray(storedOffset, storedOffset + storedLength), plain, "it");
    storedOffset += storedLength;
    return plain;
  });
  expect(storedOffset).toBe(group.bytes.length);
  return Buffer.concat(parts);
}

function chunksIn(context: PackContext, group: FrameGroup): { id: string; text: string }[] {
  const plain = openGroup(context, group);
  return Array.from({ length: group.chunks.count }, (_, i) => ({
    id: hex(group.chunks.ids.subarray(16 * i, 16 * i + 16)),
    text: hex(plain.subarray(group.chunks.offsets[i]!, group.chunks.offsets[i]! + group.chunks.lengths[i]!)),
  }));
}

test("FrameBuilder gives every chunk back, in groups no larger than said, for both sets of accelerators", async () => {
  for (const mode of ["auto", "off"] as const) {
    const context = await createTestContext(mode);
    const other = await createTestContext(mode === "auto" ? "off" : "auto");
    const sizes = [1, 2, 17, 4096, 127 * KIB, 128 * KIB - 1, 128 * KIB, 512 * KIB, 512 * KIB + 1, MIB + 7, 4 * MIB];
    const chunks = sizes.flatMap((size) => [context.random(size), text(size)]);
    const groups = build(context, chunks);
    const idHash = idHashOf(other);
    const expected = chunks.map((bytes) => ({ id: hex(idHash.hash(bytes)).slice(0, 32), text: hex(bytes) }));
    const found = groups.flatMap((group) => chunksIn(other, group));
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(found.sort(byId)).toEqual(expected.sort(byId));
    for (const group of groups) expect(frameGroupSize(group)).toBeLessThanOrEqual(frameGroupSizeMax(4 * MIB));
  }
});

test("many tiny chunks share frames of at most 16,384 chunks, and large ones own equal pieces", async () => {
  const context = await createTestContext();
  const tiny = Array.from({ length: 20_000 }, (_, i) => Buffer.from(`tiny ${i}`));
  const groups = build(context, [...tiny, context.random(MIB + 1)]);
  expect(groups.map(({ frames, chunks }) => [frames.count, chunks.count])).toEqual([
    [1, 16_384],
    [3, 1],
    [1, 3616],
  ]);
  expect([...groups[1]!.frames.plainLengths]).toEqual([349_526, 349_526, 349_525]);
  for (const group of groups) expect(frameGroupSize(group)).toBeLessThanOrEqual(frameGroupSizeMax(4 * MIB));
});

test("no salt comes twice, not even for equal contents", async () => {
  const context = await createTestContext();
  const groups = build(context, [...new Array(20).fill(text(600 * KIB)), ...new Array(200).fill(text(100 * KIB))]);
  const salts = groups.flatMap(({ frames }) =>
    Array.from({ length: frames.count }, (_, i) => hex(frames.salts.subarray(16 * i, 16 * i + 16))),
  );
  expect(salts).toHaveLength(40 + 40);
  expect(new Set(salts).size).toBe(salts.length);
});

test("two machines that go on from one image seal no two messages with one salt", async () => {
  const seal = async (chunks: readonly Uint8Array[], options: Partial<FrameBuilderOptions> = {}) => {
    const groups = build(await createTestContext("auto", 7), chunks, options);
    return groups.flatMap(({ frames, bytes }) => {
      let offset = 0;
      return Array.from({ length: frames.count }, (_, i) => {
        const message = hex(bytes.subarray(offset, offset + frames.storedLengths[i]!));
        offset += frames.storedLengths[i]!;
        return { salt: hex(frames.salts.subarray(16 * i, 16 * i + 16)), message };
      });
    });
  };
  const [a, b] = [text(MIB), text(MIB)];
  b[MIB - 1]! ^= 1;
  const random = (await createTestContext("auto", 8)).random(MIB);
  const runs = [
    await seal([a]),
    await seal([b]),
    await seal([a], { level: 0 }),
    await seal([random]),
    await seal([a.subarray(0, 1000)]),
    await seal([a.subarray(0, 1000), a.subarray(0, 2000)]),
    await seal([a.subarray(0, 2000), a.subarray(0, 1000)]),
  ];
  const messages = new Map<string, string>();
  for (const { salt, message } of runs.flat()) {
    expect(messages.get(salt) ?? message).toBe(message);
    messages.set(salt, message);
  }
  expect(messages.size).toBe(runs.flat().length);
  expect(await seal([a])).toEqual(runs[0]);
});

test("FrameBuilder hands out nothing for a chunk whose id is not that of its bytes", async () => {
  const context = await createTestContext();
  for (const size of [100, 300 * KIB, MIB]) {
    const groups: FrameGroup[] = [];
    const builder = createBuilder(context, groups);
    expect(() => {
      builder.add(idHashOf(context).hash(new Uint8Array(size)), new Uint8Array(size).fill(1));
      builder.flush();
    }).toThrow(/another id/);
    expect(groups).toEqual([]);
  }
});

test("a bit that flips between sealing and laying down is found, at every byte of a frame", async () => {
  for (const [level, length] of [
    [0, 300],
    [3, 3000],
  ] as const) {
    const context = await createTestContext();
    const [{ bytes: sealed } = { bytes: text(0) }] = build(context, [text(length)], { level });
    for (let at = 0; at < sealed.length; at++) {
      const gcm: PackContext["gcm"] = {
        ...nodeGcm,
        sealInto(key, nonce, additional, plain, target) {
          const written = nodeGcm.sealInto(key, nonce, additional, plain, target);
          target[at]! ^= 1 << (at % 8);
          return written;
        },
      };
      expect(() => build({ ...context, gcm }, [text(length)], { level }), `byte ${at}`).toThrow(
        /bytes \d+ to \d+ of it are damaged/,
      );
    }
  }
});

test("a bit that flips before sealing, in what zstd gave or was given, is found by the ids", async () => {
  const context = await createTestContext();
  for (const length of [3000, 200 * KIB]) {
    const zstd: PackContext["zstd"] = {
      ...context.zstd,
      compress(source, target, level) {
        const flipped = Uint8Array.from(source);
        flipped[length >> 1]! ^= 1;
        return context.zstd.compress(flipped, target, level);
      },
    };
    expect(() => build({ ...context, zstd }, [text(length)])).toThrow(/another id/);
  }
});

test("chunks that are empty or too long are refused", async () => {
  const context = await createTestContext();
  const builder = createBuilder(context, [], { chunkSizeMax: 1000 });
  for (const length of [0, 1001])
    expect(() => builder.add(context.random(32), new Uint8Array(length))).toThrow(RangeError);
});

test("a content that does not shrink is remembered until the next, and zstd is asked about a sample", async () => {
  const context = await createTestContext();
  const asked: number[] = [];
  const zstd: PackContext["zstd"] = {
    ...context.zstd,
    compress(source, target, level) {
      asked.push(source.length);
      return context.zstd.compress(source, target, level);
    },
  };
  const groups: FrameGroup[] = [];
  const idHash = idHashOf(context);
  const builder = createBuilder({ ...context, zstd }, groups);
  const add = (bytes: Uint8Array) => builder.add(idHash.hash(bytes), bytes);
  for (let i = 0; i < 4; i++) add(context.random(512 * KIB));
  expect(asked.splice(0)).toEqual([512 * KIB, 512 * KIB, 16 * KIB, 16 * KIB]);
  add(text(512 * KIB));
  expect(asked.splice(0)).toEqual([16 * KIB, 512 * KIB]);
  expect(groups.map(({ frames }) => frames.codecs[0])).toEqual([...new Array(4).fill(CODEC_STORED), CODEC_ZSTD]);
  for (let i = 0; i < 3; i++) add(context.random(512 * KIB));
  builder.startContent();
  asked.length = 0;
  add(context.random(512 * KIB));
  expect(asked).toEqual([512 * KIB]);
});

test("kind, epoch and domain of the builder are those of its key", async () => {
  const context = await createTestContext();
  const [group] = build(context, [text(10)], { kind: TREE, epoch: 2, domain: 3 });
  expect(group!.key).toMatchObject({ kind: 1, epoch: 2, domain: 3 });
  expect(hex(openGroup(context, group!, TREE))).toBe(hex(text(10)));
  expect(() => openGroup(context, group!, DATA)).toThrow(/bytes \d+ to \d+ of it are damaged/);
});
