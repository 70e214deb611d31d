import { expect, test } from "vitest";
import { formatSpan, parseSpan } from "./span.js";

test("parseSpan() adds its parts", () => {
  expect(parseSpan("--void-after", "0")).toBe(0);
  expect(parseSpan("--void-after", "90m")).toBe(5_400_000);
  expect(parseSpan("--void-after", "1w2d3h")).toBe(((7 + 2) * 24 + 3) * 3_600_000);
});

test("parseSpan() refuses what is none", () => {
  for (const text of ["", "7", "d", "7 d", "-1d", "1y", "1d2"]) {
    expect(() => parseSpan("--void-after", text)).toThrow(/--void-after/);
  }
});

test("formatSpan() says about how long", () => {
  expect([-1, 59_000, 40 * 60_000, 3.5 * 3_600_000, 12 * 86_400_000].map(formatSpan)).toEqual([
    "0 min",
    "0 min",
    "40 min",
    "3 h",
    "12 d",
  ]);
});
