/**
 * The index of a large repository alone: synthetic chunks, no packs. Also by itself, and with a folder kept for the next
 * time, since 100 million chunks take minutes to make:
 *
 *     node bench/index.mjs --chunks 10000000 [--runs 3] [--folder FOLDER]
 *
 * `--help` says what the flags mean.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { indexTable } from "./report/index-table.mjs";

const help = `usage: node bench/index.mjs [flags]

Makes the index of a repository of synthetic chunks, opens it in a fresh process, and asks for chunks.

  --chunks N        chunks in it (default: 10000000)
  --runs N          files of runs that it consists of (default: 3)
  --folder FOLDER   where it is made and kept, to be used again (default: a temporary folder)
`;

const RUNS = 3;
/** Processes that ask; the best of them counts for each figure, as the index does not change. */
const PROBES = 3;
const script = (name) => fileURLToPath(new URL(`index/${name}`, import.meta.url));

/** @returns `{chunks, runs, openMs, residentPerChunk, missesPerSecond, hitsPerSecond, residentAfter}` */
export function runIndex({ chunks, work, node, say, runs = RUNS }) {
  const folder = mkdtempSync(join(work, "index-"));
  try {
    return measureIndex({ chunks, folder, node, say, runs });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measureIndex({ chunks, folder, node, say, runs }) {
  const place = join(folder, `${chunks}-${runs}`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(place)) {
    say(`index: making ${chunks} chunks`);
    const unfinished = mkdtempSync(`${place}-`);
    execFileSync(node, [script("build.mjs"), unfinished, String(chunks), String(runs)], { stdio: "inherit" });
    renameSync(unfinished, place);
  }
  const probe = () => execFileSync(node, ["--expose-gc", script("probe.mjs"), place, String(chunks)]).toString();
  const probes = Array.from({ length: PROBES }, () => JSON.parse(probe()));
  const least = (field) => Math.min(...probes.map((each) => each[field]));
  const most = (field) => Math.max(...probes.map((each) => each[field]));
  return {
    ...{ chunks, runs, openMs: least("openMs"), residentPerChunk: most("residentPerChunk") },
    ...{ missesPerSecond: most("missesPerSecond"), hitsPerSecond: most("hitsPerSecond") },
    residentAfter: most("residentAfter"),
  };
}

function main(words) {
  const text = { type: "string" };
  const flag = { type: "boolean", short: "h" };
  const { values } = parseArgs({ args: words, options: { chunks: text, runs: text, folder: text, help: flag } });
  if (values.help) return void process.stdout.write(help);
  const chunks = count("--chunks", values.chunks ?? "10000000");
  const options = { chunks, runs: count("--runs", values.runs ?? String(RUNS)), node: process.execPath };
  const say = (line) => process.stderr.write(`${line}\n`);
  const work = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const measured =
    values.folder === undefined
      ? runIndex({ ...options, work, say })
      : measureIndex({ ...options, folder: values.folder, say });
  console.log(indexTable([measured]));
}

function count(flag, value) {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new Error(`Cannot use ${flag} ${value}: it must be a whole number from 1`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message.split("\n", 1)[0] : error}\n`);
    process.exitCode = 1;
  }
}
