import type { ListedSnapshot } from "@bcat/snapshot";
import { expect, test } from "vitest";
import { countForgotten, growthByMonth } from "./growth.js";

const january = new Date(2026, 0, 15).getTime();

function snapshotOf(number: number, added: number, originalNumber?: number): ListedSnapshot {
  const counts = { plainBytesAdded: 2 * added, storedBytesAdded: added };
  return { number, snapshot: { start: january, counts, originalNumber } } as unknown as ListedSnapshot;
}

// 1 got a tag (3), then another (4); what 2 has was rewritten without some of it (5).
const ever = [snapshotOf(1, 100), snapshotOf(2, 40), snapshotOf(3, 100, 1), snapshotOf(4, 100, 1), snapshotOf(5, 7, 2)];

test("what a snapshot has added counts once, however often it was made anew", () => {
  expect(growthByMonth(ever)).toEqual([{ month: "2026-01", snapshots: 3, added: 294, stored: 147, storedSoFar: 147 }]);
});

test("one that was made anew is not forgotten", () => {
  expect(countForgotten(ever, (number) => [1, 3].includes(number))).toBe(0);
  expect(countForgotten(ever, (number) => number !== 5)).toBe(2);
});
