import { hkdfSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hkdf } from "./hkdf.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => Buffer.from(text, "hex");

test("hkdf() gives RFC 5869 test case 1", () => {
  const okm = hkdf(
    fromHex("0b".repeat(22)),
    fromHex("000102030405060708090a0b0c"),
    fromHex("f0f1f2f3f4f5f6f7f8f9"),
    42,
  );
  expect(hex(okm)).toBe("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
});

test("hkdf() gives what Node's own gives, text being UTF-8", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });
  fc.assert(
    fc.property(
      bytes,
      bytes,
      fc.string({ maxLength: 50, unit: "grapheme" }),
      fc.integer({ min: 1, max: 1200 }),
      (key, salt, info, length) => {
        expect(hkdf(key, salt, info, length)).toEqual(new Uint8Array(hkdfSync("sha256", key, salt, info, length)));
        expect(hkdf(key, salt, Buffer.from(info), length)).toEqual(hkdf(key, salt, info, length));
      },
    ),
  );
});

test("hkdf() refuses lengths that HKDF-SHA256 does not have", () => {
  const key = new Uint8Array(32);
  expect(hkdf(key, key, "").length).toBe(32);
  expect(hkdf(key, key, "", 8160).length).toBe(8160);
  for (const length of [0, -1, 1.5, 8161]) expect(() => hkdf(key, key, "", length)).toThrow(RangeError);
});
