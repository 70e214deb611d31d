/**
 * How long `snapshots` and `forget` take on a repository of so many snapshots, as whole processes with a warm cache:
 *
 *     node bench/many-snapshots.mjs [--snapshots 10000] [--work /dev/shm] [--runs 3]
 *
 * The snapshots are written as sealed objects, one every nine hours for ten hosts in turns; no file is backed up.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadBlake3, ObjectType, sealObject } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { encodeOutcome, encodeSession, initRepository, registerName } from "@bcat/repository";
import { createMemoryStorage } from "@bcat/storage";
import { createKeystream } from "./workloads/keystream.mjs";

const program = resolve(import.meta.dirname, "../packages/cli/bin/bcat.js");
const HOSTS = 10;
const STEP_MS = 9 * 3_600_000;
const START = Date.parse("2016-01-01T00:00:00Z");
const commands = [
  ["snapshots"],
  ["forget", "--keep-daily", "30", "--keep-monthly", "12", "--keep-yearly", "10"],
  ["snapshots"],
];

const { values } = parseArgs({
  options: {
    snapshots: { type: "string", default: "10000" },
    work: { type: "string", default: "/dev/shm" },
    runs: { type: "string", default: "3" },
  },
});
const folder = mkdtempSync(join(values.work, "bcat-many-"));
try {
  await writeRepository(join(folder, "repository"), Number(values.snapshots));
  bcat(["snapshots"]);
  for (const words of commands) console.log(`bcat ${words.join(" ")}: ${measure(words, Number(values.runs))}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Median wall and CPU seconds; a forget that changes something is run once. */
function measure(words, runs) {
  const times = Array.from({ length: words[0] === "forget" ? 1 : runs }, () => bcat(words)).sort(
    (a, b) => a.wall - b.wall,
  );
  const { wall, cpu } = times[times.length >> 1];
  return `${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of CPU`;
}

function bcat(words) {
  const [wallBefore, cpuBefore] = [performance.now(), cpuOfChildren()];
  const env = {
    ...process.env,
    BCAT_REPOSITORY: join(folder, "repository"),
    BCAT_CACHE_DIR: join(folder, "cache"),
    BCAT_KEY_FILE: join(folder, "key"),
  };
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { env, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`bcat ${words.join(" ")} ended with ${status}: ${stderr}`);
  return { wall: (performance.now() - wallBefore) / 1000, cpu: cpuOfChildren() - cpuBefore };
}

/** Seconds, by /proc: of all children that have ended. */
function cpuOfChildren() {
  const fields = spawnSync("cat", [`/proc/${process.pid}/stat`])
    .stdout.toString()
    .split(") ")[1]
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

async function createEnvironment(location) {
  const names = { host: "host", user: "user", zone: "UTC", programVersion: "bench", location };
  const natives = { blake3: loadBlake3("auto"), zstd: await loadZstd("auto") };
  const random = createKeystream("many snapshots");
  return { ...names, ...natives, random, now: Date.now, clientId: new Uint8Array(16), cacheDirectory: undefined };
}

async function writeRepository(place, count) {
  const environment = await createEnvironment(place);
  const keyFile = environment.random(32);
  writeFileSync(join(folder, "key"), keyFile);
  const storage = createMemoryStorage();
  const repository = await initRepository(storage, { secret: { keyFile } }, environment);
  const put = (name, bytes) => {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), bytes);
  };
  for (const [name, bytes] of storage.objects) put(name, bytes);
  for (let number = 1; number <= count; number++) {
    for (const [type, sequence, body] of [
      [ObjectType.SESSION, "sessions", encodeSession(sessionOf(number))],
      [ObjectType.OUTCOME, "outcomes", encodeOutcome(outcomeOf(number))],
    ]) {
      const name = registerName(sequence, number);
      put(name, sealObject(repository.context, { type, name, epoch: 0, domain: 0 }, body));
    }
  }
  await repository[Symbol.asyncDispose]();
}

function headOf(number) {
  const host = number % HOSTS;
  const start = START + number * STEP_MS;
  return { start, host: `host-${host}`, user: "user", clientId: new Uint8Array(16).fill(host), version: "bench" };
}

function sessionOf(number) {
  return { kind: "backup", ...headOf(number) };
}

function outcomeOf(number) {
  const counted = ["files", "directories", "symlinks", "others", "bytes"];
  const changes = ["filesNew", "filesChanged", "filesUnmodified", "directoriesNew", "directoriesChanged"];
  const added = ["directoriesUnmodified", "dataChunksAdded", "treeChunksAdded", "plainBytesAdded", "storedBytesAdded"];
  const counts = Object.fromEntries([...counted, ...changes, ...added].map((name, i) => [name, number * i]));
  const head = headOf(number);
  const snapshot = {
    ...{ ...head, complete: true, end: head.start + 60_000, zone: "Europe/Berlin", roots: [] },
    ...{ tags: ["daily"], excludes: ["*.o", "node_modules"], options: ["compression=auto"] },
    ...{ counts, errors: { total: 0, first: [] }, logHead: 0, seen: [], isSettled: true, records: 31 },
  };
  return { kind: "snapshot", added: [], removed: [], snapshot };
}
