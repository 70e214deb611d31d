import { describe, expect, test } from "vitest";
import { readPaxRecords } from "./pax.js";
import { decimalTime, encodeTarHeader, sumOf, type TarEntry, TarType, tarBlockSize } from "./tar-header.js";

const plain: TarEntry = {
  name: Buffer.from("folder/file"),
  type: TarType.file,
  mode: 0o4755,
  uid: 1000,
  gid: 100,
  user: Buffer.from("me"),
  group: Buffer.from("users"),
  mtimeSeconds: 1_600_000_000,
  mtimeNanoseconds: 0,
  size: 1234,
};

const text = (bytes: Uint8Array, start: number, end: number) =>
  Buffer.from(bytes.subarray(start, end)).toString("latin1").replaceAll("\0", "·");

/** The records before an entry. */
function recordsOf(entry: TarEntry): Record<string, string> {
  const bytes = encodeTarHeader(entry);
  if (bytes.length === tarBlockSize) return {};
  const size = Number.parseInt(text(bytes, 124, 135), 8);
  const records = readPaxRecords(bytes.subarray(tarBlockSize, tarBlockSize + size));
  return Object.fromEntries(
    records.map(([key, value]) => [Buffer.from(key).toString(), Buffer.from(value).toString("latin1")]),
  );
}

describe("encodeTarHeader()", () => {
  test("has fields where ustar has them", () => {
    const header = encodeTarHeader(plain);
    expect(header.length).toBe(tarBlockSize);
    expect(text(header, 0, 100)).toBe("folder/file".padEnd(100, "·"));
    expect(text(header, 100, 157)).toBe(`0004755·0001750·0000144·00000002322·13727410000·${text(header, 148, 156)}0`);
    expect(text(header, 257, 265)).toBe("ustar·00");
    expect(text(header, 265, 329)).toBe("me".padEnd(32, "·") + "users".padEnd(32, "·"));
    expect(text(header, 329, 345)).toBe("0000000·0000000·");
  });

  test("has the sum of its bytes, its own field counting as blanks", () => {
    const header = encodeTarHeader(plain);
    const sum = Number.parseInt(text(header, 148, 154), 8);
    expect(text(header, 154, 156)).toBe("· ");
    header.fill(0x20, 148, 156);
    expect(sumOf(header)).toBe(sum);
  });

  test.each<[string, Partial<TarEntry>, Record<string, string>]>([
    ["a name of 100 bytes", { name: Buffer.alloc(100, "n") }, {}],
    ["a name of 101 bytes", { name: Buffer.alloc(101, "n") }, { path: "n".repeat(101) }],
    ["a name that is no ASCII", { name: Buffer.from("é") }, { path: "\xc3\xa9" }],
    ["a short name that is no UTF-8", { name: Buffer.from([0xff]) }, {}],
    [
      "a long name that is no UTF-8",
      { name: Buffer.alloc(101, 0xff) },
      { hdrcharset: "BINARY", path: "\xff".repeat(101) },
    ],
    ["a short name that is not composed", { name: Buffer.from("e\u0301") }, {}],
    [
      "a long name that is not composed",
      { name: Buffer.from("e\u0301".repeat(40)) },
      { hdrcharset: "BINARY", path: "e\xcc\x81".repeat(40) },
    ],
    ["a long target", { target: Buffer.alloc(101, "t") }, { linkpath: "t".repeat(101) }],
    ["a size of 8 GiB less one", { size: 2 ** 33 - 1 }, {}],
    ["a size of 8 GiB", { size: 2 ** 33 }, { size: "8589934592" }],
    ["large ids", { uid: 2 ** 21, gid: 2 ** 32 - 1 }, { uid: "2097152", gid: "4294967295" }],
    ["nanoseconds", { mtimeNanoseconds: 120 }, { mtime: "1600000000.00000012" }],
    ["an access time", { atimeSeconds: 1_500_000_000, atimeNanoseconds: 500_000_000 }, { atime: "1500000000.5" }],
    ["a time before 1970", { mtimeSeconds: -2, mtimeNanoseconds: 500_000_000 }, { mtime: "-1.5" }],
    ["a time after 2242", { mtimeSeconds: 2 ** 33 }, { mtime: "8589934592" }],
    ["a user that is no ASCII", { user: Buffer.from("jürgen") }, { uname: "j\xc3\xbcrgen" }],
    ["a large device", { major: 2 ** 21, minor: 3 }, { "SCHILY.devmajor": "2097152" }],
  ])("keeps %s", (_, change, records) => {
    expect(recordsOf({ ...plain, ...change })).toEqual(records);
  });
});

test.each([
  [0, 0, "0"],
  [-1, 0, "-1"],
  [-1, 999_999_999, "-0.000000001"],
  [-2, 1, "-1.999999999"],
  [5, 100, "5.0000001"],
])("decimalTime() of %i s and %i ns is %s", (seconds, nanoseconds, expected) => {
  expect(decimalTime(seconds, nanoseconds)).toBe(expected);
});
