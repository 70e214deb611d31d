/** Packs as they are written: what goes in comes out, and nothing else does. */
import { CorruptError, isBcatError } from "@bcat/errors";
import { expect, test } from "vitest";
import type { PackContext } from "./context.js";
import { hasRightHash, TRAILER_SIZE } from "./directory.js";
import { createTestContext } from "./test-context.js";
import { buildPack, readPack } from "./test-packs.js";

const MIB = 2 ** 20;

function sampleChunks(context: PackContext): Uint8Array[] {
  const sizes = [1, 2, 100, 511, 4096, 127 * 1024, 128 * 1024 - 1, 128 * 1024, 512 * 1024, 512 * 1024 + 1, 2 * MIB];
  const text = (length: number) =>
    Buffer.from("a line of text that shrinks\n".repeat(length / 28 + 1)).subarray(0, length);
  return sizes.flatMap((size) => [context.random(size), text(size)]);
}

test("a pack gives back every chunk of every size, for both sets of accelerators", async () => {
  for (const mode of ["auto", "off"] as const) {
    const context = await createTestContext(mode);
    const other = await createTestContext(mode === "auto" ? "off" : "auto");
    const chunks = sampleChunks(context);
    const pack = buildPack(context, chunks);
    expect(pack.bytes.length % 4096).toBe(0);
    expect(hasRightHash(other, pack.bytes)).toBe(true);
    const back = readPack(other, pack)
      .map((bytes) => Buffer.from(bytes).toString("hex"))
      .sort();
    expect(back).toEqual(chunks.map((bytes) => Buffer.from(bytes).toString("hex")).sort());
  }
});

test("a pack under another name does not open", async () => {
  const context = await createTestContext();
  const pack = buildPack(context, [context.random(1000)]);
  const name = pack.name.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  expect(() => readPack(context, { name, bytes: pack.bytes })).toThrow(/does not verify/);
});

test("every flipped byte and every truncation of a small pack is refused", async () => {
  const context = await createTestContext();
  const { name, bytes } = buildPack(context, [context.random(300), Buffer.alloc(3000, "text ")]);
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
