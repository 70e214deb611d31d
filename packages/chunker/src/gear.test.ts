import { expect, test } from "vitest";
import { createCutter } from "./cutter.js";
import { decodeGear } from "./gear.js";
import { DEFAULT_CHUNKER } from "./settings.js";

test("decodeGear() reads little-endian words and clears the top bit", () => {
  const bytes = new Uint8Array(1025);
  bytes.set([0x78, 0x56, 0x34, 0x92, 0xff, 0xff, 0xff, 0xff], 1);
  const gear = decodeGear(bytes.subarray(1));
  expect(gear.length).toBe(256);
  expect([...gear.subarray(0, 3)]).toEqual([0x12345678, 0x7fffffff, 0]);
});

test("decodeGear() refuses other lengths, and createCutter() other tables", () => {
  for (const length of [0, 1023, 1025]) expect(() => decodeGear(new Uint8Array(length))).toThrow(RangeError);
  expect(() => createCutter(DEFAULT_CHUNKER, new Uint32Array(255))).toThrow(RangeError);
  expect(() => createCutter(DEFAULT_CHUNKER, new Uint32Array(256).fill(2 ** 31))).toThrow(RangeError);
});
