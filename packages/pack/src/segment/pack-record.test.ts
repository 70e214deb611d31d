import { CorruptError, isBcatError } from "@bcat/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PACK_SIZE_MAX } from "../directory.js";
import { packName, SESSION_MAX } from "../pack-name.js";
import type { FrameTables } from "../tables.js";
import { forEachFlip, frameTables } from "../test-tables.js";
import { decodePackRecord, encodePackRecord } from "./pack-record.js";

function storedSize({ frames }: FrameTables): number {
  return frames.reduce((sum, frame) => sum + frame.storedLength, 0);
}

const record = fc
  .record({
    reference: fc.record({
      session: fc.integer({ min: 1, max: SESSION_MAX }),
      unique: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    }),
    // Sizes up to what fits beside the largest tables drawn here.
    rest: fc.integer({ min: 0, max: PACK_SIZE_MAX - 2 ** 23 }),
    tables: frameTables,
  })
  .map(({ reference, rest, tables }) => ({ reference, size: storedSize(tables) + rest, ...tables }));

test("decodePackRecord() gives what encodePackRecord() was given, and refuses every truncation", () => {
  fc.assert(
    fc.property(record, (value) => {
      const bytes = encodePackRecord(value);
      expect(decodePackRecord(bytes, "it")).toMatchObject({ ...value, name: packName(value.reference) });
      for (let length = 0; length < bytes.length; length++) {
        expect(() => decodePackRecord(bytes.subarray(0, length), "it")).toThrow(CorruptError);
      }
    }),
    { numRuns: 30 },
  );
});

test("decodePackRecord() refuses a flipped bit, or gives what the flipped bytes stand for", () => {
  fc.assert(
    fc.property(record, (value) => {
      forEachFlip(encodePackRecord(value), (flipped, bit) => {
        try {
          const again = encodePackRecord(decodePackRecord(flipped, "it"));
          if (Buffer.compare(again, flipped) !== 0) expect.unreachable(`bit ${bit}`);
        } catch (error) {
          if (!isBcatError(error, "corrupt") && !isBcatError(error, "newer-format")) throw error;
        }
      });
    }),
    { numRuns: 10 },
  );
});
