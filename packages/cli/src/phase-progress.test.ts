import { expect, test } from "vitest";
import { joinParts } from "./line-parts.js";
import { phaseParts, shareOfPhases } from "./phase-progress.js";

const phases = { walking: 0.4, copying: 0.6 };

test("shareOfPhases() adds what is behind to what is done of the phase", () => {
  expect(shareOfPhases(phases, { phase: "walking", done: 3 })).toBe(0);
  expect(shareOfPhases(phases, { phase: "walking", done: 1, total: 2 })).toBe(0.2);
  expect(shareOfPhases(phases, { phase: "copying", done: 9, total: 9 })).toBe(1);
  expect(shareOfPhases(phases, { phase: "copying", done: 3, share: 0.5 })).toBe(0.7);
  expect(shareOfPhases(phases, { phase: "dancing", done: 3, total: 4 })).toBeUndefined();
});

test("phaseParts() say how long it will be, where that can be told", () => {
  const line = (...given: Parameters<typeof phaseParts>) => joinParts(phaseParts(...given));
  const counts = { phase: "packs", done: 1200, total: 5000 };
  expect(line(counts, { elapsedMs: 10_000, bytesPerSecond: undefined, share: 0.25 })).toBe(
    "25.0%, packs: 1,200 of 5,000, 0:30 left",
  );
  const unknown = { elapsedMs: 10_000, bytesPerSecond: undefined, share: undefined };
  expect(line({ phase: "packs", done: 3 }, unknown)).toBe("packs: 3, 0:10 so far");
});
