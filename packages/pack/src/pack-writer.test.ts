import { CorruptError, isBcatError } from "@bcat/errors";
import { expect, test } from "vitest";
import { DATA } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { hasRightHash, TRAILER_SIZE } from "./directory.js";
import { arenaSize, type FinishedPack } from "./pack-assembler.js";
import { PackWriter } from "./pack-writer.js";
import { createTestContext } from "./test-context.js";
import { readPack } from "./test-packs.js";

const MIB = 2 ** 20;

function write(context: PackContext, chunks: Uint8Array[], targetSize = 64 * MIB): FinishedPack[] {
  const idHash = context.blake3.keyed(context.keys.derive("id/data", 0, 0));
  const packs: FinishedPack[] = [];
  const sizes = { targetSize, chunkSizeMax: 2 * MIB };
  const writer = new PackWriter(context, {
    ...sizes,
    kind: DATA,
    epoch: 0,
    domain: 0,
    session: 3,
    idHash,
    level: 3,
    takeArena: () => new Uint8Array(arenaSize(sizes)),
    onPack: (pack) => packs.push(pack),
  });
  for (const chunk of chunks) writer.add(idHash.hash(chunk), chunk);
  writer.finish();
  return packs;
}

function sampleChunks(context: PackContext): Uint8Array[] {
  const sizes = [1, 2, 100, 511, 4096, 127 * 1024, 128 * 1024 - 1, 128 * 1024, 512 * 1024, 512 * 1024 + 1, 2 * MIB];
  const text = (length: number) =>
    Buffer.from("a line of text that shrinks\n".repeat(length / 28 + 1)).subarray(0, length);
  return sizes.flatMap((size) => [context.random(size), text(size)]);
}

test("PackWriter keeps every chunk of every size, for both sets of accelerators", async () => {
  for (const mode of ["auto", "off"] as const) {
    const context = await createTestContext(mode);
    const other = await createTestContext(mode === "auto" ? "off" : "auto");
    const chunks = sampleChunks(context);
    const packs = write(context, chunks);
    expect(packs).toHaveLength(1);
    expect(packs[0]!.bytes.length % 4096).toBe(0);
    expect(hasRightHash(other, packs[0]!.bytes)).toBe(true);
    const back = readPack(other, packs[0]!)
      .map((bytes) => Buffer.from(bytes).toString("hex"))
      .sort();
    expect(back).toEqual(chunks.map((bytes) => Buffer.from(bytes).toString("hex")).sort());
  }
});

test("PackWriter closes packs at their target size", async () => {
  const context = await createTestContext();
  const chunks = Array.from({ length: 40 }, () => context.random(200 * 1024));
  const packs = write(context, chunks, MIB);
  expect(packs.length).toBeGreaterThan(5);
  expect(packs.flatMap((pack) => readPack(context, pack))).toHaveLength(40);
});

test("PackWriter leaves nothing of what was added behind when a pack is finished", async () => {
  const context = await createTestContext();
  const idHash = context.blake3.keyed(context.keys.derive("id/data", 0, 0));
  const sizes = { targetSize: MIB, chunkSizeMax: MIB };
  let added = 0;
  let found = 0;
  const writer = new PackWriter(context, {
    ...sizes,
    kind: DATA,
    epoch: 0,
    domain: 0,
    session: 3,
    idHash,
    level: 3,
    takeArena: () => new Uint8Array(arenaSize(sizes)),
    onPack: (pack) => {
      found += pack.chunks.count;
      expect(found === added || found === added + 1).toBe(true);
    },
  });
  for (const size of [1000, 90_000, 400_000, 900_000, 10, 127_000, 600_000]) {
    for (let i = 0; i < 9; i++) {
      const chunk = context.random(size);
      writer.add(idHash.hash(chunk), chunk);
      added++;
    }
  }
  writer.finish();
  expect(found).toBe(added);
});

test("PackWriter refuses to write a chunk whose id is not that of its bytes", async () => {
  const context = await createTestContext();
  const idHash = context.blake3.keyed(context.keys.derive("id/data", 0, 0));
  const sizes = { targetSize: MIB, chunkSizeMax: MIB };
  for (const size of [100, 300 * 1024]) {
    const writer = new PackWriter(context, {
      ...sizes,
      kind: DATA,
      epoch: 0,
      domain: 0,
      session: 1,
      idHash,
      level: 3,
      takeArena: () => new Uint8Array(arenaSize(sizes)),
      onPack: () => {},
    });
    expect(() => {
      writer.add(idHash.hash(new Uint8Array(size)), new Uint8Array(size).fill(1));
      writer.finish();
    }).toThrow(/another id/);
  }
});

test("a pack under another name does not open", async () => {
  const context = await createTestContext();
  const pack = write(context, [context.random(1000)])[0]!;
  const name = pack.name.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  expect(() => readPack(context, { name, bytes: pack.bytes })).toThrow(/does not verify/);
});

test("every flipped byte and every truncation of a small pack is refused", async () => {
  const context = await createTestContext();
  const pack = write(context, [context.random(300), Buffer.alloc(3000, "text ")])[0]!;
  const { name, bytes } = pack;
  // What a newer format may have changed: version, suite and auth of the header in the trailer.
  const newer = [4, 6, 7].map((at) => bytes.length - TRAILER_SIZE + at);
  for (let at = 0; at < bytes.length; at++) {
    const flipped = bytes.slice();
    flipped[at]! ^= 1 << (at % 8);
    expect(hasRightHash(context, flipped), `byte ${at}`).toBe(false);
    if (at >= bytes.length - 32) continue;
    const error = thrownBy(() => readPack(context, { name, bytes: flipped }));
    expect(
      isBcatError(error, "corrupt") || (isBcatError(error, "newer-format") && newer.includes(at)),
      `byte ${at}`,
    ).toBe(true);
  }
  for (let length = 0; length < bytes.length; length += 7) {
    expect(() => readPack(context, { name, bytes: bytes.slice(0, length) })).toThrow(CorruptError);
  }
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
