import { expect, test } from "vitest";
import { joinParts } from "./line-parts.js";
import { countProgress, phaseParts, shareOfPhases } from "./phase-progress.js";

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

test("countProgress tells how many are done, and of how many where that is known", () => {
  const pace = { elapsedMs: 10_000, bytesPerSecond: undefined, share: 0.2 };
  const rewriting = { phase: "rewriting snapshots", done: 1, total: 5 };
  expect(countProgress.share(rewriting)).toBe(0.2);
  expect(joinParts(countProgress.line(rewriting, pace))).toBe("20.0%, rewriting snapshots: 1 of 5, 0:40 left");
  expect(countProgress.share({ phase: "measuring", done: 3 })).toBeUndefined();
});
