/** SIGKILL, EIO and ENOSPC at every system call of a small backup and a small prune that touches a file of theirs. */
import { afterAll, describe, expect, test } from "vitest";
import { Scratch } from "./crash/scratch.js";
import { runSeed, sweepSlice } from "./crash/seed.js";
import { isInstalled } from "./kit/tools.js";
import { createCallWorld, listCallCases, runCallCase } from "./system-calls/cases.js";

const seed = runSeed();
/** Every so-many-th of what SWEEP_CASES leaves, from this one. */
const STRIDE = Number(process.env.CALLS_STRIDE ?? 1);
const FIRST = Number(process.env.CALLS_FIRST ?? 0);
const scratch = new Scratch("system-calls-sweep");
afterAll(() => scratch.remove());

describe.skipIf(!isInstalled("strace", "system-calls"))("a system call that fails or kills", () => {
  test.each(["backup", "prune"] as const)("loses nothing, and the next %s completes", async (command) => {
    const world = await createCallWorld(scratch, command);
    const cases = sweepSlice(listCallCases(world), seed).filter((_, i) => i % STRIDE === FIRST % STRIDE);
    const [failures, codes] = [[] as string[], new Map<string, number>()];
    let met = 0;
    for (const given of cases) {
      try {
        const result = await runCallCase(world, given);
        if (result.met !== undefined) met++;
        const key = `${given.fault} ${result.code ?? "killed"}`;
        codes.set(key, (codes.get(key) ?? 0) + 1);
      } catch (error) {
        failures.push(String(error));
        process.stdout.write(`system-calls: ${error}\n`);
      }
    }
    process.stdout.write(
      `system-calls: SEED=${seed}, ${command}: ${cases.length} cases at ${world.targets.length} calls, ${met} met, ` +
        `${failures.length} violations; ${[...codes].map(([key, count]) => `${key}: ${count}`).join(", ")}\n`,
    );
    expect(met).toBeGreaterThan(cases.length / 2);
    expect(failures.slice(0, 20)).toEqual([]);
  });
});
