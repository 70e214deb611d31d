/**
 * A prune of many snapshots of which all but the last are forgotten: time, peak memory, requests, bytes moved, and how
 * much more than the ideal is left; against restic on the same data.
 *
 *     node bench/prune.mjs --folder /dev/shm/prune --chunks 1000000 --snapshots 30 --restic /usr/bin/restic
 *
 * In each snapshot but the first as many small files, each one chunk, are written anew as make the chunks in all; half
 * of the files stay from one to the next. The folder must not exist; it is removed, or with --keep left as it
 * was before the prunes.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    folder: { type: "string", default: "/dev/shm/bcat-prune-bench" },
    chunks: { type: "string", default: "1000000" },
    snapshots: { type: "string", default: "30" },
    "file-size": { type: "string", default: "700" },
    restic: { type: "string" },
    bcat: { type: "string", default: join(import.meta.dirname, "../node_modules/.bin/bcat") },
    "max-unused": { type: "string", default: "5%" },
    runs: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});
const snapshots = Number(values.snapshots);
/** Files of the source: half of them are new in each snapshot. */
const files = Math.round(Number(values.chunks) / (1 + (snapshots - 1) / 2));
const folder = values.folder;
const source = join(folder, "source");
const { bcat } = values;
const FILES_PER_FOLDER = 500;

if (existsSync(folder)) throw new Error(`${folder} exists`);
mkdirSync(source, { recursive: true });
try {
  run();
} finally {
  if (!values.keep) rmSync(folder, { recursive: true });
}

function run() {
  writeFileSync(join(folder, "key"), "0123456789abcdef0123456789abcdef");
  const tools = [
    bcatTool(join(folder, "bcat")),
    ...(values.restic === undefined ? [] : [resticTool(values.restic, join(folder, "restic"))]),
  ];
  for (const tool of tools) tool.init();
  for (let snapshot = 0; snapshot < snapshots; snapshot++) {
    writeSource(snapshot);
    for (const tool of tools) tool.backup();
    process.stderr.write(`\rsnapshot ${snapshot + 1} of ${snapshots}`);
  }
  process.stderr.write("\n");
  const prepared = tools.map((tool) => {
    tool.forget();
    return { tool, before: sizeOf(join(tool.path, tool.packs)), ideal: tool.alone(), runs: [] };
  });
  for (let turn = 0; turn < Number(values.runs); turn++) {
    for (const { tool, runs } of prepared) runs.push(pruneCopy(tool));
  }
  for (const { tool, before, ideal, runs } of prepared) {
    const { after, ...median } = runs.sort((a, b) => a.seconds - b.seconds)[runs.length >> 1];
    const sizes = { bytesBefore: before, bytesAfter: after, ideal, ratio: +(after / ideal).toFixed(4) };
    const seconds = runs.map((run) => run.seconds);
    console.log(
      JSON.stringify({
        tool: tool.name,
        chunks: Number(values.chunks),
        snapshots,
        files,
        ...sizes,
        ...median,
        runs: seconds,
      }),
    );
  }
}

/** Prunes the repository, and puts it and the cache back: objects are never changed in place, so links do for them. */
function pruneCopy(tool) {
  const { path } = tool;
  execFileSync("cp", ["-al", path, `${path}-kept`]);
  execFileSync("cp", ["-a", `${path}-cache`, `${path}-cache-kept`]);
  execFileSync("sync");
  const run = tool.prune();
  const after = sizeOf(join(path, tool.packs));
  for (const place of [path, `${path}-cache`]) {
    rmSync(place, { recursive: true });
    renameSync(`${place}-kept`, place);
  }
  return { ...run, after };
}

/** Random contents, so that every file is one chunk of its own. */
function writeSource(snapshot) {
  const bytes = Buffer.alloc(Number(values["file-size"]));
  for (let i = 0; i < files; i++) {
    if (snapshot > 0 && hash(i, snapshot) % 2 === 0) continue;
    const parent = join(source, String(Math.floor(i / FILES_PER_FOLDER)));
    if (i % FILES_PER_FOLDER === 0 || !existsSync(parent)) mkdirSync(parent, { recursive: true });
    const file = openSync(join(parent, String(i)), "w");
    writeSync(file, randomFillSync(bytes));
    closeSync(file);
  }
}

function hash(i, snapshot) {
  let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(snapshot, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

function bcatTool(path) {
  const of = (repository, cache) => ({
    ...process.env,
    BCAT_REPOSITORY: repository,
    BCAT_KEY_FILE: join(folder, "key"),
    BCAT_CACHE_DIR: cache,
  });
  const environment = of(path, `${path}-cache`);
  const call = (...args) => execFileSync(bcat, [...args, "--quiet"], { env: environment });
  return {
    name: "bcat",
    path,
    packs: "packs",
    init: () => call("init"),
    backup: () => call("backup", source),
    forget: () => call("forget", ...Array.from({ length: snapshots - 1 }, (_, i) => String(i + 1))),
    prune: () => {
      const words = ["prune", "--now", "--json", "--max-unused", values["max-unused"]];
      const timed = measure(bcat, words, environment);
      const summary = timed.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line))
        .find((line) => line.message_type === "summary");
      const { stdout: _, ...measured } = timed;
      return { ...measured, requests: summary.requests, copied: summary.bytes_copied };
    },
    alone: () => {
      const env = of(`${path}-alone`, `${path}-alone-cache`);
      for (const args of [["init"], ["backup", source]]) execFileSync(bcat, [...args, "--quiet"], { env });
      const size = sizeOf(join(`${path}-alone`, "packs"));
      rmSync(`${path}-alone`, { recursive: true });
      return size;
    },
  };
}

function resticTool(program, path) {
  const of = (repository) => ({
    ...process.env,
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: "bench",
    RESTIC_CACHE_DIR: `${path}-cache`,
  });
  const call = (...args) => execFileSync(program, [...args, "--quiet"], { env: of(path) });
  return {
    name: "restic",
    path,
    packs: "data",
    init: () => call("init"),
    backup: () => call("backup", source),
    forget: () => call("forget", "--keep-last", "1"),
    prune: () => {
      const { stdout: _, ...measured } = measure(
        program,
        ["prune", "--quiet", "--max-unused", values["max-unused"]],
        of(path),
      );
      return measured;
    },
    alone: () => {
      const env = of(`${path}-alone`);
      for (const args of [["init"], ["backup", source]]) execFileSync(program, [...args, "--quiet"], { env });
      const size = sizeOf(join(`${path}-alone`, "data"));
      rmSync(`${path}-alone`, { recursive: true });
      return size;
    },
  };
}

/** Runs it under GNU time. */
function measure(program, args, env) {
  const report = join(folder, "time");
  const { status, stdout, stderr } = spawnSync("/usr/bin/time", ["-f", "%e %U %S %M", "-o", report, program, ...args], {
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  const [elapsed, user, system, kib] = readFileSync(report, "utf8").trim().split(" ").map(Number);
  return { seconds: elapsed, cpu: +(user + system).toFixed(2), peakMiB: Math.round(kib / 1024), stdout };
}

function sizeOf(path) {
  let size = 0;
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) size += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  }
  return size;
}
