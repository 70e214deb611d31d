/**
 * How long `find`, `history` and `diff` take over many snapshots of many files, as whole processes with a warm cache, and
 * restic's `find` and `diff` on the same source beside them:
 *
 *     node bench/looking.mjs [--snapshots 100] [--files 50000] [--work /dev/shm] [--runs 5] [--restic PATH] [--keep DIR]
 *
 * Between two snapshots twenty files are appended to. With `--keep` the repositories are made in a folder that stays, and
 * the next run with it measures only: with restic beside it, making them takes ten minutes.
 */
import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { measure, runAll } from "./measure.mjs";
import { median } from "./median.mjs";
import { createKeystream } from "./workloads/keystream.mjs";

const program = resolve(import.meta.dirname, "../packages/cli/bin/bcat.js");
const FILES_EACH = 100;
const FOLDERS_EACH = 25;
const CHANGED_EACH = 20;

const { values } = parseArgs({
  options: {
    snapshots: { type: "string", default: "100" },
    files: { type: "string", default: "50000" },
    work: { type: "string", default: "/dev/shm" },
    runs: { type: "string", default: "5" },
    restic: { type: "string" },
    keep: { type: "string" },
  },
});
const folder = values.keep === undefined ? mkdtempSync(join(values.work, "bcat-looking-")) : resolve(values.keep);
const source = join(folder, "source");
const preparedFile = join(folder, "prepared.json");
const folders = Number(values.files) / FILES_EACH;
const random = createKeystream("looking");
const env = {
  ...process.env,
  ...{
    BCAT_REPOSITORY: join(folder, "bcat"),
    BCAT_CACHE_DIR: join(folder, "cache"),
    BCAT_KEY_FILE: join(folder, "key"),
  },
  ...{
    RESTIC_REPOSITORY: join(folder, "restic"),
    RESTIC_CACHE_DIR: join(folder, "restic-cache"),
    RESTIC_PASSWORD: "x",
  },
};
const bcat = (...words) => ({ words: [process.execPath, program, ...words] });
const restic = (...words) => ({ words: [values.restic, ...words] });

try {
  if (!isPrepared()) await prepare();
  await tell("bcat find, in no snapshot", bcat("find", "no-such-name"));
  await tell("bcat find, one file in all", bcat("find", "file-7-7"));
  await tell("bcat find, a file of each folder in all", bcat("find", "file-*-50"));
  await tell("bcat history of a file", bcat("history", pathOf(7, 7)));
  await tell("bcat diff of neighbours", bcat("diff", "latest~1", "latest"));
  await tell("bcat diff of the first and the last", bcat("diff", "1", "latest"));
  if (values.restic === undefined) console.log("restic: not measured, --restic names none");
  else {
    await tell("restic find, in no snapshot", restic("find", "no-such-name"));
    await tell("restic find, one file in all", restic("find", "file-7-7"));
    await tell("restic find, a file of each folder in all", restic("find", "file-*-50"));
    const ids = await snapshotsOfRestic();
    await tell("restic diff of neighbours", restic("diff", ids.at(-2), ids.at(-1)));
    await tell("restic diff of the first and the last", restic("diff", ids[0], ids.at(-1)));
  }
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true });
}

/** Whether an earlier run has left the repositories that this one measures. */
function isPrepared() {
  if (!existsSync(preparedFile)) return false;
  const found = JSON.parse(readFileSync(preparedFile, "utf8"));
  const { snapshots, files, hasRestic } = prepared();
  if (found.snapshots === snapshots && found.files === files && (found.hasRestic || !hasRestic)) return true;
  throw new Error(`${folder} holds other repositories: ${JSON.stringify(found)}`);
}

function prepared() {
  const { snapshots, files, restic } = values;
  return { snapshots, files, hasRestic: restic !== undefined };
}

/** The same snapshots in each repository. */
async function prepare() {
  for (let i = 0; i < folders; i++) {
    mkdirSync(join(pathOf(i, 0), ".."), { recursive: true });
    for (let j = 0; j < FILES_EACH; j++) writeFileSync(pathOf(i, j), `${i} ${j}\n`.repeat(3));
  }
  writeFileSync(join(folder, "key"), random(32));
  const tools = [[bcat("init"), bcat("backup", "--quiet", source)]];
  if (values.restic !== undefined) tools.push([restic("init"), restic("backup", "--quiet", "--no-scan", source)]);
  for (const [init] of tools) await runAll([init], { env });
  for (let snapshot = 1; snapshot <= Number(values.snapshots); snapshot++) {
    for (const [, backup] of tools) await runAll([backup], { env });
    for (let i = 0; i < CHANGED_EACH; i++) appendFileSync(pathOf(below(folders), below(FILES_EACH)), `${snapshot}\n`);
  }
  writeFileSync(preparedFile, JSON.stringify(prepared()));
}

/** From the oldest to the newest. */
async function snapshotsOfRestic() {
  const { stdout } = await promisify(execFile)(values.restic, ["snapshots", "--json"], { env, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout).map(({ id }) => id);
}

function pathOf(i, j) {
  return join(source, `top-${Math.floor(i / FOLDERS_EACH)}`, `folder-${i}`, `file-${i}-${j}`);
}

function below(limit) {
  return new DataView(random(4).slice().buffer).getUint32(0) % limit;
}

/** Once to warm the caches. */
async function tell(what, command) {
  await runAll([command], { env });
  const options = { env, memoryFile: join(folder, "memory") };
  const runs = [];
  for (let i = 0; i < Number(values.runs); i++) runs.push(await measure([command], options));
  const of = (key) => median(runs.map((run) => run[key]));
  const memory = runs[0].memory === undefined ? "" : `, ${Math.round(of("memory") / 2 ** 20)} MiB`;
  console.log(`${what}: ${of("wall").toFixed(2)} s, ${of("cpu").toFixed(2)} s of CPU${memory}`);
}
