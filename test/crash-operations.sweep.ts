/** Every storage operation of a backup stopped in every way, and every cache afterwards. */
import { afterAll, describe, expect, it } from "vitest";
import { createWorld, listCases, runCase } from "./crash/operation-cases.js";
import { Scratch } from "./crash/scratch.js";
import { runSeed, sweepSlice } from "./crash/seed.js";

const format = (count: number) => count.toLocaleString("en-US");

describe("a backup stopped at any of its storage operations", () => {
  const scratch = new Scratch("operations-sweep");
  afterAll(() => scratch.remove());

  it("loses nothing that was committed, and the next one succeeds", async () => {
    const seed = runSeed();
    const world = await createWorld(scratch, seed);
    const { cached, uncached } = world.operations;
    const count = (prefix: string) =>
      cached.filter(({ kind, name }) => kind === "put" && name.startsWith(prefix)).length;
    const [packs, segments] = [count("packs/"), count("index/")];
    expect(cached.length).toBeGreaterThanOrEqual(40);
    expect(packs).toBeGreaterThanOrEqual(6);
    expect(segments).toBeGreaterThanOrEqual(2);

    const started = performance.now();
    const failures: string[] = [];
    const cases = sweepSlice(listCases(world), seed);
    for (const crash of cases) await runCase(world, crash).catch((error: unknown) => failures.push(String(error)));
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const ways = (["before", "unanswered", "late", "torn"] as const).map((way) => {
      return `${format(cases.filter((crash) => crash.way === way).length)} ${way}`;
    });
    process.stdout.write(
      `crash-operations: ${format(cases.length)} cases, ${format(cases.length - failures.length)} recovered ` +
        `(${cached.length} operations with a cache and ${uncached.length} without, ${packs} packs, ${segments} segments; ` +
        `${ways.join(", ")}; ${seconds} s, SEED=${seed})\n`,
    );
    expect(failures.slice(0, 20)).toEqual([]);
  });
});
