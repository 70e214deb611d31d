/** A few of the cases of crash-operations.sweep.ts, others in every run; SEED repeats one. */
import { afterAll, describe, expect, it } from "vitest";
import { createWorld, listCases, runCase } from "./crash/operation-cases.js";
import { Scratch } from "./crash/scratch.js";
import { choose, runSeed } from "./crash/seed.js";

const CASES = 3;

describe("a backup stopped at one of its storage operations", () => {
  const scratch = new Scratch("operations");
  afterAll(() => scratch.remove());

  it(`loses nothing, in ${CASES} of the cases`, async () => {
    const seed = runSeed();
    const world = await createWorld(scratch, seed);
    const cases = choose(listCases(world), CASES, seed);
    for (const crash of cases) await runCase(world, crash);
    process.stdout.write(`crash-operations: ${cases.length} cases, ${cases.length} recovered (SEED=${seed})\n`);
    expect(cases).toHaveLength(CASES);
  });
});
