import { BcatError, CorruptError } from "@bcat/errors";
import { expect, test } from "vitest";
import { decodeHeader, encodeHeader, ObjectType } from "./header.js";

const PACK = { type: ObjectType.PACK, name: "packs/ab/0000000001-ab" };
const HEADER = { type: ObjectType.PACK, epoch: 0x01020304, domain: 0xfffffffe };

const changed = (offset: number, value: number): Uint8Array => encodeHeader(HEADER).with(offset, value);

function thrownBy(action: () => unknown): BcatError {
  try {
    action();
  } catch (error) {
    if (error instanceof BcatError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("encodeHeader() lays the header out as the format says", () => {
  const bytes = encodeHeader(HEADER, new Uint8Array(32).fill(0xee));
  expect(Buffer.from(bytes).toString("hex")).toBe(
    `42434154 01070100 04030201 feffffff${"ee".repeat(32)}`.replaceAll(" ", ""),
  );
  expect(encodeHeader(HEADER)).toEqual(bytes.slice(0, 16));
});

test("decode(encode(header)) = header, and bytes behind the header do not matter", () => {
  expect(decodeHeader(encodeHeader(HEADER), PACK)).toEqual(HEADER);
  expect(decodeHeader(encodeHeader(HEADER, new Uint8Array(32)), PACK)).toEqual(HEADER);
});

test.each([
  [4, 2, 'Cannot open "packs/ab/0000000001-ab": found format version 2, this program supports 1'],
  [6, 2, 'Cannot open "packs/ab/0000000001-ab": found suite 2, this program supports 1'],
  [6, 0, 'Cannot open "packs/ab/0000000001-ab": found suite 0, this program supports 1'],
  [7, 1, 'Cannot open "packs/ab/0000000001-ab": found auth 1, this program supports 0'],
])("byte %d of value %d is refused as newer", (offset, value, message) => {
  const error = thrownBy(() => decodeHeader(changed(offset, value), PACK));
  expect(error.code).toBe("newer-format");
  expect(error.message).toBe(message);
});

test("a newer version is told even when all behind it is unknown", () => {
  expect(thrownBy(() => decodeHeader(changed(4, 9).with(5, 99).with(6, 99), PACK)).code).toBe("newer-format");
});

test.each([
  ["magic", () => changed(0, 0x43)],
  ["version 0", () => changed(4, 0)],
  ["another type", () => changed(5, 6)],
  ["an unknown type", () => changed(5, 8)],
  ["15 bytes", () => encodeHeader(HEADER).subarray(0, 15)],
  ["no bytes", () => new Uint8Array(0)],
])("%s is refused as damage of the named object", (_, bytes) => {
  const error = thrownBy(() => decodeHeader(bytes(), PACK));
  expect(error).toBeInstanceOf(CorruptError);
  expect(error).toHaveProperty("object", PACK.name);
});

test("encodeHeader() refuses numbers and salts out of bounds", () => {
  expect(() => encodeHeader({ ...HEADER, epoch: 2 ** 32 })).toThrow(RangeError);
  expect(() => encodeHeader({ ...HEADER, domain: -1 })).toThrow(RangeError);
  expect(() => encodeHeader(HEADER, new Uint8Array(31))).toThrow(RangeError);
});
