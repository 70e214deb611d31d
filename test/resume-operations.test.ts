/** A few of the cases of resume-operations.sweep.ts, others in every run; SEED repeats one. */
import { afterAll, describe, expect, it } from "vitest";
import { createResumeWorld, listStops, runStop } from "./crash/resume-cases.js";
import { Scratch } from "./crash/scratch.js";
import { choose, runSeed } from "./crash/seed.js";

const CASES = 6;

describe("a backup stopped at one of its storage operations", () => {
  const scratch = new Scratch("resume");
  afterAll(() => scratch.remove());

  it(`is gone on with by the next one, in ${CASES} of the cases`, async () => {
    const seed = runSeed();
    const world = await createResumeWorld(scratch);
    for (const stop of choose(listStops(world.operations), CASES, seed)) await runStop(world, stop);
    process.stdout.write(`resume-operations: ${CASES} cases, all gone on with (SEED=${seed})\n`);
    expect(world.operations.length).toBeGreaterThan(20);
  });
});
