import { CorruptError } from "@bcat/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readSpan, spanOf } from "./stream-reader.js";
import type { FrameTables } from "./tables.js";

/** Frames of some bytes each, and the stream they make: its bytes count upwards. */
const streams = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }).map((lengths) => {
  let end = 0;
  const frames = lengths.map((plainLength) => {
    const plainOffset = end;
    end += plainLength;
    return { key: 0, codec: 0, salt: new Uint8Array(16), storedOffset: 0, storedLength: 0, plainOffset, plainLength };
  });
  const tables: FrameTables = { keys: [], frames };
  return { tables, stream: Uint8Array.from({ length: end }, (_, i) => i) };
});

test("readSpan() gives the bytes of the stream at every place, out of one buffer for all frames", () => {
  const plain = new Uint8Array(20);
  fc.assert(
    fc.property(streams, ({ tables, stream }) => {
      const open = (index: number) => {
        const { plainOffset, plainLength } = tables.frames[index]!;
        plain.fill(255);
        plain.set(stream.subarray(plainOffset, plainOffset + plainLength));
        return plain;
      };
      for (let offset = 0; offset < stream.length; offset++) {
        for (let length = 1; offset + length <= stream.length; length++) {
          const span = spanOf(tables, { offset, length }, "it");
          const bytes = readSpan(tables, span, { open, take: (size) => new Uint8Array(size) });
          expect(Buffer.compare(bytes, stream.subarray(offset, offset + length))).toBe(0);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("spanOf() names only frames that hold bytes of the span, and refuses what is not in the stream", () => {
  fc.assert(
    fc.property(streams, fc.nat(60), fc.integer({ min: 1, max: 60 }), ({ tables, stream }, offset, length) => {
      if (offset + length > stream.length) {
        expect(() => spanOf(tables, { offset, length }, "it")).toThrow(CorruptError);
        return;
      }
      const { first, last } = spanOf(tables, { offset, length }, "it");
      const holders = tables.frames.flatMap(({ plainOffset, plainLength }, index) =>
        plainOffset < offset + length && plainOffset + plainLength > offset ? [index] : [],
      );
      expect([first, last]).toEqual([holders.at(0), holders.at(-1)]);
    }),
  );
});
