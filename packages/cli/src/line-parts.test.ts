import { describe, expect, test } from "vitest";
import { fitParts, joinParts } from "./line-parts.js";

const parts = [
  { text: "68.0%", rank: 0 },
  { text: "3 files", rank: 2 },
  { text: "5 MiB", rank: 1 },
  { text: "1 MiB/s", rank: 2 },
  { text: "0:14 left", rank: 0 },
];

test("joinParts() has all of them", () => {
  expect(joinParts(parts)).toBe("68.0%, 3 files, 5 MiB, 1 MiB/s, 0:14 left");
});

describe("fitParts()", () => {
  test.each([
    [41, "68.0%, 3 files, 5 MiB, 1 MiB/s, 0:14 left"],
    [40, "68.0%, 3 files, 5 MiB, 0:14 left"],
    [31, "68.0%, 5 MiB, 0:14 left"],
    [22, "68.0%, 0:14 left"],
    [5, "68.0%, 0:14 left"],
  ])("of %d columns leaves out what matters least", (columns, line) => {
    expect(fitParts(parts, columns)).toBe(line);
  });
});
