/**
 * Requests of bcat and of restic to the same server of S3, counted by a proxy before it, beside what bcat says of itself:
 * `node bench/requests.mjs --servers FOLDER [--server versitygw] [--restic PATH] [--gigabytes 10] [--work FOLDER]`.
 * Prints a table. With `--gigabytes N` there is only one step: a first backup of N GiB that do not shrink.
 */
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findServer, key, secret, serverFolders, startServer } from "../test/servers/real-servers.mjs";
import { kinds, startCountingProxy } from "./counting-proxy.mjs";
import { createKeystream } from "./workloads/keystream.mjs";

const text = { type: "string" };
const { values } = parseArgs({ options: { servers: text, server: text, restic: text, gigabytes: text, work: text } });
const { server: serverName = "versitygw", restic = "restic", gigabytes, work = "/dev/shm" } = values;
const program = resolve(import.meta.dirname, "../node_modules/.bin/bcat");
const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;

/** Both: what each step is called, and the words of it. */
const tools = {
  bcat: {
    environment: (url) => ({ BCAT_REPOSITORY: `s3:${url}/bcat/repository`, BCAT_PASSWORD: "passphrase" }),
    init: [program, "init", "--create-bucket", "--json"],
    backup: (source) => [program, "backup", "--json", source],
    snapshots: [program, "snapshots", "-v"],
    list: (folder) => [program, "ls", "latest", folder, "-v"],
    restore: (file, target) => [program, "restore", "latest", file, target, "--json"],
  },
  restic: {
    environment: (url) => ({ RESTIC_REPOSITORY: `s3:${url}/restic/repository`, RESTIC_PASSWORD: "passphrase" }),
    init: [restic, "init"],
    backup: (source) => [restic, "backup", source],
    snapshots: [restic, "snapshots"],
    list: (folder) => [restic, "ls", "latest", folder],
    restore: (file, target) => [restic, "restore", "latest", "--include", file, "--target", target],
  },
};

/** 100 MB in three folders: small files, large ones, and those that are asked for. */
function makeTree(source) {
  for (const folder of ["first", "second", "third"]) {
    const path = join(source, folder);
    mkdirSync(path, { recursive: true });
    for (let i = 0; i < 400; i++) writeRandom(join(path, `small ${i}`), `${folder} ${i}`, (i * 7_919) % 30_000);
    for (let i = 0; i < 3; i++) writeRandom(join(path, `large ${i}`), `${folder} large ${i}`, 9_100_000);
  }
  writeRandom(join(source, "second/4 KiB"), "one", 4_096);
  writeRandom(join(source, "second/changing"), "changing", 100_000);
}

function writeRandom(path, seed, size) {
  const next = createKeystream(seed);
  const file = openSync(path, "wx");
  for (let left = size; left > 0; left -= MEBIBYTE) writeSync(file, next(Math.min(left, MEBIBYTE)));
  closeSync(file);
}

function stepsOf(tool, folder, source) {
  const first = ["first backup", tool.backup(source)];
  if (gigabytes !== undefined) return [["init", tool.init], first];
  const change = () => appendFileSync(join(source, "second/changing"), folder);
  return [
    ["init", tool.init],
    [`${first[0]} of 100 MB`, first[1]],
    ["backup without changes", tool.backup(source)],
    ["backup, a file of 100 KB changed", tool.backup(source), change],
    ["snapshots", tool.snapshots],
    ["ls of one folder", tool.list(join(source, "second"))],
    ["ls of one folder, fresh cache", tool.list(join(source, "second")), undefined, "fresh"],
    ["restore of a file of 4 KiB", tool.restore(join(source, "second/4 KiB"), join(folder, "target"))],
    [
      "the same, fresh cache",
      tool.restore(join(source, "second/4 KiB"), join(folder, "target 2")),
      undefined,
      "fresher",
    ],
  ];
}

function run(words, env) {
  const child = spawn(words[0], words.slice(1), { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece) => {
      output = (output + piece).slice(-100_000);
    });
  }
  return new Promise((end, fail) => {
    child.once("error", fail);
    child.once("close", (code) =>
      code === 0 ? end(output) : fail(new Error(`${words.join(" ")}: ${code} ${output}`)),
    );
  });
}

/** The count that bcat itself gives: of `--json`, or of `-v`. */
function ownCount(output) {
  const [, said] = /^(\d+) requests? \(/m.exec(output) ?? [];
  if (said !== undefined) return Number(said);
  const [, json] = /"requests":(\{[^}]*\})/.exec(output) ?? [];
  if (json === undefined) return undefined;
  const { retries, bytes_sent, bytes_received, ...counts } = JSON.parse(json);
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function describe(counts) {
  const parts = kinds.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${kind}`);
  return `${counts.total} (${parts.join(", ")})`;
}
const megabytes = ({ sent, received }) => `${(sent / 1e6).toFixed(1)} / ${(received / 1e6).toFixed(1)}`;

const folder = mkdtempSync(join(work, "bcat-requests-"));
let server;
let proxy;
try {
  const path = findServer(serverName, serverFolders(values.servers));
  if (path === undefined) throw new Error(`${serverName} is not installed`);
  const source = join(folder, "source");
  mkdirSync(source);
  if (gigabytes === undefined) makeTree(source);
  else for (let i = 0; i < Number(gigabytes); i++) writeRandom(join(source, `large ${i}`), `large ${i}`, GIBIBYTE);
  // Files of the last two seconds are read again.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const rows = new Map();
  for (const [name, tool] of Object.entries(tools)) {
    server = await startServer(serverName, { path, folder: join(folder, name) });
    proxy = await startCountingProxy(server.port);
    const env = {
      ...{ PATH: process.env.PATH, HOME: join(folder, name), TMPDIR: folder },
      ...{ AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret },
      ...tool.environment(`http://127.0.0.1:${proxy.port}`),
    };
    for (const [step, words, prepare, cache] of stepsOf(tool, join(folder, name), source)) {
      prepare?.();
      proxy.take();
      const caches = cache && { XDG_CACHE_HOME: join(folder, name, cache) };
      const begun = performance.now();
      const output = await run(words, { ...env, ...caches });
      const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
      const counts = proxy.take();
      rows.set(step, [...(rows.get(step) ?? []), describe(counts), megabytes(counts)]);
      console.error(`${name}: ${step}: ${describe(counts)}; ${seconds} s; says ${ownCount(output)}`);
      if (name === "bcat" && ownCount(output) !== counts.total) console.error("  which is not what was counted");
    }
    proxy.stop();
    await server.stop();
    rmSync(join(folder, name), { recursive: true });
  }
  const version = execFileSync(restic, ["version"], { encoding: "utf8" }).split(" ")[1];
  console.log(
    `| requests | bcat | MB sent / received | restic ${version} | MB sent / received |\n|---|---|---|---|---|`,
  );
  for (const [step, cells] of rows) console.log(`| ${step} | ${cells.join(" | ")} |`);
} finally {
  proxy?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
