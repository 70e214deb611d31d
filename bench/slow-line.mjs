/**
 * Backup and restore over a slow line: bcat, restic and `rclone copy` to the same server of S3 behind a proxy that delays
 * and limits, beside what the line alone takes:
 * `node bench/slow-line.mjs --servers FOLDER [--server gofakes3] [--restic PATH] [--rclone PATH] [--megabytes 200]
 * [--latency 10] [--megabits 200] [--runs 3]`. The latency is one way, in ms. Prints a table of medians.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { findServer, key, secret, serverFolders, startServer } from "../test/servers/real-servers.mjs";
import { median } from "./median.mjs";
import { createKeystream } from "./workloads/keystream.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: {
    ...{ servers: text, server: text, restic: text, rclone: text, work: text },
    ...{ megabytes: text, latency: text, megabits: text, runs: text },
  },
});
const { server: serverName = "gofakes3", restic = "restic", rclone = "rclone", work = "/dev/shm" } = values;
const number = (name, otherwise) => Number(values[name] ?? otherwise);
const [size, latencyMs, megabits, runs] = [
  number("megabytes", 200) * 2 ** 20,
  number("latency", 10),
  number("megabits", 200),
  number("runs", 3),
];
const bytesPerSecond = (megabits * 1e6) / 8;
const program = resolve(import.meta.dirname, "../node_modules/.bin/bcat");
const SMALL = 40_960;

const tools = {
  bcat: {
    environment: (url) => ({ BCAT_REPOSITORY: `s3:${url}/bcat/repository`, BCAT_PASSWORD: "passphrase" }),
    init: [program, "init", "--create-bucket"],
    backup: (source) => [program, "backup", "-q", source],
    restore: (target) => [program, "restore", "-q", "latest", "all", target],
  },
  restic: {
    environment: (url) => ({ RESTIC_REPOSITORY: `s3:${url}/restic/repository`, RESTIC_PASSWORD: "passphrase" }),
    init: [restic, "init", "-q"],
    backup: (source) => [restic, "backup", "-q", source],
    restore: (target) => [restic, "restore", "-q", "latest", "--target", target],
  },
  "rclone copy": {
    environment: (url) => ({
      RCLONE_CONFIG_LINE_TYPE: "s3",
      RCLONE_CONFIG_LINE_PROVIDER: "Other",
      RCLONE_CONFIG_LINE_ENDPOINT: url,
      RCLONE_CONFIG_LINE_ACCESS_KEY_ID: key,
      RCLONE_CONFIG_LINE_SECRET_ACCESS_KEY: secret,
      RCLONE_CONFIG: "/dev/null",
    }),
    init: [rclone, "mkdir", "line:rclone"],
    backup: (source) => [rclone, "copy", source, "line:rclone/data"],
    restore: (target) => [rclone, "copy", "line:rclone/data", target],
  },
};

/** Half of it in four large files, half in small ones; nothing of it shrinks or repeats. */
function makeTree(source) {
  for (let i = 0; i < 4; i++) writeRandom(join(source, `large ${i}`), size / 8);
  for (let i = 0; i * SMALL < size / 2; i++) {
    const folder = join(source, `folder ${i % 25}`);
    mkdirSync(folder, { recursive: true });
    writeRandom(join(folder, `small ${i}`), SMALL);
  }
}

function writeRandom(path, length) {
  const next = createKeystream(path);
  const file = openSync(path, "wx");
  for (let left = length; left > 0; left -= 2 ** 20) writeSync(file, next(Math.min(left, 2 ** 20)));
  closeSync(file);
}

/** The proxy runs in a thread of its own: here, whole processes are waited for. */
async function startLine(port, folder) {
  const outfile = join(folder, "line.mjs");
  const { buildSync } = createRequire(resolve(import.meta.dirname, "../packages/cli/package.json"))("esbuild");
  const from = resolve(import.meta.dirname, "../test/servers/delay-proxy.ts");
  const contents = `import { parentPort, workerData } from "node:worker_threads"; import { startDelayProxy } from ${JSON.stringify(from)};
    const { port } = await startDelayProxy(workerData); parentPort.postMessage(port);`;
  buildSync({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
  const worker = new Worker(outfile, { workerData: { port, latencyMs, bytesPerSecond } });
  const nearPort = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return { url: `http://127.0.0.1:${nearPort}`, stop: () => worker.terminate() };
}

function run(words, env) {
  const begun = performance.now();
  const { status, stderr, error } = spawnSync(words[0], words.slice(1), { env, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${words.join(" ")}: ${status} ${stderr}`);
  return (performance.now() - begun) / 1_000;
}

const folder = mkdtempSync(join(work, "bcat-slow-line-"));
let server;
let line;
try {
  const path = findServer(serverName, serverFolders(values.servers));
  if (path === undefined) throw new Error(`${serverName} is not installed`);
  const source = join(folder, "source");
  mkdirSync(source);
  makeTree(source);
  // Files of the last two seconds are read again.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const rows = new Map(["first", "unchanged", "restore"].map((step) => [step, new Map()]));
  for (let round = 0; round < runs; round++) {
    for (const [name, tool] of Object.entries(tools)) {
      const home = join(folder, `home ${name}`);
      server = await startServer(serverName, { path, folder: join(folder, "server") });
      line = await startLine(server.port, folder);
      const env = {
        ...{ PATH: process.env.PATH, HOME: home, TMPDIR: folder },
        ...{ AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret },
        ...tool.environment(line.url),
      };
      run(tool.init, env);
      for (const [step, words] of [
        ["first", tool.backup(source)],
        ["unchanged", tool.backup(source)],
        ["restore", tool.restore(join(folder, "target"))],
      ]) {
        const seconds = run(words, env);
        rows.get(step).set(name, [...(rows.get(step).get(name) ?? []), seconds]);
        console.error(`${name}: ${step}: ${seconds.toFixed(2)} s`);
      }
      await line.stop();
      await server.stop();
      for (const left of ["server", "target", `home ${name}`])
        rmSync(join(folder, left), { recursive: true, force: true });
    }
  }
  const alone = size / bytesPerSecond;
  const version = execFileSync(restic, ["version"], { encoding: "utf8" }).split(" ")[1];
  console.log(
    `${size / 2 ** 20} MiB, ${megabits} Mbit/s, round trip ${2 * latencyMs} ms, ${serverName}, restic ${version}; the line alone takes ${alone.toFixed(1)} s\n`,
  );
  console.log(`| seconds | ${Object.keys(tools).join(" | ")} |\n|---|${"---:|".repeat(Object.keys(tools).length)}`);
  for (const [step, all] of rows)
    console.log(`| ${step} | ${[...all.values()].map((seconds) => median(seconds).toFixed(2)).join(" | ")} |`);
} finally {
  await line?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
