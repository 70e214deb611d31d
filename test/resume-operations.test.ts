/** A few of the cases of resume-operations.sweep.ts, others in every run; SEED repeats one. */
import { afterAll, describe, expect, it } from "vitest";
import { createResumeWorld, listStops, operationsAfter, runStop, runStops } from "./crash/resume-cases.js";
import { Scratch } from "./crash/scratch.js";
import { choose, runSeed } from "./crash/seed.js";

const CASES = 2;

describe("a backup stopped at one of its storage operations", () => {
  const scratch = new Scratch("resume");
  afterAll(() => scratch.remove());

  it(`is gone on with by the next one, in ${CASES} of the cases, and ${CASES} in which that is stopped, too`, async () => {
    const seed = runSeed();
    const world = await createResumeWorld(scratch);
    for (const stop of choose(listStops(world.operations), CASES, seed)) await runStop(world, stop);
    const [first] = choose(listStops(world.operations.slice(20)), 1, seed);
    const stop = { ...first!, at: first!.at + 20, cacheAfter: "as left" } as const;
    const seconds = choose(listStops(await operationsAfter(world, stop)), CASES, seed);
    for (const second of seconds) await runStops(world, stop, second);
    process.stdout.write(`resume-operations: ${2 * CASES} cases, all gone on with (SEED=${seed})\n`);
    expect(seconds).toHaveLength(CASES);
  });
});
