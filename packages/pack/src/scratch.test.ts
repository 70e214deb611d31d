import { expect, test } from "vitest";
import { Scratch } from "./scratch.js";

test("Scratch.take() gives as much as was ever asked for, keeps what it is told to, and ends at its limit", () => {
  const scratch = new Scratch(10_000);
  const first = scratch.take(4096);
  first.fill(7);
  expect(scratch.take(1)).toBe(first);
  const grown = scratch.take(5000, 3000);
  expect(grown.length).toBe(8192);
  expect(grown.lastIndexOf(7)).toBe(2999);
  expect(scratch.take(10_000).length).toBe(10_000);
  expect(() => scratch.take(10_001)).toThrow(RangeError);
});
