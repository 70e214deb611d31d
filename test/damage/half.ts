/** One half of all cases; two files of tests run them, so that two processes do. */
import { expect, it } from "vitest";
import { runSeed } from "../crash/seed.js";
import { createSubject, listCases } from "../damage-cases.js";
import { makeScratch } from "../kit/scratch.js";
import { Tally } from "./tally.js";

const SIZE_MAX = 16 * 2 ** 20;
/** One of so many cases is run, others each time: all, unless `DAMAGE_EACH` says more. */
const EACH = Number(process.env.DAMAGE_EACH ?? 1);

export function sweepHalf(half: 0 | 1): void {
  it(`damage to any object is refused or harmless, and check names it (half ${half + 1} of 2)`, async () => {
    await using scratch = makeScratch(SIZE_MAX)!;
    const seed = runSeed();
    const subject = await createSubject(scratch.path);
    const tally = new Tally();
    const own = listCases(subject, seed).filter((_, i) => i % 2 === half);
    for (const [i, damage] of own.entries()) if (i % EACH === seed % EACH) await tally.run(subject, damage);
    await tally.finish(subject);
    process.stdout.write(`${tally} (half ${half + 1} of 2, SEED=${seed})\n`);
    expect(tally.faults).toEqual([]);
    expect(tally.verdicts).toMatchObject({ silent: 0, broken: 0 });
    expect(tally.cases).toBeGreaterThan(30_000 / EACH);
  });
}
