/** Parity: the same bytes for the same pack, and what of a damaged pack comes back. */
import { createHash } from "node:crypto";
import { loadBlake3 } from "@bcat/crypto";
import { describe, expect, it } from "vitest";
import { BLOCK_SIZE, StripeSums } from "./cauchy-code.js";
import { invert, multiply } from "./galois-field.js";
import { mendPack } from "./mend-pack.js";
import { decodeParity, encodeParity } from "./parity-object.js";
import { shapeOf } from "./parity-shape.js";

const blake3 = loadBlake3("auto");
const name = "parity/ab/0000000001-ab";
/** SHA-256 of what a program made that was written from docs/format.md alone. */
const VECTOR = "ae2bb8e41f5ba4c79f0b3eec8d2f5c6134f3d3b3a5bfab85762273b8c7616831";

/** The bytes of docs/format.md that begin with `seed`. */
function bytesFrom(seed: number, length: number): Uint8Array {
  let x = seed;
  return Uint8Array.from({ length }, () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x >>> 24;
  });
}

/** What ends as a pack does: with the hash of all before. */
function packOf(size: number): Uint8Array {
  const bytes = bytesFrom(size, size);
  bytes.set(blake3.hash(bytes.subarray(0, -32)), size - 32);
  return bytes;
}

function mend(parity: Uint8Array, found: Uint8Array) {
  return mendPack(blake3, decodeParity(blake3, name, parity), found);
}

function spoil(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  const spoiled = bytes.slice();
  for (let i = offset; i < Math.min(offset + length, bytes.length); i++) spoiled[i]! ^= 0x5a;
  return spoiled;
}

describe("the field", () => {
  const elements = Array.from({ length: 255 }, (_, i) => i + 1);

  it("is one: every element but zero has an inverse, and multiplying is that of polynomials", () => {
    expect(elements.every((a) => multiply(a, invert(a)) === 1)).toBe(true);
    expect(elements.filter((a) => multiply(a, 0x53) !== slowProduct(a, 0x53))).toEqual([]);
    expect(multiply(0x80, 2)).toBe(0x1d);
    expect(multiply(0x57, 0)).toBe(0);
  });

  it("sums up what the formula says, in every row", () => {
    const sums = new StripeSums();
    const blocks = [3, 200].map((column) => ({ column, bytes: bytesFrom(column, BLOCK_SIZE) }));
    for (const { column, bytes } of blocks) sums.add(column, bytes);
    for (let row = 0; row < 8; row++) {
      const sum = new Uint8Array(BLOCK_SIZE);
      sums.addRowTo(row, sum);
      const expected = blocks.reduce(
        (all, { column, bytes }) => all ^ multiply(bytes[77]!, invert((255 - row) ^ column)),
        0,
      );
      expect(sum[77]).toBe(expected);
    }
  });
});

function slowProduct(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) product ^= a << bit;
  for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11d << (bit - 8);
  return product;
}

describe("shapeOf()", () => {
  it("keeps every limit, and a run of so many percent in as many sums and one more", () => {
    for (const percent of [1, 2, 3, 5, 7, 10, 33, 50, 100]) {
      for (const blocks of [1, 2, 8, 150, 240, 241, 2048, 8192, 16384, 24576]) {
        const shape = shapeOf(blocks * 4096, percent);
        expect(shape.blocks).toBe(blocks);
        expect(shape.columns * shape.stripes).toBeGreaterThanOrEqual(blocks);
        expect(shape.columns).toBeLessThanOrEqual(240);
        expect(shape.rows).toBeLessThanOrEqual(8);
        expect(shape.rows * shape.stripes).toBeGreaterThanOrEqual((blocks * percent) / 100 + 1);
      }
    }
  });

  it("takes little more than it was asked for of large packs", () => {
    const { rows, stripes, blocks } = shapeOf(64 * 2 ** 20, 5);
    expect((rows * stripes) / blocks).toBeLessThan(0.051);
  });

  it.each([0, 101, 2.5, Number.NaN])("refuses %d percent", (percent) => {
    expect(() => shapeOf(4096, percent)).toThrow(RangeError);
  });
});

describe("a parity object", () => {
  it("is the one of docs/format.md", () => {
    const parity = encodeParity(blake3, bytesFrom(1, 12_288), 34);
    expect(parity.length).toBe(12_640);
    expect(createHash("sha256").update(parity).digest("hex")).toBe(VECTOR);
  });

  it("is the same for the same pack, and whole", () => {
    const pack = packOf(50_000);
    const parity = encodeParity(blake3, pack, 5);
    expect(Buffer.compare(encodeParity(blake3, pack.slice(), 5), parity)).toBe(0);
    expect(decodeParity(blake3, name, parity).isWhole).toBe(true);
    const { bytes, ...counts } = mend(parity, pack);
    expect(counts).toEqual({ isWhole: true, mended: 0, lost: 0 });
    expect(Buffer.compare(bytes, pack)).toBe(0);
  });

  it.each([
    [96, 5],
    [4_096, 5],
    [100_000, 5],
    [1_310_720, 5],
    [1_310_720, 50],
  ])("mends a run of its share of %d bytes at %d %%, wherever that begins", (size, percent) => {
    const pack = packOf(size);
    const parity = encodeParity(blake3, pack, percent);
    const length = Math.floor((size * percent) / 100);
    for (const part of [0, 0.1, 0.37, 0.999]) {
      const offset = Math.floor((size - length) * part);
      const found = spoil(pack, offset, length);
      const { bytes, isWhole, mended, lost } = mend(parity, found);
      expect({ isWhole, lost }).toEqual({ isWhole: true, lost: 0 });
      expect(mended).toBeGreaterThan(0);
      expect(Buffer.compare(bytes, pack)).toBe(0);
    }
  });

  it("mends damage that is scattered, a pack that was cut short or has grown, and with 100 % one that is missing", () => {
    const pack = packOf(500_000);
    const parity = encodeParity(blake3, pack, 5);
    const scattered = [3, 100_000, 250_001, 499_999].reduce((found, offset) => spoil(found, offset, 1), pack);
    for (const found of [scattered, pack.subarray(0, 480_000), Buffer.concat([pack, pack.subarray(0, 5_000)])]) {
      const { bytes, isWhole } = mend(parity, found);
      expect(isWhole).toBe(true);
      expect(Buffer.compare(bytes, pack)).toBe(0);
    }
    expect(mend(parity, new Uint8Array(0))).toMatchObject({ isWhole: false, mended: 0, lost: 123 });
    expect(mend(encodeParity(blake3, pack, 100), new Uint8Array(0))).toMatchObject({ isWhole: true, lost: 0 });
  });

  it("gives back what it can where there is too much damage, and leaves the rest as it was found", () => {
    const pack = packOf(2_000_000);
    const parity = encodeParity(blake3, pack, 5);
    const { stripes } = shapeOf(2_000_000, 5);
    expect(stripes).toBeGreaterThan(1);
    let found = spoil(pack, 4096, 1);
    for (let i = 0; i < 12; i++) found = spoil(found, 4096 * i * stripes, 1);
    const { bytes, isWhole, mended, lost } = mend(parity, found);
    expect({ isWhole, mended, lost }).toEqual({ isWhole: false, mended: 1, lost: 12 });
    expect(Buffer.compare(bytes.subarray(4096, 8192), pack.subarray(4096, 8192))).toBe(0);
    expect(bytes[0]).toBe(found[0]);
  });

  it("mends although any one place of itself is damaged, or its end is cut off", () => {
    const pack = packOf(50_000);
    const whole = encodeParity(blake3, pack, 20);
    const found = spoil(pack, 10_000, 5_000);
    for (let offset = 0; offset < whole.length; offset += 1_000) {
      const parity = spoil(whole, offset, 100);
      expect(decodeParity(blake3, name, parity).isWhole).toBe(false);
      expect(mend(parity, found).isWhole).toBe(true);
    }
    expect(mend(whole.subarray(0, -300), found).isWhole).toBe(true);
    expect(decodeParity(blake3, name, whole.subarray(0, -1)).isWhole).toBe(false);
    expect(decodeParity(blake3, name, Buffer.concat([whole, Buffer.alloc(1)])).isWhole).toBe(false);
  });

  it("is refused when neither head, or neither table, is whole, and when it is a newer one", () => {
    const pack = packOf(10_000);
    const whole = encodeParity(blake3, pack, 5);
    const heads = spoil(spoil(whole, 20, 1), whole.length - 20, 1);
    expect(() => decodeParity(blake3, name, heads)).toThrow("both its heads are damaged");
    const tables = spoil(spoil(whole, 130, 1), whole.length - 130, 1);
    expect(() => decodeParity(blake3, name, tables)).toThrow("both its tables are damaged");
    expect(() => decodeParity(blake3, name, new Uint8Array(0))).toThrow("both its heads are damaged");
    const newer = whole.slice();
    newer[4] = 2;
    newer.set(blake3.hash(newer.subarray(0, 96)), 96);
    expect(() => decodeParity(blake3, name, newer)).toThrow(expect.objectContaining({ code: "newer-format" }));
  });

  it("of another pack mends nothing into it", () => {
    const parity = encodeParity(blake3, packOf(50_000), 100);
    const other = packOf(50_001);
    expect(Buffer.compare(mend(parity, other).bytes, packOf(50_000))).toBe(0);
    const small = encodeParity(blake3, packOf(50_000), 5);
    expect(mend(small, other).isWhole).toBe(false);
  });
});
