import { expect, test } from "vitest";
import { clampRange } from "./byte-range.js";

test.each([
  [undefined, 10, { offset: 0, length: 10 }],
  [{ offset: 2, length: 3 }, 10, { offset: 2, length: 3 }],
  [{ offset: 8, length: 3 }, 10, { offset: 8, length: 2 }],
  [{ offset: 10, length: 1 }, 10, { offset: 10, length: 0 }],
  [{ offset: 11, length: 1 }, 10, { offset: 10, length: 0 }],
])("clampRange(%o, %d) never asks for bytes past the end", (range, size, expected) => {
  expect(clampRange(range, size)).toEqual(expected);
});
