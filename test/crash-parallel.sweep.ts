/** Ten rounds of four processes that back up at once. */
import { afterAll, expect, it } from "vitest";
import { runRounds } from "./crash/parallel-rounds.js";
import { Scratch } from "./crash/scratch.js";

const ROUNDS = 10;
const scratch = new Scratch("parallel-sweep");
afterAll(() => scratch.remove());

it("four bcat backup at once, ten times, make forty snapshots of dense numbers", async () => {
  const started = performance.now();
  const numbers = await runRounds(scratch, ROUNDS);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `crash-parallel: ${ROUNDS} rounds, ${numbers.length} snapshots, ${numbers.length} restored (${seconds} s)\n`,
  );
  expect(numbers).toEqual(Array.from({ length: 4 * ROUNDS }, (_, i) => i + 1));
});
