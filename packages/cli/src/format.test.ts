import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatItems,
  formatList,
  formatTable,
  formatTime,
  formatTimeMs,
} from "./format.js";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "0.98 KiB"],
  [1024, "1.00 KiB"],
  [10_240, "10.0 KiB"],
  [1_048_575, "1.00 MiB"],
  [1_610_612_736, "1.50 GiB"],
  [2 ** 53, "8.00 PiB"],
])("formatBytes(%d) is %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("formatCount() and formatItems() group digits", () => {
  expect([formatCount(999), formatCount(1_234_567)]).toEqual(["999", "1,234,567"]);
  expect([formatItems(1, "file"), formatItems(2000, "entry", "entries")]).toEqual(["1 file", "2,000 entries"]);
});

test.each([
  [0, "0:00"],
  [59_999, "1:00"],
  [3_723_000, "1:02:03"],
  [-1, "0:00"],
])("formatDuration(%d) is %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, 0, "1970-01-01T00:00:00Z"],
  [1_700_000_000, 123_000_000, "2023-11-14T22:13:20.123Z"],
  [-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"],
  [2 ** 50, 1, "@1125899906842624"],
])("formatTime(%d, %d) is %s", (seconds, nanoseconds, text) => {
  expect(formatTime(seconds, nanoseconds)).toBe(text);
});

test("formatTimeMs() rounds down to seconds before 1970 too", () => {
  expect(formatTimeMs(-1)).toBe("1969-12-31T23:59:59.999Z");
});

test("formatTable() makes columns as wide as needed", () => {
  const rows = [
    ["1", "ö"],
    ["20", "long"],
  ];
  expect(formatTable(["#", "x"], rows, new Set([0]))).toEqual([" #  x", " 1  ö", "20  long"]);
});

test("formatTable() lets a cell that is too wide move its own line only", () => {
  const rows = [
    ["a", "1"],
    ["much too wide", "2"],
  ];
  expect(formatTable(["x", "y"], rows, new Set(), 3)).toEqual(["x  y", "a  1", "much too wide  2"]);
});

test.each([
  [["one"], "one"],
  [["a", "b"], "a, b"],
  [["ten chars.", "three"], "ten chars. and 1 more"],
  [["a", "b", "c", "d", "e", "f"], "a, b and 4 more"],
  [["much longer than there is room for"], "much longer than there is room for"],
])("formatList(%j, 15) is %s", (items, text) => {
  expect(formatList(items, 15)).toBe(text);
});
