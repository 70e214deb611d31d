/**
 * Runs seeds: whole fleets on the code that is built, in virtual time. The same seed is the same run each time.
 * usage: node test/simulation/run.mjs [--seeds N | --until N] [--from SEED] [--jobs N] [--counter FILE] [-v]
 *        node test/simulation/run.mjs --planted NAME|all [--seeds N] [--from SEED] [--enough N] [-v]
 *
 *   --jobs N         in so many processes
 *   --counter FILE   goes on behind the last seed of earlier runs, and counts them all
 *   --until N        so many seeds in all, by the counter (counts.json beside this file if none is named)
 *   --planted NAME   with a bug of plants.mjs put into what is built, until so many seeds show it (1); all: one after another
 *   -v               what happened, of each seed
 *
 * Exit code 1 when a seed has shown a violation, or, with a planted bug, none has.
 */
import { fork, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Counter } from "./counter.mjs";
import { PLANTS } from "./plants.mjs";
import { loadSeeds, runBatch } from "./seeds.mjs";

/** Seeds that a process is given at a time. */
const BATCH = 50;
/** Violations that are told of one by one. */
const TOLD_MAX = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    until: { type: "string" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
    planted: { type: "string" },
    enough: { type: "string", default: "1" },
    counter: { type: "string" },
    verbose: { type: "boolean", short: "v", default: false },
  },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

if (values.planted === "all") runEachPlant();
else if (values.planted !== undefined) await runPlant();
else await run();

/** In a process each: what was loaded stays loaded. */
function runEachPlant() {
  const options = ["seeds", "from", "enough"].flatMap((name) => [`--${name}`, values[name]]);
  const missed = PLANTS.filter(({ name }) => {
    const words = [here("run.mjs"), "--planted", name, ...options];
    return spawnSync(process.execPath, words, { stdio: "inherit" }).status !== 0;
  });
  const names = missed.map(({ name }) => name).join(", ");
  console.log(
    `${PLANTS.length - missed.length} of ${PLANTS.length} planted bugs were found; not found: ${names || "none"}`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
}

async function runPlant() {
  const { planted, verbose } = values;
  const runSeed = await loadSeeds({ planted, verbose });
  const range = { from: Number(values.from), count: Number(values.seeds) };
  const { violations, ...batch } = await runBatch(runSeed, range, (result, { violations }) => {
    if (verbose) tellOf(result);
    return violations.length < Number(values.enough);
  });
  const [first] = violations;
  const found = first === undefined ? "none" : `${first.seed} (${first.message.slice(0, 120)})`;
  const { what } = PLANTS.find(({ name }) => name === planted);
  console.log(`${planted}: ${violations.length} of ${batch.count} seeds, the first ${found}; ${speed(batch)}; ${what}`);
  process.exitCode = violations.length > 0 ? 0 : 1;
}

async function run() {
  const file = values.counter ?? (values.until === undefined ? undefined : here("counts.json"));
  const counter = new Counter(file, Number(values.from));
  const first = counter.next;
  const seeds = values.until === undefined ? Number(values.seeds) : Math.max(0, Number(values.until) - counter.seeds);
  const total = { count: 0, seconds: 0, violations: [], counts: {} };
  const onBatch = (batch) => {
    counter.add(batch);
    addTo(total, batch);
    for (const { seed, message } of batch.violations)
      if (total.violations.length <= TOLD_MAX) console.log(`seed ${seed}: ${message}`);
  };
  await runBatches(batchesOf(first, seeds), onBatch);
  console.log(describe(first, total));
  if (file !== undefined) console.log(`${counter.seeds} seeds in all, ${counter.violating.length} violating`);
  process.exitCode = total.violations.length === 0 ? 0 : 1;
}

function* batchesOf(first, seeds) {
  for (let from = first; from < first + seeds; from += BATCH)
    yield { from, count: Math.min(BATCH, first + seeds - from) };
}

async function runBatches(batches, onBatch) {
  const jobs = Number(values.jobs);
  if (jobs > 1) {
    await Promise.all(Array.from({ length: jobs }, () => runInProcess(batches, onBatch)));
    return;
  }
  const runSeed = await loadSeeds({ verbose: values.verbose });
  const onSeed = (result) => {
    if (values.verbose) tellOf(result);
    return true;
  };
  for (const batch of batches) onBatch(await runBatch(runSeed, batch, onSeed));
}

/** Gives the batches that are left to a process of its own, one after another. */
function runInProcess(batches, onBatch) {
  return new Promise((resolve, reject) => {
    const worker = fork(here("worker.mjs"));
    let isWorking = true;
    worker.on("message", (message) => {
      if (message !== "ready") onBatch(message);
      const { value, done } = batches.next();
      isWorking = !done;
      if (done) worker.disconnect();
      else worker.send(value);
    });
    worker.on("exit", (code) => (isWorking ? reject(new Error(`A worker ended with ${code}`)) : resolve()));
  });
}

function addTo(total, { count, seconds, violations, counts }) {
  total.count += count;
  total.seconds += seconds;
  total.violations.push(...violations);
  for (const [what, times] of Object.entries(counts)) total.counts[what] = (total.counts[what] ?? 0) + times;
}

function tellOf({ seed, violation, lines }) {
  console.log(lines.join("\n"));
  if (violation !== undefined) console.log(`seed ${seed}:`, violation.cause ?? violation);
}

function describe(first, { violations, counts, ...total }) {
  const text = Object.entries(counts).map(([what, times]) => `${what} ${times}`);
  const seeds = `seeds ${first} to ${first + total.count - 1}`;
  return `${seeds}: ${violations.length} violating; ${speed(total)}; ${text.join(", ")}`;
}

function speed({ count, seconds }) {
  return `${(count / seconds).toFixed(1)} seeds a second of CPU`;
}
