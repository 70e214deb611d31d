/**
 * A first backup that is killed again and again: what is stored and read twice, and whether the result is that of a run
 * which nothing stops: `node bench/resume.mjs [--megabytes 20000] [--megabytes-a-second 20] [--kills 10] [--work DIR]`.
 * A kill comes when the repository has grown by its share of the source. Needs twice the room of the source.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createKeystream } from "./workloads/keystream.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: { megabytes: text, "megabytes-a-second": text, kills: text, work: text },
});
const size = Number(values.megabytes ?? 20_000) * 1e6;
const kibibytesASecond = Math.round((Number(values["megabytes-a-second"] ?? 20) * 1e6) / 1024);
const kills = Number(values.kills ?? 10);
const program = resolve(import.meta.dirname, "../node_modules/.bin/bcat");
const work = mkdtempSync(join(values.work ?? tmpdir(), "bcat-resume-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
const [source, repository] = [join(work, "source"), join(work, "repository")];
const env = {
  ...process.env,
  BCAT_REPOSITORY: repository,
  BCAT_CACHE_DIR: join(work, "cache"),
  BCAT_PASSWORD: "passphrase",
};

/** A tenth of it in files of 100 KB, half in files of 5 MB, the rest in files of 300 MB. */
const SHARES = [
  { name: "small", share: 0.1, size: 1e5, aFolder: 200 },
  { name: "medium", share: 0.5, size: 5e6, aFolder: 20 },
  { name: "large", share: 0.4, size: 3e8, aFolder: 5 },
];

function makeSource() {
  const stream = createKeystream("resume");
  let files = 0;
  for (const kind of SHARES) {
    for (let i = 0; i < (size * kind.share) / kind.size; i++, files++) {
      const folder = join(source, kind.name, String(Math.floor(i / kind.aFolder)));
      mkdirSync(folder, { recursive: true });
      const file = openSync(join(folder, String(i)), "w");
      for (let left = kind.size; left > 0; left -= 2 ** 20) writeSync(file, stream(Math.min(left, 2 ** 20)));
      closeSync(file);
    }
  }
  return files;
}

const sizeOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".tmp-"))
    .reduce(
      (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );

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
    if (sizeOf(repository) >= until) child.kill("SIGKILL");
    await Promise.race([wait(50), ended]);
  }
  return { read, output };
}

const files = makeSource();
bcat("init");
const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
let read = 0;
for (let kill = 1; kill <= kills; kill++) {
  const run = await backUpUntil((size * kill) / (kills + 1));
  read += run.read;
  const partial = JSON.parse(bcat("snapshots", "--partial", "--json")).at(-1);
  const stored = sizeOf(repository);
  const kept =
    partial === undefined ? "nothing" : `snapshot ${partial.number}, ${partial.summary.total_files_processed} files`;
  console.log(`killed at ${inMegabytes(stored)}, ${inMegabytes(run.read)} read; decided so far: ${kept}`);
}
const last = await backUpUntil(Number.POSITIVE_INFINITY);
read += last.read;
const summary = summaryOf(last.output);
const stored = sizeOf(repository);
const whole = summaryOf(bcat("backup", "--json", "--force", source));
console.log(
  `the last run read ${summary.files_new + summary.files_changed} of ${files} files, and stored ${inMegabytes(summary.data_added)}`,
);
console.log(
  `stored in all: ${inMegabytes(stored)} of ${inMegabytes(size)}, ${inMegabytes((stored - size) / kills)} more a kill`,
);
console.log(`read in all: ${inMegabytes(read)}, ${inMegabytes((read - size) / kills)} more a kill`);
console.log(`an uninterrupted run adds ${whole.data_blobs} chunks of data and ${whole.tree_blobs} of trees`);
process.exitCode = whole.data_blobs + whole.tree_blobs === 0 ? 0 : 1;
