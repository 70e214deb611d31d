/** One of the kills of crash-kill.sweep.ts. */
import { afterAll, expect, it } from "vitest";
import { createKillWorld, runKill } from "./crash/kill-cases.js";
import { Scratch } from "./crash/scratch.js";

const MEBIBYTE = 2 ** 20;
const KILLS_MAX = 30;
const scratch = new Scratch("kill");
afterAll(() => scratch.remove());

it("a killed bcat backup loses nothing, in its second pack", async () => {
  const world = await createKillWorld(scratch, 72 * MEBIBYTE);
  const kills = [];
  // On a busy machine a backup may be done before anyone sees that the moment has come: it is tried again.
  do kills.push(await runKill(world, { bytes: 65 * MEBIBYTE }));
  while (!kills.at(-1)!.wasKilled && kills.length < KILLS_MAX);
  const killed = kills.filter(({ wasKilled }) => wasKilled).length;
  process.stdout.write(`crash-kill: ${kills.length} kills, ${killed} in time, ${kills.length} recovered\n`);
  expect(killed).toBe(1);
});
