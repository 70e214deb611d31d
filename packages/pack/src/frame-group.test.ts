import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeFrameGroup,
  encodeFrameGroup,
  type FrameGroup,
  frameGroupSize,
  frameGroupSizeMax,
} from "./frame-group.js";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const words = (length: number) => fc.uint32Array({ minLength: length, maxLength: length });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

const groups: fc.Arbitrary<FrameGroup> = fc
  .record({ frames: fc.integer({ min: 1, max: 5 }), chunks: fc.nat(20), length: fc.nat(300) })
  .chain(({ frames, chunks, length }) =>
    fc.record({
      key: fc.record({ kind: fc.constant(1), epoch: u32, domain: u32, encapsulation: bytes(32) }),
      frames: fc.record({
        count: fc.constant(frames),
        codecs: bytes(frames),
        salts: bytes(16 * frames),
        storedLengths: words(frames),
        plainLengths: words(frames),
      }),
      bytes: bytes(length),
      chunks: fc.record({
        count: fc.constant(chunks),
        ids: bytes(16 * chunks),
        offsets: words(chunks),
        lengths: words(chunks),
      }),
    }),
  );

test("decodeFrameGroup() gives what encodeFrameGroup() was given, from ordinary and shared memory, one behind another", () => {
  fc.assert(
    fc.property(groups, groups, fc.boolean(), (first, second, isShared) => {
      const size = frameGroupSize(first) + frameGroupSize(second);
      expect(size % 8).toBe(0);
      const memory = isShared ? new SharedArrayBuffer(size + 8) : new ArrayBuffer(size + 8);
      const target = new Uint8Array(memory, 4);
      target.fill(0xee);
      const end = encodeFrameGroup(first, target);
      expect(encodeFrameGroup(second, target.subarray(end))).toBe(size - end);
      expect([...target.subarray(size)]).toEqual([0xee, 0xee, 0xee, 0xee]);
      expect(decodeFrameGroup(target)).toEqual(first);
      expect(decodeFrameGroup(target.subarray(end))).toEqual(second);
    }),
  );
});

test("a group neither goes into less memory than it takes nor comes out of less, nor at odd places", () => {
  fc.assert(
    fc.property(groups, (group) => {
      const size = frameGroupSize(group);
      const target = new Uint8Array(size + 4);
      encodeFrameGroup(group, target);
      for (let length = 0; length < size; length++) {
        expect(() => encodeFrameGroup(group, new Uint8Array(length))).toThrow(RangeError);
        expect(() => decodeFrameGroup(target.subarray(0, length))).toThrow(RangeError);
      }
      for (const start of [1, 2, 3]) {
        expect(() => encodeFrameGroup(group, target.subarray(start))).toThrow(RangeError);
        expect(() => decodeFrameGroup(target.subarray(start))).toThrow(RangeError);
      }
    }),
    { numRuns: 20 },
  );
});

test("frameGroupSizeMax() counts the columns of full shared frames and the pieces of large chunks", () => {
  expect(frameGroupSizeMax(1000)).toBe(frameGroupSizeMax(128 * 1024));
  expect(frameGroupSizeMax(2 ** 20)).toBeGreaterThanOrEqual(2 ** 20 + 2 * 16);
  expect(frameGroupSizeMax(2 ** 20)).toBeLessThan(1.2 * 2 ** 20);
  expect(frameGroupSizeMax(8 * 2 ** 20)).toBeLessThan(8 * 2 ** 20 + 1000);
});
