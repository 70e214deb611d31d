/**
 * The conformance suite and a backup and restore over a real grid, one of whose storage nodes is killed on the way. Runs
 * where `BCAT_TEST_TAHOE` names the program `tahoe` (PyPI: tahoe-lafs 1.20.0); takes some minutes.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeStorage } from "@bcat/storage/conformance";
import { openTahoeStorage } from "@bcat/storage/tahoe";
import { createAgents } from "@bcat/storage/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { makeCommands } from "./kit/command.js";
import { expectManyWriters } from "./kit/many-writers.js";
import { patience } from "./kit/patience.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";
import { wireClock } from "./servers/wire-clock.js";

const script = fileURLToPath(new URL("servers/tahoe-grid.sh", import.meta.url));
const tahoe = process.env.BCAT_TEST_TAHOE;
const nodes = ["client", "s1", "s2", "s3", "introducer"];
const minutes = 60_000 * patience;

if (tahoe === undefined)
  console.info("skipped: a Tahoe-LAFS grid; BCAT_TEST_TAHOE does not name its program (PyPI: tahoe-lafs)");

describe.skipIf(tahoe === undefined)("a Tahoe-LAFS grid (needs BCAT_TEST_TAHOE, the path of its program)", () => {
  let scratch: Scratch;
  let folder: string;
  let gateway: string;
  beforeAll(() => {
    scratch = makeScratch(2 ** 29)!;
    folder = join(scratch.path, "grid");
    gateway = execFileSync(script, [folder, tahoe!], { encoding: "utf8" }).trim();
  }, 5 * minutes);
  afterAll(async () => {
    for (const node of nodes) stop(node);
    await scratch[Symbol.asyncDispose]();
  });

  function stop(node: string): void {
    const file = join(folder, `${node}.pid`);
    if (!existsSync(file)) return;
    try {
      process.kill(Number(readFileSync(file, "utf8")), "SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  /** Again, after {@link stop}, unless it still runs. */
  function start(node: string): void {
    const file = join(folder, `${node}.pid`);
    try {
      process.kill(Number(readFileSync(file, "utf8")), 0);
    } catch {
      const words = ["run", "--allow-stdin-close", node];
      const child = spawn(tahoe!, words, { cwd: folder, stdio: "ignore", detached: true });
      writeFileSync(file, `${child.pid}`);
    }
  }

  async function makeDirectory(): Promise<string> {
    const response = await fetch(`${gateway}/uri?t=mkdir`, { method: "POST" });
    return `${gateway}/uri/${(await response.text()).trim()}`;
  }

  describeStorage("its storage", async () => {
    const agents = createAgents({ clock: wireClock, idleTimeoutMs: 5 * minutes });
    const storage = openTahoeStorage({ url: new URL(await makeDirectory()), location: "tahoe:grid", agents });
    return { storage, dispose: async () => agents.close() };
  });

  test(
    "keeps a backup, also when one of three storage nodes is killed",
    async () => {
      const { run } = makeCommands(join(scratch.path, "bcat"));
      const source = join(scratch.path, "source");
      mkdirSync(source);
      for (let number = 0; number < 200; number++)
        writeFileSync(join(source, `${number}`), randomBytesOf(`${number}`, number * 100));
      writeFileSync(join(source, "large"), randomBytesOf("large", 20_000_000));
      const place = ["--repo", `tahoe:${await makeDirectory()}`];
      expect(await run(["init", ...place])).toMatchObject({ exitCode: 0 });
      expect(await run(["backup", source, ...place])).toMatchObject({ exitCode: 0 });
      stop("s3");
      const target = join(scratch.path, "target");
      expect(await run(["restore", "latest", "all", target, "--no-cache", ...place])).toMatchObject({ exitCode: 0 });
      expect(execFileSync("diff", ["-r", source, target]).toString()).toBe("");
      writeFileSync(join(source, "more"), randomBytesOf("more", 1_000_000));
      expect(await run(["backup", source, ...place])).toMatchObject({ exitCode: 0 });
      expect(await run(["check", "--read-data", ...place])).toMatchObject({ exitCode: 0 });
    },
    20 * minutes,
  );

  test.skipIf(missingPostgres !== undefined)(
    "takes 8 backups at once with registers in PostgreSQL, and gives all back without one of three storage nodes",
    async () => {
      start("s3");
      using desk = new Desk();
      using database = await PostgresServer.start();
      const env = { BCAT_REPOSITORY: `tahoe:${await makeDirectory()}`, BCAT_REGISTERS: database.url() };
      const between = () => stop("s3");
      await expectManyWriters(desk, { count: 8, env, forWriters: ["BCAT_REGISTERS"], between });
    },
    20 * minutes,
  );
});
