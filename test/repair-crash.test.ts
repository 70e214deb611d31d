/** A few of the cases of repair-crash.sweep.ts, others every day. */
import { createMemoryStorage } from "@bcat/storage";
import { afterAll, expect, it } from "vitest";
import { createRepairWorld, listRepairCases, runRepairCase } from "./crash/repair-cases.js";
import { Scratch } from "./crash/scratch.js";
import { choose, runSeed } from "./crash/seed.js";

const CASES = 4;

const scratch = new Scratch("repair-crash");
afterAll(() => scratch.remove());

it(`a repair stopped at one of its storage operations loses nothing, and can be run again, in ${CASES} of the cases`, async () => {
  const seed = runSeed();
  const world = await createRepairWorld(scratch.path, createMemoryStorage());
  const cases = choose(listRepairCases(world), CASES, seed);
  for (const repairCase of cases) await runRepairCase(world, repairCase);
  process.stdout.write(`repair-crash: ${cases.length} cases, all recovered (SEED=${seed})\n`);
  expect(cases).toHaveLength(CASES);
});
