/** Every operation of a copy on its target stopped in every way, and every cache afterwards. */
import { afterAll, describe, expect, it } from "vitest";
import { createCopyWorld, listCopyCases, runCopyCase } from "./crash/copy-cases.js";
import { Scratch } from "./crash/scratch.js";
import { runSeed, sweepSlice } from "./crash/seed.js";

describe("a copy stopped at any of its storage operations", () => {
  const scratch = new Scratch("copy-sweep");
  afterAll(() => scratch.remove());

  it("loses nothing that was committed, and is whole when it is begun again", async () => {
    const seed = runSeed();
    const world = await createCopyWorld(scratch, seed);
    const writes = world.operations.filter(({ kind }) => kind.startsWith("put"));
    expect(writes.length).toBeGreaterThanOrEqual(15);
    const started = performance.now();
    const failures: string[] = [];
    const cases = sweepSlice(listCopyCases(world), seed);
    for (const crash of cases) await runCopyCase(world, crash).catch((error: unknown) => failures.push(String(error)));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(
      `crash-copy: ${cases.length} cases, ${cases.length - failures.length} recovered ` +
        `(${world.operations.length} operations, ${writes.length} of them writes; ${seconds} s, SEED=${seed})\n`,
    );
    expect(failures.slice(0, 20)).toEqual([]);
  });
});
