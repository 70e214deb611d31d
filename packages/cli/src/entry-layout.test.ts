import { expect, test } from "vitest";
import { layoutFor, wholeLayout } from "./entry-layout.js";

const shown = (columns: number, pathWidth: number) => {
  const { owner, group, timeLength } = layoutFor(columns, pathWidth);
  return [owner, group, timeLength];
};

test("layoutFor() leaves out nothing where there is no terminal, or room for the longest path", () => {
  expect(layoutFor(undefined, 1_000)).toBe(wholeLayout);
  expect(shown(80, 20)).toEqual([true, true, 19]);
});

test.each([
  [80, 21, [true, false, 19]],
  [80, 32, [true, false, 16]],
  [80, 41, [false, false, 16]],
  [80, 47, [false, false, 10]],
  [80, 58, [false, false, 0]],
])("layoutFor() of %d columns and paths of %d takes the fullest that has room", (columns, pathWidth, expected) => {
  expect(shown(columns, pathWidth)).toEqual(expected);
});

test.each([
  [200, [true, true, 19]],
  [100, [true, false, 16]],
  [80, [false, false, 16]],
  [40, [false, false, 0]],
])("layoutFor() of %d columns leaves half of them to paths for which none has room", (columns, expected) => {
  expect(shown(columns, 500)).toEqual(expected);
});
