/** Damage of every kind to every object that can be repaired, then check, then all repairs. */
import { expect, it } from "vitest";
import { choose, runSeed, sweepSlice } from "./crash/seed.js";
import { repairDamage } from "./damage/repair-damage.js";
import { createSubject, kindOf, listCases } from "./damage-cases.js";
import { makeScratch } from "./kit/scratch.js";

/** Flipped bytes that are looked at: all of them take hours. */
const FLIPPED = 1_500;

it("damage is healed or named by the repairs, and nothing else is lost", async () => {
  await using scratch = makeScratch(64 * 2 ** 20)!;
  const seed = runSeed();
  const subject = await createSubject(scratch.path);
  const all = listCases(subject, seed).filter(({ object }) => kindOf(object) !== "keys" && object !== "config");
  const chosen = [
    ...all.filter(({ way }) => way !== "flipped"),
    ...choose(
      all.filter(({ way }) => way === "flipped"),
      FLIPPED,
      seed,
    ),
  ];
  const cases = sweepSlice(chosen, seed);
  const counts: Record<string, number> = { healed: 0, lost: 0, refused: 0, nothing: 0 };
  const faults: string[] = [];
  for (const damage of cases) {
    const { object, way, detail } = damage;
    await repairDamage(subject, damage)
      .then((result) => counts[result]!++)
      .catch((error: unknown) => faults.push(`${object} ${way} ${detail}: ${String(error)}`));
  }
  process.stdout.write(`damage-repair: ${cases.length} cases: ${JSON.stringify(counts)}, SEED=${seed}\n`);
  expect(faults.slice(0, 20)).toEqual([]);
});
