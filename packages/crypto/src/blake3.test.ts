import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadBlake3 } from "./blake3.js";

interface Vectors {
  readonly key: string;
  readonly cases: readonly { readonly length: number; readonly hash: string; readonly keyedHash: string }[];
}

const vectors = JSON.parse(readFileSync(new URL("golden/blake3.json", import.meta.url), "utf8")) as Vectors;
const wasm = loadBlake3("off");
const native = loadBlake3("auto");
const isInstalled = native.name === "blake-hash";
if (!isInstalled) process.stdout.write("crypto: skipped what needs @napi-rs/blake-hash: it is not installed\n");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251);

describe.each(isInstalled ? [native, wasm] : [wasm])("$name", (blake3) => {
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

  test("hashInto() writes what hash() gives and nothing beside it, matches() says so of any place", () => {
    const keyed = blake3.keyed(pattern(32));
    const target = new Uint8Array(40).fill(7);
    keyed.hashInto(pattern(5000), target, 5);
    expect(hex(target.subarray(5, 37))).toBe(hex(keyed.hash(pattern(5000))));
    expect([...target.subarray(0, 5), ...target.subarray(37)]).toEqual(new Array(8).fill(7));
    expect(keyed.matches(pattern(5000), target, 5)).toBe(true);
    expect(keyed.matches(pattern(5000), keyed.hash(pattern(5000)))).toBe(true);
    expect(keyed.matches(pattern(5001), target, 5)).toBe(false);
    expect(keyed.matches(pattern(5000), target, 4)).toBe(false);
    for (let bit = 0; bit < 256; bit++) {
      const flipped = target.slice();
      flipped[5 + (bit >>> 3)]! ^= 1 << (bit & 7);
      expect(keyed.matches(pattern(5000), flipped, 5)).toBe(false);
    }
  });

  test("incremental() gives the hash of its parts joined, begins anew after each, and keeps to itself", () => {
    const key = pattern(32);
    const keyed = blake3.keyed(key);
    const data = pattern(600_000);
    for (const [hash, expected] of [
      [blake3.incremental(), blake3.hash(data)],
      [keyed.incremental(), keyed.hash(data)],
    ] as const) {
      for (const cut of [0, 1, 100_000]) {
        const target = new Uint8Array(32);
        hash.update(data.subarray(0, cut));
        keyed.hash(pattern(9));
        blake3.hash(pattern(9));
        hash.update(data.subarray(cut));
        hash.digestInto(target, 0);
        expect(hex(target)).toBe(hex(expected));
        hash.update(data);
        expect(hash.matches(expected)).toBe(true);
        hash.update(data.subarray(1));
        expect(hash.matches(expected)).toBe(false);
      }
    }
  });

  test("shared memory is read like any other", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(5001)).subarray(1);
    shared.set(pattern(5000));
    const keyed = blake3.keyed(pattern(32));
    expect(hex(keyed.hash(shared))).toBe(hex(keyed.hash(pattern(5000))));
    expect(hex(blake3.hash(shared))).toBe(hex(blake3.hash(pattern(5000))));
    const target = new Uint8Array(new SharedArrayBuffer(64));
    keyed.hashInto(shared, target, 32);
    expect(keyed.matches(shared, target, 32)).toBe(true);
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

test.skipIf(!isInstalled)("both implementations agree on random inputs, views with an offset included", () => {
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

test.skipIf(!isInstalled)("both implementations agree on 2 MiB and around", () => {
  const data = pattern(2 ** 21 + 1).map((byte, index) => byte ^ (index >>> 9));
  const key = pattern(32);
  for (const length of [2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1]) {
    const part = data.subarray(0, length);
    expect(wasm.keyed(key).hash(part)).toEqual(native.keyed(key).hash(part));
    expect(wasm.hash(part)).toEqual(native.hash(part));
  }
});

test("loadBlake3() names what is in use, and fails when the native package is required and missing", () => {
  expect(loadBlake3("off").name).toBe("blake3-wasm");
  if (isInstalled) expect(loadBlake3("required")).toMatchObject({ name: "blake-hash" });
  else expect(() => loadBlake3("required")).toThrow("Cannot load package @napi-rs/blake-hash");
});
