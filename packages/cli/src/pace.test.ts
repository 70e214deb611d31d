import { expect, test } from "vitest";
import { Speed, secondsLeft } from "./pace.js";

test("Speed measures the last seconds only", () => {
  const speed = new Speed();
  for (let second = 0; second <= 100; second++) speed.measure(second * 1000, second * 10);
  for (let second = 101; second <= 120; second++) speed.measure(second * 1000, 1000 + (second - 100) * 500);
  expect(speed.measure(121_000, 1000 + 21 * 500)).toBe(500);
});

test("secondsLeft() is undefined when nothing moves", () => {
  expect(secondsLeft(1, 10, { bytesPerSecond: 0 })).toBeUndefined();
  expect(secondsLeft(5, 10, { bytesPerSecond: 5 })).toBe(1);
});
