/** A few of the cases of crash-copy.sweep.ts, others in every run; SEED repeats one. */
import { afterAll, describe, expect, it } from "vitest";
import { createCopyWorld, listCopyCases, runCopyCase } from "./crash/copy-cases.js";
import { Scratch } from "./crash/scratch.js";
import { choose, runSeed } from "./crash/seed.js";

const CASES = 2;

describe("a copy stopped at one of its storage operations", () => {
  const scratch = new Scratch("copy-operations");
  afterAll(() => scratch.remove());

  it(`is whole when it is begun again, in ${CASES} of the cases`, async () => {
    const seed = runSeed();
    const world = await createCopyWorld(scratch, seed);
    const cases = choose(listCopyCases(world), CASES, seed);
    for (const crash of cases) await runCopyCase(world, crash);
    process.stdout.write(`crash-copy: ${cases.length} cases, ${cases.length} recovered (SEED=${seed})\n`);
    expect(cases).toHaveLength(CASES);
  });
});
