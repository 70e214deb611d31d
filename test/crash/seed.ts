/** Where chance comes from: one seed, printed, and whatever is drawn from it is the same the next time. */
import { createHash } from "node:crypto";
import { createMulberry32 } from "@bcat/storage";

/** The seed of this run: the environment's SEED, or a new one. */
export function runSeed(): number {
  const given = process.env.SEED;
  if (given === undefined) return Date.now() % 2 ** 31;
  const seed = Number(given);
  if (Number.isSafeInteger(seed)) return seed;
  throw new RangeError(`Cannot use SEED "${given}": it is not an integer`);
}

/** Bytes in place of the operating system's: SHA-256 of the label and a counter. Labels differ between processes. */
export function seededRandom(label: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const block = createHash("sha256").update(`${label}/${counter++}`).digest();
      bytes.set(block.subarray(0, Math.min(32, length - at)), at);
    }
    return bytes;
  };
}

/** `count` of `items`, chosen by the seed, in their order. */
export function choose<T>(items: readonly T[], count: number, seed: number): T[] {
  const random = createMulberry32(seed);
  const drawn = items.map((item, place) => ({ item, place, lot: random() })).sort((a, b) => a.lot - b.lot);
  return drawn
    .slice(0, count)
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** All of `cases`, or as many as `SWEEP_CASES` says: what a long run has time for, others each time. */
export function sweepSlice<T>(cases: readonly T[], seed: number): readonly T[] {
  const count = Number(process.env.SWEEP_CASES ?? cases.length);
  return cases.length <= count ? cases : choose(cases, count, seed);
}
