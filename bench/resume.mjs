/**
 * A first backup that is killed again and again: what is stored and read twice, whether the result is that of a run
 * which nothing stops, and whether prune leaves anything behind:
 *
 *     node bench/resume.mjs [--megabytes 20000] [--megabytes-a-second 20] [--kills 10] [--work DIR]
 *
 * A kill comes when the repository has grown by its share of the source. Needs twice the room of the source.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { rootId } from "./resume/root-id.mjs";
import { makeSource } from "./resume/source.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: { megabytes: text, "megabytes-a-second": text, kills: text, work: text },
});
const wantedSize = Number(values.megabytes ?? 20_000) * 1e6;
const kibibytesASecond = Math.round((Number(values["megabytes-a-second"] ?? 20) * 1e6) / 1024);
const kills = Number(values.kills ?? 10);
const program = resolve(import.meta.dirname, "../node_modules/.bin/bcat");
const work = mkdtempSync(join(values.work ?? tmpdir(), "bcat-resume-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
process.on("SIGTERM", () => process.exit(143));
const [source, repository, keyFile] = ["source", "repository", "key"].map((name) => join(work, name));
writeFileSync(keyFile, Buffer.alloc(32, 7), { mode: 0o600 });
const env = {
  ...process.env,
  BCAT_REPOSITORY: repository,
  BCAT_CACHE_DIR: join(work, "cache"),
  BCAT_KEY_FILE: keyFile,
};
/** Of checkpoints in a folder: docs/decisions/0036-checkpoints.md. */
const checkpointBytes = 2 ** 30;

/** Sizes of the objects of the repository by path, with what writes have left that were cut off. */
function listObjects() {
  const objects = new Map();
  for (const { parentPath, name } of readdirSync(repository, { recursive: true, withFileTypes: true })) {
    const status = statSync(join(parentPath, name), { throwIfNoEntry: false });
    if (status?.isFile()) objects.set(join(parentPath, name), status.size);
  }
  return objects;
}

const sum = (sizes) => [...sizes].reduce((all, one) => all + one, 0);
const isWhole = (path) => !path.includes("/.tmp-");
const sizeOfWhole = () => sum([...listObjects()].filter(([path]) => isWhole(path)).map(([, bytes]) => bytes));

function bcat(...words) {
  const { status, stdout, stderr } = spawnSync(program, words, { env, encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`bcat ${words.join(" ")} ended with ${status}: ${stderr}`);
  return stdout;
}

const summaryOf = (output) => JSON.parse(output.split("\n").find((line) => line.includes('"message_type":"summary"')));

/** Bytes that a process has read, while it is there. */
function bytesRead(pid) {
  try {
    return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Backs up until the repository has `until` bytes; what was read. */
async function backUpUntil(until) {
  const words = ["backup", "--json", "--limit-upload", String(kibibytesASecond), source];
  const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "inherit"] });
  let [read, output, isOver] = [0, "", false];
  child.stdout.on("data", (bytes) => {
    output = `${output.slice(-4096)}${bytes}`;
  });
  const ended = new Promise((settle) => child.on("close", settle)).then(() => {
    isOver = true;
  });
  while (!isOver) {
    read = Math.max(read, bytesRead(child.pid));
    if (sizeOfWhole() >= until) child.kill("SIGKILL");
    await Promise.race([wait(50), ended]);
  }
  return { read, output };
}

const { files, bytes: size } = makeSource(source, wantedSize);
const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const partials = () => JSON.parse(bcat("snapshots", "--partial", "--json"));

/** Runs that are killed: of each, what it has read, what it left in the repository, the number of its snapshot. */
async function killRuns() {
  const runs = [];
  let before = listObjects();
  for (let kill = 1; kill <= kills; kill++) {
    const { read } = await backUpUntil((size * kill) / (kills + 1));
    const after = listObjects();
    const left = new Map([...after].filter(([path]) => !before.has(path)));
    console.log(`kill ${kill}: ${inMegabytes(read)} read, ${inMegabytes(sum(left.values()))} left`);
    runs.push({ read, left });
    before = after;
  }
  return runs;
}

/** True when each snapshot took over all files of the partial one before it: none of those was read again. */
function areTakenOver(snapshots) {
  let [finished, isGood] = [0, true];
  for (const { number, complete, summary } of snapshots) {
    const { files_unmodified: unmodified, files_new: added, files_changed: changed } = summary;
    console.log(
      `snapshot ${number}, ${complete ? "complete" : "partial"}: ${unmodified} files taken over, ${added} read`,
    );
    isGood &&= unmodified === finished && changed === 0;
    finished = summary.total_files_processed;
  }
  return isGood;
}

mkdirSync(env.BCAT_CACHE_DIR);
bcat("init");
const runs = await killRuns();
const last = await backUpUntil(Number.POSITIVE_INFINITY);
const summary = summaryOf(last.output);
const snapshots = partials();
const isReadOnce = areTakenOver(snapshots);
const read = sum(runs.map((run) => run.read)) + last.read;
const stored = sum(listObjects().values());
console.log(`the last run read ${summary.files_new} of ${files} files, and stored ${inMegabytes(summary.data_added)}`);
console.log(
  `read in all: ${inMegabytes(read)} of ${inMegabytes(size)}, ${inMegabytes((read - size) / kills)} more a kill`,
);

const whole = summaryOf(bcat("backup", "--json", "--force", source));
const numbers = [summary.snapshot_number, whole.snapshot_number];
const [resumed, uninterrupted] = await Promise.all(numbers.map((number) => rootId(repository, { keyFile, number })));
console.log(`tree of the last run: ${resumed}; of a run that nothing stops: ${uninterrupted}`);

const isPartial = ({ complete }) => !complete;
const given = snapshots.filter(isPartial).map(({ number }) => String(number));
if (given.length > 0) bcat("forget", ...given);
process.stdout.write(bcat("prune", "--now", "--max-unused", "0"));
const kept = listObjects();
const wasted = runs.map(({ left }) =>
  sum([...left].filter(([path]) => !kept.has(path) || !isWhole(path)).map(([, bytes]) => bytes)),
);
console.log(`left by each killed run and of no use, or made anew: ${wasted.map(inMegabytes).join(", ")}`);
const findings = bcat("check", "--json", "-v")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const orphans = findings.filter(({ code }) => code === "orphan");
const kinds = findings.filter(({ code }) => code !== undefined).map(({ code, message }) => `${code}: ${message}`);
console.log(
  `stored: ${inMegabytes(stored)} before prune, ${inMegabytes(sum(kept.values()))} after it; check: ${kinds.join("; ") || "nothing"}`,
);
const isGood =
  isReadOnce && resumed === uninterrupted && orphans.length === 0 && Math.max(...wasted) <= checkpointBytes;
process.exitCode = isGood ? 0 : 1;
