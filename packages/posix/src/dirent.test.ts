import { describe, expect, test } from "vitest";
import { decodeNames } from "./dirent.js";

/** One entry as the kernel lays it out, padded with rubbish. */
function entry(name: string): number[] {
  const text = [...Buffer.from(name, "latin1"), 0];
  const length = Math.ceil((19 + text.length) / 8) * 8;
  const bytes = new Array<number>(length).fill(0xaa);
  bytes.splice(16, 3, length & 255, length >> 8, 8);
  bytes.splice(19, text.length, ...text);
  return bytes;
}

function decode(bytes: number[], length = bytes.length): string[] {
  const names: Uint8Array[] = [];
  decodeNames(Uint8Array.from([...bytes, 0, 0, 0, 0]), length, names);
  return names.map((name) => Buffer.from(name).toString("latin1"));
}

describe("decodeNames()", () => {
  const all = [".", "a", "..", "...", ".b", "..c", "\xff\x01", "n".repeat(255), "twelve bytes"];

  test("returns all names but . and ..", () => {
    expect(decode(all.flatMap(entry))).toEqual(["a", "...", ".b", "..c", "\xff\x01", "n".repeat(255), "twelve bytes"]);
  });

  test("refuses every truncation that is not between two entries", () => {
    const bytes = all.flatMap(entry);
    const ends = all.map((_, index) => all.slice(0, index + 1).flatMap(entry).length);
    for (let length = 1; length <= bytes.length; length++) {
      if (ends.includes(length)) decode(bytes.slice(0, length));
      else expect(() => decode(bytes.slice(0, length), length)).toThrow(RangeError);
    }
  });

  test("refuses a length of 0, which would never end", () => {
    const bytes = entry("a");
    bytes.splice(16, 2, 0, 0);
    expect(() => decode(bytes)).toThrow(RangeError);
  });
});
