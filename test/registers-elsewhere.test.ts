/** The program with registers in PostgreSQL or in another folder: many writers, a server that dies, a database that is lost. */
import * as fs from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Desk, linesOf, noMessage } from "./cli/desk.js";
import { compareTrees, recordTree } from "./crash/recorded-tree.js";
import { isLongRun } from "./kit/long-run.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";

const overwritingLink = pathToFileURL(join(import.meta.dirname, "kit/overwriting-link.mjs")).href;
/** A repository in a folder that takes every name again and again. */
const withoutPutIfAbsent = { NODE_OPTIONS: `--import ${overwritingLink}` };
const writerCount = isLongRun ? 6 : 2;

interface Listed {
  readonly number: number;
  readonly paths: readonly string[];
}

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk[Symbol.dispose]());

async function numbers(): Promise<number[]> {
  return ((await desk.json(["snapshots"])) as Listed[]).map(({ number }) => number);
}

/** Each source of its own comes back, byte for byte. */
async function expectRestored(): Promise<void> {
  const listed = (await desk.json(["snapshots"])) as Listed[];
  for (const { number, paths } of listed) {
    const target = desk.path(`restored-${number}`);
    await desk.good(["restore", String(number), "all", target]);
    expect(compareTrees(recordTree(paths[0]!), recordTree(target))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  }
}

test("a place without put-if-absent is what the tests here make of a folder", async () => {
  desk.write({
    first: "a",
    second: "b",
    "link.mjs": 'import { link } from "node:fs/promises"; await link("second", "first");',
  });
  const words = [process.execPath, desk.path("link.mjs")];
  expect((await desk.run(words)).code).not.toBe(0);
  expect((await desk.run(words, { env: withoutPutIfAbsent })).code).toBe(0);
  expect(desk.read("first")).toBe("b");
});

async function writersAtOnce(registers: string, env: Readonly<Record<string, string>>): Promise<void> {
  await desk.good(["init", "--registers", registers], { env });
  const writers = Array.from({ length: writerCount }, (_, i) => `source-${i}`);
  for (const name of writers) desk.write({ [`${name}/a`]: 100_000, [`${name}/folder/b`]: name });
  const words = (name: string) => ["backup", desk.path(name), "--cache-dir", desk.path(`cache-${name}`)];
  const backups = writers.map((name) => desk.good(words(name), { env: { ...env, BCAT_REGISTERS: registers } }));
  await Promise.all(backups);
  expect((await numbers()).sort((a, b) => a - b)).toEqual(writers.map((_, i) => i + 1));
  await expectRestored();
  expect(await desk.good(["check", "--read-data"])).toContain("no damage found");
}

test(`${writerCount} backups at once with registers in another folder get as many dense numbers, and all come back`, async () => {
  await writersAtOnce(desk.path("registers"), {});
});

test("registers in another folder that was lost are made anew", async () => {
  desk.write({ "source/a": "alpha\n" });
  const env = { BCAT_REGISTERS: desk.path("registers") };
  await desk.good(["backup", "--init", "source"], { env });
  fs.rmSync(desk.path("registers"), { recursive: true });
  const lost = await desk.bcat(["backup", "source"], { env });
  expect(lost).toMatchObject({ code: 14, stderr: expect.stringContaining("bcat repair registers") });
  expect(await desk.good(["repair", "registers"], { env })).toContain(
    "1 session, 1 outcome, 0 log records; generation 2",
  );
  await desk.good(["backup", "source"], { env });
  expect(await numbers()).toEqual([1, 2]);
});

test.each<[string, string[], number, string]>([
  [
    "without registers, a backup says which it needs",
    ["backup", "source"],
    2,
    "its registers are in another folder or bucket",
  ],
  [
    "with a place of another kind",
    ["backup", "source", "--registers", "postgres://h/d"],
    2,
    "another folder or bucket",
  ],
  ["with the repository itself", ["backup", "source", "--registers", "repository"], 2, "the repository is there"],
  [
    "with a parameter nobody knows",
    ["backup", "source", "--registers", "postgres://h/d?x=1"],
    2,
    'parameter "x" is not known',
  ],
  ["repair without a word of where", ["repair", "registers"], 2, "--registers"],
  ["repair of something else", ["repair", "tables"], 2, "say index, packs"],
])("bad input: %s", async (_, words, code, message) => {
  desk.write({ "source/a": "alpha\n" });
  await desk.good(["init", "--registers", "registers"]);
  const before = desk.list();
  const run = await desk.bcat(words);
  expect(run).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(message) });
  expect(linesOf(run.stderr).length).toBe(1);
  expect(desk.list()).toEqual(before);
});

test("a repository that has its registers itself refuses others, and is not repaired", async () => {
  desk.write({ "source/a": "alpha\n" });
  await desk.good(["init"]);
  expect(await desk.bcat(["backup", "source", "--registers", "registers"])).toMatchObject({ code: 2 });
  expect(await desk.bcat(["repair", "registers", "--registers", "registers"])).toMatchObject({ code: 2 });
  expect(await desk.good(["snapshots", "--registers", "registers"])).toBeDefined();
  expect(fs.existsSync(desk.path("registers"))).toBe(false);
});

test("commands that only read need no registers, and a dry run neither", async () => {
  desk.write({ "source/a": "alpha\n" });
  await desk.good(["backup", "--init", "source", "--registers", "registers"]);
  fs.renameSync(desk.path("registers"), desk.path("away"));
  for (const words of [
    ["snapshots"],
    ["ls", "latest"],
    ["check"],
    ["restore", "latest", "all", "back"],
    ["backup", "-n", "source"],
  ])
    expect(await desk.bcat(words)).toMatchObject({ code: 0, stderr: noMessage });
  expect(desk.read("back/a")).toBe("alpha\n");
});

if (missingPostgres !== undefined) test.skip(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)("with PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.dispose]());

  test(`${writerCount} backups at once into a place without put-if-absent get as many dense numbers, and all come back`, async () => {
    await writersAtOnce(server.url(), withoutPutIfAbsent);
  });

  test("a server that dies in the middle of a backup and comes back ends nothing", async () => {
    desk.write({ "source/a": 3_000_000 });
    const env = { BCAT_REGISTERS: server.url() };
    await desk.good(["init"], { env });
    const act = () => {
      server.kill();
      server.resume();
    };
    const disturb = { below: desk.path("repository"), file: /packs\/..\//, act };
    expect(await desk.bcat(["backup", "source"], { env, disturb })).toMatchObject({ code: 0 });
    expect(await numbers()).toEqual([1]);
    await expectRestored();
  });

  test.runIf(isLongRun)(
    "a server that is away for good ends a backup in time with 11, and nothing is committed",
    async () => {
      // Several packs: the first is there long before the last.
      desk.write({ "source/a": 80_000_000 });
      const env = { BCAT_REGISTERS: server.url() };
      await desk.good(["init"], { env });
      const disturb = { below: desk.path("repository"), file: /packs\/..\//, act: () => server.kill() };
      const run = await desk.bcat(["backup", "source", "--retry-for", "1s", "--limit-upload=40M"], { env, disturb });
      server.resume();
      expect(run).toMatchObject({
        code: 11,
        stderr: expect.stringContaining('cannot reach the registers in "postgres://bcat@127.0.0.1'),
      });
      expect(await numbers()).toEqual([]);
    },
  );

  test.each(["packs/../", ...(isLongRun ? ["registers/.*/sessions/"] : [])])(
    "a server that does not answer holds up no interrupt (at %s)",
    async (file) => {
      // Several packs: the first is there long before the last.
      desk.write({ "source/a": 80_000_000 });
      const env = { BCAT_REGISTERS: server.url() };
      await desk.good(["init"], { env });
      const act = (child: { kill(signal: NodeJS.Signals): void }) => {
        server.freeze();
        child.kill("SIGINT");
      };
      // What was done until then may be worth being kept, which is tried for that long.
      const run = await desk.bcat(["backup", "source", "--retry-for", "1s", "--limit-upload=40M"], {
        env,
        disturb: { below: desk.path("repository"), file: new RegExp(file), act },
      });
      server.thaw();
      expect(run).toMatchObject({ code: 130 });
    },
  );

  test("a database that was lost is made anew, nothing is lost, and numbers go on", async () => {
    desk.write({ "source/a": "alpha\n" });
    const env = { BCAT_REGISTERS: server.url() };
    await desk.good(["init"], { env });
    for (let i = 0; i < 3; i++) await desk.good(["backup", "source"], { env });
    server.lose();
    const lost = await desk.bcat(["backup", "source"], { env });
    expect(lost).toMatchObject({ code: 14, stdout: "", stderr: expect.stringContaining("bcat repair registers") });
    expect(await numbers()).toEqual([1, 2, 3]);
    expect(await desk.good(["repair", "registers"], { env })).toContain(
      "3 sessions, 3 outcomes, 0 log records; generation 2",
    );
    await desk.good(["backup", "source"], { env });
    expect(await numbers()).toEqual([1, 2, 3, 4]);
    await expectRestored();
    expect(await desk.good(["check"])).toContain("no damage found");
  });

  test("a database that came back from an old dump is noticed, and made anew", async () => {
    desk.write({ "source/a": "alpha\n" });
    const env = { BCAT_REGISTERS: server.url() };
    await desk.good(["backup", "--init", "source"], { env });
    server.sql("create table dump as select * from bcat_registers");
    await desk.good(["backup", "source"], { env });
    server.sql("truncate bcat_registers; insert into bcat_registers select * from dump; drop table dump");
    for (const cache of [[], ["--no-cache"]]) {
      const behind = await desk.bcat(["backup", "source", ...cache], { env });
      expect(behind).toMatchObject({ code: 14, stderr: expect.stringContaining("the repository has a copy of it") });
    }
    await desk.good(["repair", "registers"], { env });
    await desk.good(["backup", "source"], { env });
    expect(await numbers()).toEqual([1, 2, 3]);
  });
});
