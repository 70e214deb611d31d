/** A few of the cases of crash-remake.sweep.ts, others in every run; SEED repeats one. */
import { afterAll, describe, expect, it } from "vitest";
import { createRemakeWorld, listRemakeCases, runRemakeCase } from "./crash/remake-cases.js";
import { Scratch } from "./crash/scratch.js";
import { choose, runSeed } from "./crash/seed.js";

const CASES = 3;

describe("forget, undelete, tag and rewrite stopped at one of their storage operations", () => {
  const scratch = new Scratch("remake");
  afterAll(() => scratch.remove());

  it(`lose nothing, and complete when they are run again, in ${CASES} of the cases`, async () => {
    const seed = runSeed();
    const world = await createRemakeWorld(scratch, seed);
    const cases = choose(listRemakeCases(world), CASES, seed);
    for (const crash of cases) await runRemakeCase(world, crash);
    process.stdout.write(`crash-remake: ${cases.length} cases, ${cases.length} recovered (SEED=${seed})\n`);
    expect(cases).toHaveLength(CASES);
  });
});
