/** A slice of the cases of damage-repair.sweep.ts, another one every day. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { choose } from "./crash/seed.js";
import { repairDamage } from "./damage/repair-damage.js";
import { createSubject, kindOf, listCases, type Subject } from "./damage-cases.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const DAY_MS = 86_400_000;
const OF_EACH = 2;

const seed = process.env.SEED === undefined ? Math.floor(Date.now() / DAY_MS) : Number(process.env.SEED);
let scratch: Scratch;
let subject: Subject;

beforeAll(async () => {
  scratch = makeScratch(64 * 2 ** 20)!;
  subject = await createSubject(scratch.path);
});
afterAll(() => scratch[Symbol.asyncDispose]());

it("damage is healed or named by the repairs, and nothing else is lost", async () => {
  const cases = listCases(subject, seed).filter(({ object }) => kindOf(object) !== "keys" && object !== "config");
  const ofPacks = cases.filter(({ object }) => kindOf(object) === "packs");
  const ofSegments = cases.filter(({ object }) => kindOf(object) === "index");
  const others = cases.filter(({ object }) => kindOf(object) !== "packs" && kindOf(object) !== "index");
  const chosen = [
    ...choose(
      ofPacks.filter(({ way }) => way === "flipped"),
      OF_EACH,
      seed,
    ),
    ...choose(
      ofPacks.filter(({ way }) => way !== "flipped"),
      OF_EACH,
      seed,
    ),
    ...choose(ofSegments, OF_EACH, seed),
    ...choose(others, OF_EACH, seed),
  ];
  const counts: Record<string, number> = { healed: 0, lost: 0, refused: 0, nothing: 0 };
  for (const damage of chosen) {
    const { object, way, detail } = damage;
    try {
      counts[await repairDamage(subject, damage)]!++;
    } catch (error) {
      throw new Error(`${object} ${way} ${detail}: ${String(error)}`, { cause: error });
    }
  }
  process.stdout.write(`damage-repair: ${chosen.length} cases: ${JSON.stringify(counts)}, SEED=${seed}\n`);
  expect(counts.healed! + counts.lost!).toBeGreaterThanOrEqual(OF_EACH);
});
