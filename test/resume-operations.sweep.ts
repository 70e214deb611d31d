/** Every storage operation of a backup, and of one that goes on from it, stopped in every way. */
import { afterAll, describe, expect, it } from "vitest";
import { createResumeWorld, listStops, operationsAfter, runStop, runStops } from "./crash/resume-cases.js";
import { Scratch } from "./crash/scratch.js";
import { runSeed, sweepSlice } from "./crash/seed.js";

describe("a backup stopped at any of its storage operations", () => {
  const scratch = new Scratch("resume-sweep");
  afterAll(() => scratch.remove());
  const failures: string[] = [];
  const seed = runSeed();
  const note = (error: unknown) => void failures.push(String(error));

  it("is gone on with by the next one", async () => {
    const world = await createResumeWorld(scratch);
    const stops = sweepSlice(listStops(world.operations), seed);
    expect(world.operations.filter(({ name }) => name.startsWith("partial/")).length).toBeGreaterThanOrEqual(3);
    for (const stop of stops) await runStop(world, stop).catch(note);
    process.stdout.write(`resume-operations: ${stops.length} stops, ${stops.length - failures.length} gone on with\n`);
    expect(failures.slice(0, 20)).toEqual([]);
  });

  it("is gone on with when the next one is stopped, too", async () => {
    const world = await createResumeWorld(scratch);
    let count = 0;
    for (const part of [0.5, 0.9]) {
      const at = Math.floor(world.operations.length * part);
      const first = { at, way: "unanswered", cacheAfter: "as left" } as const;
      for (const second of sweepSlice(listStops(await operationsAfter(world, first)), seed)) {
        count++;
        await runStops(world, first, second).catch(note);
      }
    }
    process.stdout.write(`resume-operations: ${count} times two stops, ${count - failures.length} gone on with\n`);
    expect(failures.slice(0, 20)).toEqual([]);
  });
});
