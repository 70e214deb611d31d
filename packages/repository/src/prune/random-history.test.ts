import { readConfigureGlobal } from "fast-check";
import { expect, test } from "vitest";
import { RandomHistory } from "./random-history.js";

/** A fifth of what others have; more of them, or others, for looking closer. */
const SEEDS = Number(process.env.PRUNE_SEEDS ?? Math.ceil((readConfigureGlobal().numRuns ?? 100) / 5));
const FIRST = Number(process.env.PRUNE_FIRST ?? 40);

test("whatever several clients do at once: all snapshots stay, and nothing else does", async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      const history = await RandomHistory.create(seed);
      await history.run();
      await history.end();
      await history.world.restoreAll();
      expect(await history.world.surplus()).toEqual([]);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
});
