/** `kill -9` of the real program, at many moments of a backup of two packs and more. */
import { afterAll, expect, it } from "vitest";
import { createKillWorld, type Killed, type Moment, runKill } from "./crash/kill-cases.js";
import { Scratch } from "./crash/scratch.js";

const MEBIBYTE = 2 ** 20;
/** Two data packs of 64 MiB and a part of a third. */
const SOURCE_SIZE = 136 * MEBIBYTE;
const KILLS_MIN = 30;
const ATTEMPTS_MAX = 80;
const scratch = new Scratch("kill-sweep");
afterAll(() => scratch.remove());

/** Early: whatever file is new. Then every few MiB; the last ones lie behind the data, among trees, segments and outcome. */
const moments: readonly Moment[] = [
  ...Array.from({ length: 18 }, (_, i) => ({ files: i })),
  ...Array.from({ length: 22 }, (_, i) => ({ bytes: (2 + i * 6.2) * MEBIBYTE })),
];

it("a killed bcat backup loses nothing, whenever it is killed", async () => {
  const started = performance.now();
  const world = await createKillWorld(scratch, SOURCE_SIZE);
  const kills: Killed[] = [];
  // On a busy machine some backups end before they are killed: others are tried instead.
  const countKilled = () => kills.filter(({ wasKilled }) => wasKilled).length;
  for (let i = 0; i < ATTEMPTS_MAX && (i < moments.length || countKilled() < KILLS_MIN); i++)
    kills.push(await runKill(world, moments[i % moments.length]!));
  const killed = kills.filter(({ wasKilled }) => wasKilled);
  const orphaning = killed.filter(({ packs, hasSnapshot }) => packs > 0 && !hasSnapshot).length;
  const temporary = Math.max(...kills.map((kill) => kill.temporary));
  process.stdout.write(
    `crash-kill: ${killed.length} kills, ${killed.length} recovered (${orphaning} left packs without a snapshot, ` +
      `${killed.filter(({ hasSnapshot }) => hasSnapshot).length} came after the commit, ` +
      `${kills.length - killed.length} after the end; at most ${temporary} temporary files; ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s)\n`,
  );
  expect(killed.length).toBeGreaterThanOrEqual(KILLS_MIN);
  expect(orphaning).toBeGreaterThanOrEqual(10);
});
