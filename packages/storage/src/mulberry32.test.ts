import { expect, test } from "vitest";
import { createMulberry32 } from "./mulberry32.js";

test("createMulberry32() gives the numbers that the algorithm in C gives", () => {
  const random = createMulberry32(1);
  const numbers = Array.from({ length: 4 }, () => random() * 2 ** 32);
  expect(numbers).toEqual([2693262067, 11749833, 2265367787, 4213581821]);
});

test("createMulberry32() gives different numbers to different seeds", () => {
  expect(createMulberry32(1)()).not.toBe(createMulberry32(2)());
});
