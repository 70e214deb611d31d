import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { openGcm, openGcmInto, sealGcm, sealGcmInto, ZERO_NONCE } from "./gcm.js";

const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) % 251);

const KEY = fromHex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
const NONCE = fromHex("cafebabefacedbaddecaf888");
const AAD = fromHex("feedfacedeadbeeffeedfacedeadbeefabaddad2");

// McGrew, Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16.
test.each([
  ["00".repeat(32), "00".repeat(12), "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
  [
    "00".repeat(32),
    "00".repeat(12),
    "",
    "00".repeat(16),
    "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  ],
  [
    hex(KEY),
    hex(NONCE),
    hex(AAD),
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
  ],
])("sealGcm() and openGcm() give the standard's vectors %#", (key, nonce, aad, plaintext, sealed) => {
  expect(hex(sealGcm(fromHex(key), fromHex(nonce), fromHex(aad), fromHex(plaintext)))).toBe(sealed);
  expect(openGcm(fromHex(key), fromHex(nonce), fromHex(aad), fromHex(sealed))).toEqual(fromHex(plaintext));
});

test("pieces join to what one call of the cipher gives, at every length around a piece", () => {
  for (const length of [0, 1, 15, 16, 17, 32_767, 32_768, 32_769, 65_536, 524_288, 600_001]) {
    const plaintext = pattern(length);
    const cipher = createCipheriv("aes-256-gcm", KEY, NONCE);
    cipher.setAAD(AAD);
    const expected = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    const sealed = sealGcm(KEY, NONCE, AAD, plaintext);
    expect(expected.equals(sealed)).toBe(true);
    expect(Buffer.compare(openGcm(KEY, NONCE, AAD, sealed) ?? AAD, plaintext)).toBe(0);
  }
});

test("sealGcmInto() and openGcmInto() work in place and leave what is behind untouched", () => {
  const memory = new Uint8Array(70_000).fill(9);
  memory.set(pattern(66_000));
  expect(sealGcmInto(KEY, ZERO_NONCE, AAD, memory.subarray(0, 66_000), memory)).toBe(66_016);
  expect(memory.subarray(66_016).every((byte) => byte === 9)).toBe(true);
  expect(openGcmInto(KEY, ZERO_NONCE, AAD, memory.subarray(0, 66_016), memory)).toBe(66_000);
  expect(memory.subarray(0, 66_000)).toEqual(pattern(66_000));
});

test("openGcm() refuses every flipped bit, every truncation and another key, nonce or additional data", () => {
  const sealed = sealGcm(KEY, NONCE, AAD, pattern(40));
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const flipped = sealed.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    expect(openGcm(KEY, NONCE, AAD, flipped)).toBeUndefined();
  }
  for (let length = 0; length < sealed.length; length++) {
    expect(openGcm(KEY, NONCE, AAD, sealed.subarray(0, length))).toBeUndefined();
  }
  expect(openGcm(KEY.toReversed(), NONCE, AAD, sealed)).toBeUndefined();
  expect(openGcm(KEY, ZERO_NONCE, AAD, sealed)).toBeUndefined();
  expect(openGcm(KEY, NONCE, AAD.subarray(1), sealed)).toBeUndefined();
  expect(openGcm(KEY, NONCE, AAD, sealed)).toEqual(pattern(40));
});

test("openGcm() refuses a tag of 4 bytes, even a right one", () => {
  const cipher = createCipheriv("aes-256-gcm", KEY, NONCE, { authTagLength: 4 });
  cipher.setAAD(AAD);
  const sealed = Buffer.concat([cipher.update(pattern(40)), cipher.final(), cipher.getAuthTag()]);
  expect(openGcm(KEY, NONCE, AAD, sealed)).toBeUndefined();
  expect(openGcm(KEY, NONCE, AAD, sealed.subarray(40))).toBeUndefined();
});

test("openGcmInto() leaves no plaintext behind when the tag is wrong", () => {
  const sealed = sealGcm(KEY, NONCE, AAD, pattern(40_000));
  sealed[39_999]! ^= 1;
  const target = new Uint8Array(40_001).fill(9);
  expect(openGcmInto(KEY, NONCE, AAD, sealed, target)).toBe(-1);
  expect(target.subarray(0, 40_000).every((byte) => byte === 0)).toBe(true);
  expect(target[40_000]).toBe(9);
  expect(openGcmInto(KEY, NONCE, AAD, sealed.subarray(0, 15), target)).toBe(-1);
});

test("misuse is refused before anything is written", () => {
  const target = new Uint8Array(31);
  expect(() => sealGcmInto(KEY, NONCE, AAD, pattern(16), target)).toThrow(RangeError);
  expect(() => openGcmInto(KEY, NONCE, AAD, new Uint8Array(48), target)).toThrow(RangeError);
  expect(() => sealGcm(KEY.subarray(1), NONCE, AAD, target)).toThrow(RangeError);
  expect(() => sealGcm(KEY, NONCE.subarray(1), AAD, target)).toThrow(RangeError);
  expect(() => openGcm(KEY.subarray(1), NONCE, AAD, target)).toThrow(RangeError);
  expect(target).toEqual(new Uint8Array(31));
});
