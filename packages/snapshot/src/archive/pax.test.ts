import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodePaxRecords, readPaxRecords } from "./pax.js";

const key = fc.uint8Array({ minLength: 1, maxLength: 20 }).filter((bytes) => !bytes.includes(0x3d));

describe("extended headers", () => {
  test("come back from their bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 200 }))), (records) => {
        expect(readPaxRecords(encodePaxRecords(records)).map((record) => record.map((it) => [...it]))).toEqual(
          records.map((record) => record.map((it) => [...it])),
        );
      }),
    );
  });

  test.each([
    ["12 path=/a/bc\n", 1],
    ["9 a=12345", 0],
  ])("count their own digits: %j", (text, records) => {
    if (records === 0) expect(() => readPaxRecords(Buffer.from(text))).toThrow(RangeError);
    else expect(readPaxRecords(Buffer.from(`${text.replace("12", "14")}`)).length).toBe(records);
  });

  test.each([1, 9, 10, 11, 95, 96, 97, 98, 99, 990, 991, 992, 993, 994])(
    "are of the length that they say for a value of %i bytes",
    (length) => {
      const bytes = encodePaxRecords([[Buffer.from("k"), Buffer.alloc(length, "v")]]);
      expect(Number.parseInt(Buffer.from(bytes).toString("latin1"), 10)).toBe(bytes.length);
    },
  );

  test("are refused when a byte is missing, wherever the end is", () => {
    const bytes = encodePaxRecords([[Buffer.from("path"), Buffer.from("a/b")]]);
    for (let length = 1; length < bytes.length; length++)
      expect(() => readPaxRecords(bytes.subarray(0, length))).toThrow(RangeError);
  });
});
