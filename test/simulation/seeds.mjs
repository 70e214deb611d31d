/** Runs seeds one after another in this process, on the code that is built, with a planted bug or without. */
import { register } from "node:module";
import { setFlagsFromString } from "node:v8";
import { PLANTS } from "./plants.mjs";
import { SMALL } from "./small.mjs";

/** One of so many seeds is run twice, and both runs have to be the same. */
const AGAIN_EACH = 100;

/** @returns what runs a seed, with the violation it has shown, if any, as a text */
export async function loadSeeds({ planted, verbose = false }) {
  const plant = PLANTS.find(({ name }) => name === planted);
  if (planted !== undefined && plant === undefined) throw new Error(`Unknown planted bug "${planted}"`);
  // What is loaded runs for seconds: it is not worth to wait until it has been called often.
  setFlagsFromString("--always-sparkplug");
  register("./hooks.mjs", import.meta.url, { data: { patches: [...SMALL, ...(plant?.patches ?? [])] } });
  const { runSeed } = await import("./run-seed.ts");
  if (!verbose) Error.stackTraceLimit = 0;
  const options = { isVerbose: verbose, world: plant?.world };
  return async (seed) => {
    const result = await runSeed(seed, options);
    if (seed % AGAIN_EACH === 0) requireSame(await runSeed(seed, options), result);
    return result;
  };
}

function requireSame(again, { seed, digest }) {
  if (again.digest !== digest) throw new Error(`Seed ${seed} is not the same run twice`);
}

/** Seeds in a row, and what they have come to: `seconds` are of this process's CPU. */
export async function runBatch(runSeed, { from, count }, onSeed = () => true) {
  const batch = { from, count: 0, seconds: 0, violations: [], counts: {} };
  const begun = process.cpuUsage();
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSeed(seed);
    batch.count++;
    if (result.violation !== undefined) batch.violations.push({ seed, message: result.violation.message });
    for (const [what, times] of result.counts) batch.counts[what] = (batch.counts[what] ?? 0) + times;
    if (!onSeed(result, batch)) break;
  }
  const { user, system } = process.cpuUsage(begun);
  batch.seconds = (user + system) / 1e6;
  return batch;
}
