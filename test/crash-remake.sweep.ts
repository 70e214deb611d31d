/** Every storage operation of forget, undelete, tag and rewrite stopped in every way, and every cache afterwards. */
import { afterAll, describe, expect, it } from "vitest";
import { actionNames, createRemakeWorld, listRemakeCases, runRemakeCase } from "./crash/remake-cases.js";
import { Scratch } from "./crash/scratch.js";
import { runSeed, sweepSlice } from "./crash/seed.js";

describe("forget, undelete, tag and rewrite stopped at any of their storage operations", () => {
  const scratch = new Scratch("remake-sweep");
  afterAll(() => scratch.remove());

  it("lose nothing, and complete when they are run again", async () => {
    const seed = runSeed();
    const world = await createRemakeWorld(scratch, seed);
    const started = performance.now();
    const failures: string[] = [];
    const cases = sweepSlice(listRemakeCases(world), seed);
    for (const crash of cases)
      await runRemakeCase(world, crash).catch((error: unknown) => failures.push(String(error)));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const counts = actionNames.map((name) => `${world.expected[name].operations.length} of ${name}`);
    const recovered = `${cases.length} cases, ${cases.length - failures.length} recovered`;
    process.stdout.write(`crash-remake: ${recovered} (operations: ${counts.join(", ")}; ${seconds} s, SEED=${seed})\n`);
    expect(failures.slice(0, 20)).toEqual([]);
  });
});
