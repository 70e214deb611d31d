import { createCipheriv, createHash } from "node:crypto";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import type { Gcm } from "./gcm.js";
import { assertSound } from "./gcm-self-test.js";
import { loadGcm, nodeGcm } from "./load-gcm.js";

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (pages: { initial: number }) => WasmMemory };
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) % 251);
const [KEY, NONCE, TEXT] = [pattern(32), pattern(12), pattern(5)];

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url)("koffi");
    return true;
  } catch {
    return false;
  }
}

const fast = loadGcm("auto");

test("loadGcm() names what is in use", () => {
  expect(loadGcm("off").name).toBe("node");
  expect(fast.name).toBe(isInstalled() ? "koffi" : "node");
  if (isInstalled()) expect(loadGcm("required").name).toBe("koffi");
  else expect(() => loadGcm("required")).toThrow(/Cannot load GCM accelerator koffi/);
});

const lengths = [0, 1, 15, 16, 17, 4096, 32_767, 32_769, 524_288, 600_001];

test("both implementations seal and open alike, at every place of every kind of memory", () => {
  const wasm = new WebAssembly.Memory({ initial: 20 });
  const memories = [new ArrayBuffer(1_300_000), new SharedArrayBuffer(1_300_000), wasm.buffer];
  for (const memory of memories) {
    for (const [i, length] of lengths.entries()) {
      const plain = new Uint8Array(memory, 3 + i, length);
      const target = new Uint8Array(memory, 640_000 + i, length + 20).fill(9);
      plain.set(pattern(length));
      const expected = new Uint8Array(length + 16);
      nodeGcm.sealInto(KEY, NONCE, TEXT, plain, expected);
      expect(fast.sealInto(KEY, NONCE, TEXT, plain, target)).toBe(length + 16);
      expect(Buffer.compare(target.subarray(0, length + 16), expected)).toBe(0);
      expect([...target.subarray(length + 16)]).toEqual([9, 9, 9, 9]);
      plain.fill(0);
      expect(fast.openInto(KEY, NONCE, TEXT, target.subarray(0, length + 16), plain)).toBe(length);
      expect(Buffer.compare(plain, pattern(length))).toBe(0);
    }
  }
});

test("memory of a WASM module that has grown is no trouble", () => {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  for (let i = 0; i < 5; i++) {
    const bytes = new Uint8Array(wasm.buffer, 100, 60_000).fill(i);
    const sealed = new Uint8Array(60_016);
    fast.sealInto(KEY, NONCE, TEXT, bytes, sealed);
    bytes.fill(0xff);
    expect(fast.openInto(KEY, NONCE, TEXT, sealed, bytes)).toBe(60_000);
    expect(bytes.every((byte) => byte === i)).toBe(true);
    wasm.grow(10);
  }
});

test("messages are sealed and opened in place", () => {
  const memory = new Uint8Array(70_000).fill(9);
  memory.set(pattern(66_000));
  expect(fast.sealInto(KEY, NONCE, TEXT, memory.subarray(0, 66_000), memory)).toBe(66_016);
  expect(fast.openInto(KEY, NONCE, TEXT, memory.subarray(0, 66_016), memory)).toBe(66_000);
  expect(Buffer.compare(memory.subarray(0, 66_000), pattern(66_000))).toBe(0);
});

test("every flipped bit, every truncation, another key, nonce or text is refused, and nothing of the message is left", () => {
  const sealed = new Uint8Array(56);
  fast.sealInto(KEY, NONCE, TEXT, pattern(40), sealed);
  const expectRefused = (key: Uint8Array, nonce: Uint8Array, text: Uint8Array, bytes: Uint8Array) => {
    const target = new Uint8Array(41).fill(9);
    expect(fast.openInto(key, nonce, text, bytes, target)).toBe(-1);
    const length = Math.max(0, bytes.length - 16);
    expect(target.subarray(0, length).every((byte) => byte === 0)).toBe(true);
    expect(target.subarray(length).every((byte) => byte === 9)).toBe(true);
  };
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const flipped = sealed.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    expectRefused(KEY, NONCE, TEXT, flipped);
  }
  for (let length = 0; length < sealed.length; length++) expectRefused(KEY, NONCE, TEXT, sealed.subarray(0, length));
  expectRefused(KEY.toReversed(), NONCE, TEXT, sealed);
  expectRefused(KEY, NONCE.toReversed(), TEXT, sealed);
  expectRefused(KEY, NONCE, TEXT.subarray(1), sealed);
  const short = createCipheriv("aes-256-gcm", KEY, NONCE, { authTagLength: 4 });
  short.setAAD(TEXT);
  expectRefused(KEY, NONCE, TEXT, Buffer.concat([short.update(pattern(40)), short.final(), short.getAuthTag()]));
  const target = new Uint8Array(40);
  expect(fast.openInto(KEY, NONCE, TEXT, sealed, target)).toBe(40);
  expect(hex(target)).toBe(hex(pattern(40)));
});

test("a refused message leaves no error behind that the next call of node's crypto would find", () => {
  const sealed = new Uint8Array(56);
  for (let i = 0; i < 100; i++) expect(fast.openInto(KEY, NONCE, TEXT, sealed, new Uint8Array(40))).toBe(-1);
  expect(createHash("sha256").update("a").digest("hex")).toMatch(/^ca978112/);
  const again = new Uint8Array(56);
  nodeGcm.sealInto(KEY, NONCE, TEXT, pattern(40), again);
  expect(nodeGcm.openInto(KEY, NONCE, TEXT, again, new Uint8Array(40))).toBe(40);
});

test("both implementations derive alike, additional data and what keys come from being of any length", () => {
  for (const length of [0, 1, 16, 32, 63, 64, 65, 200, 895, 896, 897, 5000]) {
    for (const [key, salt, info] of [
      [pattern(length), NONCE, TEXT],
      [KEY, pattern(length), TEXT],
      [KEY, NONCE, pattern(length)],
    ] as const) {
      const [found, expected] = [new Uint8Array(40), new Uint8Array(40)];
      fast.deriveInto(key, salt, info, found);
      nodeGcm.deriveInto(key, salt, info, expected);
      expect(hex(found)).toBe(hex(expected));
    }
    const [found, expected] = [new Uint8Array(56), new Uint8Array(56)];
    fast.sealInto(KEY, NONCE, pattern(length), pattern(40), found);
    nodeGcm.sealInto(KEY, NONCE, pattern(length), pattern(40), expected);
    expect(hex(found)).toBe(hex(expected));
  }
});

test("misuse is refused before anything is written", () => {
  const target = new Uint8Array(31);
  expect(() => fast.sealInto(KEY, NONCE, TEXT, pattern(16), target)).toThrow(RangeError);
  expect(() => fast.openInto(KEY, NONCE, TEXT, new Uint8Array(48), target)).toThrow(RangeError);
  expect(() => fast.sealInto(KEY.subarray(1), NONCE, TEXT, pattern(1), target)).toThrow(RangeError);
  expect(() => fast.sealInto(KEY, NONCE.subarray(1), TEXT, pattern(1), target)).toThrow(RangeError);
  expect(() => fast.deriveInto(KEY, NONCE, TEXT, target)).toThrow(RangeError);
  expect(target).toEqual(new Uint8Array(31));
});

test("the self-test refuses whatever is wrong in one thing", () => {
  assertSound(nodeGcm, nodeGcm);
  assertSound(fast, nodeGcm);
  const { sealInto, openInto, deriveInto } = nodeGcm;
  const faults: Partial<Gcm>[] = [
    {
      deriveInto(key, salt, info, target) {
        deriveInto(key, salt, info.subarray(1), target);
      },
    },
    { sealInto: (key, nonce, _, plain, target) => sealInto(key, nonce, TEXT, plain, target) },
    { sealInto: (key, nonce, text, plain, target) => sealInto(key, nonce, text, plain.slice().fill(1), target) },
    { openInto: (key, nonce, text, sealed, target) => openInto(key, nonce, text.subarray(1), sealed, target) },
    { openInto: (_key, _nonce, _text, sealed) => sealed.length - 16 },
    {
      // Takes wrong tags.
      openInto(key, nonce, text, sealed, target) {
        const plain = new Uint8Array(sealed.length);
        sealInto(key, nonce, text, sealed.subarray(0, -16), plain);
        target.set(plain.subarray(0, -16));
        return sealed.length - 16;
      },
    },
    {
      // Leaves the plaintext of a refused message behind.
      openInto(key, nonce, text, sealed, target) {
        const plain = new Uint8Array(sealed.length);
        sealInto(key, nonce, text, sealed.subarray(0, -16), plain);
        const result = openInto(key, nonce, text, sealed, target);
        target.set(plain.subarray(0, -16));
        return result;
      },
    },
  ];
  for (const fault of faults) expect(() => assertSound({ ...nodeGcm, ...fault }, nodeGcm)).toThrow(/self-test/);
});
