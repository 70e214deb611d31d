/** A hundred kinds of damage through the built program. */
import { expect, it } from "vitest";
import { runSeed } from "./crash/seed.js";
import { chooseCases, describeTally, runCases } from "./damage/command-line.js";
import { createSubject, listCases } from "./damage-cases.js";
import { makeScratch } from "./kit/scratch.js";

it("bcat restores rightly or refuses, and bcat check names the same object", async () => {
  await using scratch = makeScratch(64 * 2 ** 20)!;
  const seed = runSeed();
  const started = performance.now();
  const subject = await createSubject(scratch.path);
  const cases = chooseCases(listCases(subject, seed), 100, seed);
  const tally = await runCases(subject, cases);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`damage-cli: ${describeTally(tally)}; ${seconds} s, SEED=${seed}\n`);
  expect(tally.faults).toEqual([]);
  expect(cases.length).toBeGreaterThanOrEqual(100);
});
