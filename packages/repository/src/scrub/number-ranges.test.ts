import * as fc from "fast-check";
import { expect, test } from "vitest";
import { NumberRanges } from "./number-ranges.js";

test("firstMissing() is the first hole below a number that is there, in whatever order they came", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 12 })), (numbers) => {
      const ranges = new NumberRanges();
      for (const number of numbers) ranges.add(number);
      const greatest = Math.max(0, ...numbers);
      const holes = Array.from({ length: greatest }, (_, i) => i + 1).filter((number) => !numbers.includes(number));
      expect(ranges.firstMissing()).toBe(holes[0]);
    }),
  );
});
