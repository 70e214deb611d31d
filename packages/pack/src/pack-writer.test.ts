import { CorruptError, isBcatError } from "@bcat/errors";
import { expect, test } from "vitest";
import { DATA } from "./blob-kind.js";
import type { PackContext } from "./context.js";
import { decodeTrailer, hasRightHash, openDirectory, TRAILER_SIZE } from "./directory.js";
import { FrameOpener } from "./frame.js";
import { arenaSize, type FinishedPack, PackWriter } from "./pack-writer.js";
import { PackFrames, readSpan, spanOf } from "./stream-reader.js";
import { FRAME_PLAIN_MAX } from "./tables.js";
import { createTestContext } from "./test-context.js";

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

/** Reads all chunks of a pack from its bytes alone, as a reader without an index would. */
function readBack(context: PackContext, pack: { name: string; bytes: Uint8Array }): Uint8Array[] {
  const { name, bytes } = pack;
  const trailer = bytes.subarray(Math.max(0, bytes.length - TRAILER_SIZE));
  const { directoryOffset } = decodeTrailer(trailer, { name, size: bytes.length });
  const sealed = bytes.subarray(directoryOffset, bytes.length - TRAILER_SIZE);
  const directory = openDirectory(context, { name, trailer, size: bytes.length }, sealed);
  const frames = new PackFrames(context, new FrameOpener(context), { name, kind: directory.kind, tables: directory });
  return Array.from({ length: directory.chunks.count }, (_, i) => {
    const plain = new Uint8Array(FRAME_PLAIN_MAX);
    const chunk = { offset: directory.chunks.offsets[i]!, length: directory.chunks.lengths[i]! };
    const open = (index: number) => {
      const { storedOffset, storedLength } = directory.frames[index]!;
      frames.open(index, bytes.subarray(storedOffset, storedOffset + storedLength), plain);
      return plain;
    };
    return readSpan(directory, spanOf(directory, chunk, name), { open, take: (length) => new Uint8Array(length) });
  });
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
    const back = readBack(other, packs[0]!)
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
  expect(packs.flatMap((pack) => readBack(context, pack))).toHaveLength(40);
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
  expect(() => readBack(context, { name, bytes: pack.bytes })).toThrow(/does not verify/);
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
    const error = thrownBy(() => readBack(context, { name, bytes: flipped }));
    expect(
      isBcatError(error, "corrupt") || (isBcatError(error, "newer-format") && newer.includes(at)),
      `byte ${at}`,
    ).toBe(true);
  }
  for (let length = 0; length < bytes.length; length += 7) {
    expect(() => readBack(context, { name, bytes: bytes.slice(0, length) })).toThrow(CorruptError);
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
