import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadBlake3 } from "./blake3.js";

interface Vectors {
  readonly key: string;
  readonly cases: readonly { readonly length: number; readonly hash: string; readonly keyedHash: string }[];
}

const vectors = JSON.parse(readFileSync(new URL("golden/blake3.json", import.meta.url), "utf8")) as Vectors;
const native = loadBlake3("required");
const wasm = loadBlake3("off");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251);

describe.each([native, wasm])("$name", (blake3) => {
  test.each(vectors.cases)("gives the official vectors for $length bytes", ({ length, hash, keyedHash }) => {
    const keyed = blake3.keyed(Buffer.from(vectors.key));
    expect(hex(blake3.hash(pattern(length)))).toBe(hash);
    expect(hex(keyed.hash(pattern(length)))).toBe(keyedHash);
    expect(hex(keyed.hash(pattern(length)))).toBe(keyedHash);
  });

  test("hash() of parts is the hash of the parts joined", () => {
    const data = pattern(102_400);
    for (const cut of [0, 1, 1024, 65_536, 102_400]) {
      expect(hex(blake3.hash(data.subarray(0, cut), data.subarray(cut)))).toBe(hex(blake3.hash(data)));
    }
    expect(hex(blake3.hash())).toBe(vectors.cases[0]?.hash);
  });

  test("results are plain arrays that later calls do not change", () => {
    const keyed = blake3.keyed(pattern(32));
    const first = keyed.hash(pattern(1));
    const copy = first.slice();
    keyed.hash(pattern(2));
    expect(first).toEqual(copy);
    expect(Buffer.isBuffer(first) || Buffer.isBuffer(blake3.hash(first)) || first.length !== 32).toBe(false);
  });

  test("keyed() does not follow later changes of the key's memory", () => {
    const key = pattern(32);
    const keyed = blake3.keyed(key);
    const before = hex(keyed.hash(key));
    const input = key.slice();
    key.fill(9);
    expect(hex(keyed.hash(input))).toBe(before);
  });

  test("keyed() refuses keys that are not of 32 bytes", () => {
    for (const length of [0, 31, 33]) expect(() => blake3.keyed(pattern(length))).toThrow(RangeError);
  });
});

test("both implementations agree on random inputs, views with an offset included", () => {
  const bytes = fc.uint8Array({ maxLength: 5000 });
  fc.assert(
    fc.property(bytes, fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(40), (data, key, offset) => {
      const view = data.subarray(offset);
      expect(wasm.hash(view)).toEqual(native.hash(view));
      expect(wasm.keyed(key).hash(view)).toEqual(native.keyed(key).hash(view));
    }),
    { numRuns: 200 },
  );
});

test("both implementations agree on 2 MiB and around", () => {
  const data = pattern(2 ** 21 + 1).map((byte, index) => byte ^ (index >>> 9));
  const key = pattern(32);
  for (const length of [2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1]) {
    const part = data.subarray(0, length);
    expect(wasm.keyed(key).hash(part)).toEqual(native.keyed(key).hash(part));
    expect(wasm.hash(part)).toEqual(native.hash(part));
  }
});

test("loadBlake3() names what is in use", () => {
  expect(loadBlake3("off").name).toBe("blake3-wasm");
  expect(loadBlake3("required").name).toBe("blake-hash");
  expect(loadBlake3("auto").name).toBe("blake-hash");
});
