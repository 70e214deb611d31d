/** Every storage operation of every repair stopped in every way, then run again with the old cache and with none. */
import { createMemoryStorage } from "@bcat/storage";
import { afterAll, expect, it } from "vitest";
import { createRepairWorld, listRepairCases, runRepairCase } from "./crash/repair-cases.js";
import { Scratch } from "./crash/scratch.js";
import { runSeed, sweepSlice } from "./crash/seed.js";

const scratch = new Scratch("repair-crash-sweep");
afterAll(() => scratch.remove());

it("a repair stopped at any of its storage operations loses nothing, and can be run again", async () => {
  const world = await createRepairWorld(scratch.path, createMemoryStorage());
  const all = listRepairCases(world);
  const cases = sweepSlice(all, runSeed());
  const failures: string[] = [];
  for (const repairCase of cases)
    await runRepairCase(world, repairCase).catch((error: unknown) => failures.push(String(error)));
  process.stdout.write(`repair-crash: ${cases.length} cases, ${cases.length - failures.length} recovered\n`);
  expect(all.length).toBeGreaterThan(300);
  expect(failures.slice(0, 20)).toEqual([]);
});
