/** The power is cut after every change of the disk that backups, a forget and prunes make. */
import { afterAll, expect, test } from "vitest";
import { Scratch } from "./crash/scratch.js";
import { runSeed } from "./crash/seed.js";
import { cutEverywhere, cutWithCache, newTally } from "./power-loss/cases.js";
import { createWorld } from "./power-loss/world.js";

const seed = runSeed();
const STRIDE = Number(process.env.POWER_STRIDE ?? 1);
const STATES = Number(process.env.POWER_STATES ?? 16);
const scratch = new Scratch("power-loss-sweep");
afterAll(() => scratch.remove());

test.each([
  ["one after another", {}],
  ["one after another, without links", { hasLinks: false }],
  ["one after another, in a shared folder", { isShared: true }],
  ["all at once", { isParallel: true }],
])("what was committed is there after a power loss: %s", async (name, options) => {
  const world = await createWorld(scratch, options);
  const tally = newTally();
  await cutEverywhere(world, { seed, stride: STRIDE, statesMax: STATES }, tally);
  await cutWithCache(world, { seed, stride: 4 * STRIDE, statesMax: Math.ceil(STATES / 4) }, tally);
  process.stdout.write(
    `power-loss: SEED=${seed}, ${name}: ${tally.cuts} cuts (all states of ${tally.whole}), ${tally.states} states, ` +
      `${tally.failures.length} violations\n`,
  );
  expect(tally.failures.slice(0, 20)).toEqual([]);
});
