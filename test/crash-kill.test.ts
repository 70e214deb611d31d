/** Two of the kills of crash-kill.sweep.ts. */
import { afterAll, expect, it } from "vitest";
import { createKillWorld, runKill } from "./crash/kill-cases.js";
import { Scratch } from "./crash/scratch.js";

const MEBIBYTE = 2 ** 20;
const KILLS_MAX = 30;
const scratch = new Scratch("kill");
afterAll(() => scratch.remove());

it("a killed bcat backup loses nothing, at two moments", async () => {
  const world = await createKillWorld(scratch, 72 * MEBIBYTE);
  const kills = [];
  for (const moment of [{ files: 0 }, { bytes: 65 * MEBIBYTE }]) {
    // On a busy machine a backup may be done before anyone sees that the moment has come: that one is tried again.
    do kills.push(await runKill(world, moment));
    while (!kills.at(-1)!.wasKilled && kills.length < KILLS_MAX);
  }
  const killed = kills.filter(({ wasKilled }) => wasKilled).length;
  process.stdout.write(`crash-kill: ${kills.length} kills, ${killed} in time, ${kills.length} recovered\n`);
  expect(killed).toBe(2);
});
