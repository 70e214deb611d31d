import { expect, test } from "vitest";
import { padme } from "./padme.js";

/** The paper's own formula, in numbers without limit. */
function reference(length: bigint): bigint {
  if (length < 2n) return length;
  const exponent = BigInt(length.toString(2).length - 1);
  const significant = BigInt(exponent.toString(2).length);
  const mask = (1n << (exponent - significant)) - 1n;
  return (length + mask) & ~mask;
}

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [3, 3],
  [8, 8],
  [9, 10],
  [17, 18],
  [100, 104],
  [208, 208],
  [209, 224],
  [1000, 1024],
  [1025, 1088],
  [65_537, 67_584],
  [1_000_000, 1_015_808],
  [2 ** 31, 2 ** 31],
  [2 ** 32 + 1, 2 ** 32 + 2 ** 26],
  [2 ** 53 - 1, 2 ** 53],
  [2 ** 53, 2 ** 53],
])("padme(%d) is %d", (length, padded) => {
  expect(padme(length)).toBe(padded);
});

test("padme() is the paper's formula, for small lengths and around every power of two up to 2^53", () => {
  for (let length = 0; length < 5000; length++) expect(padme(length)).toBe(Number(reference(BigInt(length))));
  for (let exponent = 12; exponent < 53; exponent++) {
    for (const offset of [-2, -1, 0, 1, 2, 12_345, 2 ** (exponent - 1) + 1]) {
      const length = 2 ** exponent + offset;
      expect(padme(length)).toBe(Number(reference(BigInt(length))));
    }
  }
});

test("padme() refuses what is no length", () => {
  for (const length of [-1, 0.5, Number.NaN, 2 ** 53 + 2]) expect(() => padme(length)).toThrow(RangeError);
});
