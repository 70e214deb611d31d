/**
 * Runs seeds: whole fleets on the code that is built, in virtual time. The same seed is the same run each time.
 * usage: node test/simulation/run.mjs [--seeds N] [--from SEED] [--planted NAME|all [--enough N]] [--state FILE] [-v]
 *
 *   --planted NAME   with a bug of plants.mjs put into what is built, until so many seeds show it (3); all: one after another
 *   --state FILE     goes on behind the last seed of earlier runs, and counts them all
 *   -v               what happened, of each seed
 *
 * Exit code 1 when a seed has shown a violation, or, with a planted bug, none has.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { PLANTS } from "./plants.mjs";
import { SMALL } from "./small.mjs";

/** One of so many seeds is run twice, and both runs have to be the same. */
const AGAIN_EACH = 100;
/** Seeds between two times that the state is written. */
const NOTED_EACH = 50;
/** Violations that are told of one by one. */
const TOLD_MAX = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    planted: { type: "string" },
    enough: { type: "string", default: "3" },
    state: { type: "string" },
    verbose: { type: "boolean", short: "v", default: false },
  },
});
const seeds = Number(values.seeds);

if (values.planted === "all") runEachPlant();
else await run();

/** In a process each: what was loaded stays loaded. */
function runEachPlant() {
  let missed = 0;
  for (const { name } of PLANTS) {
    const words = [
      fileURLToPath(import.meta.url),
      "--planted",
      name,
      "--seeds",
      values.seeds,
      "--from",
      values.from,
      "--enough",
      values.enough,
    ];
    if (spawnSync(process.execPath, words, { stdio: "inherit" }).status !== 0) missed++;
  }
  console.log(
    missed === 0 ? `every planted bug was found (${PLANTS.length})` : `${missed} planted bugs were not found`,
  );
  process.exitCode = missed === 0 ? 0 : 1;
}

async function run() {
  const plant = PLANTS.find(({ name }) => name === values.planted);
  if (values.planted !== undefined && plant === undefined) throw new Error(`Unknown planted bug "${values.planted}"`);
  const runSeed = await load(plant);
  const state = readState();
  const tally = { first: state.next ?? Number(values.from), done: 0, violating: [], counts: new Map() };
  const begun = performance.now();
  for (let seed = tally.first; seed < tally.first + seeds; seed++) {
    const result = await runSeed(seed, { isVerbose: values.verbose, world: plant?.world });
    if (seed % AGAIN_EACH === 0) await requireSame(runSeed, result, plant);
    note(tally, result);
    if (plant === undefined || values.verbose) tellOf(result, tally);
    noteState(state, result);
    // A bug that was found in a few seeds is found; more say how often.
    if (plant !== undefined && tally.violating.length >= Number(values.enough)) break;
  }
  saveState(state);
  const speed = `${(tally.done / ((performance.now() - begun) / 1000)).toFixed(1)} seeds/s`;
  console.log(plant === undefined ? describe(tally, speed) : describePlant(plant, tally, speed));
  if (values.state !== undefined) console.log(`${state.seeds} seeds in all, ${state.violating.length} violating`);
  process.exitCode = tally.violating.length > 0 === (plant !== undefined) ? 0 : 1;
}

async function load(plant) {
  // What is loaded runs for seconds: it is not worth to wait until it has been called often.
  setFlagsFromString("--always-sparkplug");
  register("./hooks.mjs", import.meta.url, { data: { patches: [...SMALL, ...(plant?.patches ?? [])] } });
  const { runSeed } = await import("./run-seed.ts");
  if (!values.verbose) Error.stackTraceLimit = 0;
  return runSeed;
}

async function requireSame(runSeed, { seed, digest }, plant) {
  const again = await runSeed(seed, { world: plant?.world });
  if (again.digest !== digest) throw new Error(`Seed ${seed} is not the same run twice`);
}

function note(tally, { seed, violation, counts }) {
  tally.done++;
  for (const [what, count] of counts) tally.counts.set(what, (tally.counts.get(what) ?? 0) + count);
  if (violation !== undefined) tally.violating.push(seed);
}

function tellOf({ seed, violation, lines }, { violating }) {
  if (lines !== undefined) console.log(lines.join("\n"));
  if (violation === undefined) return;
  if (violating.length <= TOLD_MAX) console.log(`seed ${seed}: ${violation.message}`);
  if (values.verbose) console.log(violation.cause ?? violation);
}

function describe({ first, done, violating, counts }, speed) {
  const text = [...counts].map(([what, count]) => `${what} ${count}`).join(", ");
  return `seeds ${first} to ${first + done - 1}: ${violating.length} violating; ${speed}; ${text}`;
}

function describePlant({ name, what }, { done, violating }, speed) {
  return `${name}: ${violating.length} of ${done} seeds, the first ${violating[0] ?? "none"}; ${speed}; ${what}`;
}

function readState() {
  const nothing = { seeds: 0, violating: [], next: undefined };
  if (values.state === undefined || !existsSync(values.state)) return nothing;
  return JSON.parse(readFileSync(values.state, "utf8"));
}

function noteState(state, { seed, violation }) {
  state.seeds++;
  state.next = seed + 1;
  if (violation !== undefined) state.violating.push(seed);
  if (state.seeds % NOTED_EACH === 0) saveState(state);
}

function saveState(state) {
  if (values.state === undefined) return;
  writeFileSync(`${values.state}.new`, `${JSON.stringify(state)}\n`);
  renameSync(`${values.state}.new`, values.state);
}
