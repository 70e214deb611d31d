import { describe, expect, test } from "vitest";
import {
  dosTime,
  encodeZipCentral,
  encodeZipDescriptor,
  encodeZipEnd,
  encodeZipLocal,
  isLargeZipEntry,
  type ZipEntry,
  ZipMethod,
} from "./zip-headers.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const entry: ZipEntry = {
  name: Buffer.from("a"),
  mode: 0o100644,
  uid: 1000,
  gid: 100,
  mtimeSeconds: 1_600_000_000,
  method: ZipMethod.deflated,
  isStreamed: false,
  isLarge: false,
};
const sizes = { crc: 0x01020304, size: 5, packedSize: 4 };
const extra = "5554050001" + "00105e5f" + "75780b000104e80300000464000000";

describe("headers of zip", () => {
  test("have fields where APPNOTE.TXT has them", () => {
    const common = `080800${"54632d51"}040302010400000005000000${"0100"}${"1800"}`;
    expect(hex(encodeZipLocal(entry, sizes))).toBe(`504b0304${"1400"}00${common}61${extra}`);
    expect(hex(encodeZipCentral(entry, sizes, 7))).toBe(
      `504b0102${"2d03"}${"1400"}00${common}${"0000".repeat(3)}${"0000a481"}${"07000000"}61${extra}`,
    );
    expect(hex(encodeZipDescriptor(entry, sizes))).toBe("504b0708040302010400000005000000");
  });

  test("have 64 bits for sizes and offsets that need them, and only then", () => {
    expect(isLargeZipEntry(4_000_000_000)).toBe(false);
    expect(isLargeZipEntry(2 ** 32 - 1)).toBe(true);
    const large = { ...entry, isLarge: true };
    const wide = { crc: 1, size: 2 ** 33, packedSize: 2 ** 32 };
    expect(hex(encodeZipLocal(large, wide))).toContain("ffffffffffffffff");
    expect(hex(encodeZipLocal(large, wide))).toContain("01001000" + "0000000002000000" + "0000000001000000");
    expect(hex(encodeZipDescriptor(large, wide))).toBe("504b070801000000" + "0000000001000000" + "0000000002000000");
    expect(hex(encodeZipCentral(entry, sizes, 2 ** 32))).toContain("01000800" + "0000000001000000");
  });

  test("end an archive in the short form as long as that can say it", () => {
    expect(encodeZipEnd({ count: 65_534, offset: 10, size: 20 }).length).toBe(22);
    for (const end of [
      { count: 65_535, offset: 10, size: 20 },
      { count: 1, offset: 2 ** 32 - 1, size: 20 },
    ])
      expect(encodeZipEnd(end).length).toBe(56 + 20 + 22);
  });
});

describe("dosTime()", () => {
  test("is the UTC date, as Date has it", () => {
    for (let seconds = 315_532_800; seconds < 4_354_819_200; seconds += 86_399 * 37) {
      const at = new Date(seconds * 1000);
      const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
      const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
      expect(dosTime(seconds)).toEqual({ date, time });
    }
  });

  test("stays within 1980 and 2107", () => {
    expect(dosTime(-1)).toEqual({ date: 33, time: 0 });
    expect(dosTime(2 ** 40).date >> 9).toBe(127);
  });
});
