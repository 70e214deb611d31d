/** One round of crash-parallel.sweep.ts. */
import { afterAll, expect, it } from "vitest";
import { runRounds } from "./crash/parallel-rounds.js";
import { Scratch } from "./crash/scratch.js";

const scratch = new Scratch("parallel");
afterAll(() => scratch.remove());

it("four bcat backup at once make four snapshots", async () => {
  const numbers = await runRounds(scratch, 1);
  process.stdout.write(`crash-parallel: 1 round, ${numbers.length} snapshots, ${numbers.length} restored\n`);
  expect(numbers).toEqual([1, 2, 3, 4]);
});
