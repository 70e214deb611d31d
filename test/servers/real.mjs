/**
 * Runs test/s3-real.sweep.ts on the real servers of S3 that are installed, one after the other:
 * `node test/servers/real.mjs [--servers FOLDER] [NAME…]`. Their programs are looked for in the folder, in that of
 * BCAT_S3_SERVERS_DIR, and in PATH. Says of each other one that it is skipped.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findServer, serverFolders, serverNames, startServer } from "./real-servers.mjs";

const { values, positionals } = parseArgs({ options: { servers: { type: "string" } }, allowPositionals: true });
const unknown = positionals.find((name) => !serverNames.includes(name));
if (unknown !== undefined) throw new Error(`no server is called ${unknown}; known are ${serverNames.join(", ")}`);
const folders = serverFolders(values.servers);
const wanted = positionals.length === 0 ? serverNames : positionals;

let running;
let isInterrupted = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    isInterrupted = true;
    running?.kill(signal);
  });
}

/** Vitest's exit code. */
function runSweep(server) {
  const words = ["vitest", "run", "--config", "vitest.sweep.config.ts", "test/s3-real.sweep.ts"];
  const env = { ...process.env, S3_SERVERS: `${server.name}=${server.url}` };
  running = spawn("npx", words, { cwd: resolve(import.meta.dirname, "../.."), env, stdio: "inherit" });
  return new Promise((end) => running.once("exit", (code) => end(code ?? 1)));
}

/** True when all tests pass. */
async function tryServer(name, path) {
  const folder = mkdtempSync(join(tmpdir(), "bcat-servers-"));
  let server;
  try {
    server = await startServer(name, { path, folder });
    const code = isInterrupted ? 1 : await runSweep(server);
    if (code !== 0)
      console.log(`${name}: failed; the end of its log:\n${readFileSync(server.log, "utf8").slice(-2_000)}`);
    return code === 0;
  } catch (error) {
    console.log(error.message);
    return false;
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const name of wanted) {
  if (isInterrupted) break;
  const path = findServer(name, folders);
  if (path === undefined) {
    console.log(`skipped: ${name} is not installed`);
    continue;
  }
  console.log(`${name}: ${path}`);
  if (!(await tryServer(name, path))) process.exitCode = 1;
}
