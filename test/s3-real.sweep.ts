/**
 * Real servers of S3 that run already, `S3_SERVERS="gofakes3=http://key:secret@127.0.0.1:9000 other=https://…"`: the suite
 * of all storages, 100 MB there and back, 8 writers at once. `node test/servers/real.mjs` starts servers and runs this.
 * Each gets a bucket of its own.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describeStorage } from "@bcat/storage/conformance";
import { openS3Storage, type S3Storage } from "@bcat/storage/s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Desk, isIncidental, linesOf, noMessage, type RunOptions } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { compareTrees, recordTree } from "./crash/recorded-tree.js";
import { makeMixedTree } from "./kit/mixed-tree.js";
import { faultKinds, startFaultProxy } from "./servers/fault-proxy.js";
import { filesIn, startHttpServer } from "./servers/http-server.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";

const bucket = `bcat-${Date.now().toString(36)}`;
const servers = (process.env.S3_SERVERS ?? "").split(" ").filter((text) => text !== "");
if (servers.length === 0) process.stdout.write("s3: skipped real servers: S3_SERVERS names none\n");

/**
 * Servers that do not keep writers apart, so that several need registers elsewhere. `refused` are those that a probe
 * finds out; others look first and write then, which it sees now and then.
 */
const withoutPutIfAbsent = { refused: ["s3rver", "s3s-fs"], unreliable: ["moto"] };
/** Tests of the suite that a server fails, or may fail. */
const shortcomings: Readonly<Record<string, readonly RegExp[]>> = {
  s3rver: [
    /^put\(\) of \d+ other bytes/,
    /^putIfAbsent\(\) (decides once|lets exactly one)/,
    /range of an empty object/,
  ],
  // Keys are paths of files for it: one that is a folder's, and one as long as a file's name may be, are an error inside.
  "s3s-fs": [
    /^putIfAbsent\(\) lets exactly one/,
    /^get\(\) returns undefined when/,
    /names of up to the maximum length/,
  ],
  moto: [/^putIfAbsent\(\) lets exactly one/],
};
const writers = [1, 2, 3, 4, 5, 6, 7, 8];

describe.each(servers)("%s", (server) => {
  const name = server.slice(0, server.indexOf("="));
  const url = new URL(server.slice(name.length + 1));
  const keys = { AWS_ACCESS_KEY_ID: url.username, AWS_SECRET_ACCESS_KEY: url.password };
  const endpoint = url.origin;
  const open = (prefix: string) => {
    const onNotice = (line: string) => process.stdout.write(`${name}: ${line}\n`);
    return openS3Storage({ location: `${name} ${prefix}`, bucket, prefix, endpoint, onNotice });
  };
  const environment = (prefix: string, more: RunOptions["env"] = {}): RunOptions => ({
    env: { ...keys, AWS_EC2_METADATA_DISABLED: "true", BCAT_REPOSITORY: `s3:${endpoint}/${bucket}/${prefix}`, ...more },
  });

  beforeAll(async () => {
    Object.assign(process.env, keys);
    await open("").createBucket();
  });

  describe(`the suite in ${name}`, () => {
    beforeEach(({ task, skip }) => {
      if (shortcomings[name]?.some((test) => test.test(task.name))) skip();
    });
    let prefixes = 0;
    describeStorage(`s3 storage in ${name}`, async () => {
      return { storage: open(`suite/${prefixes++}`), dispose: async () => {} };
    });
  });

  describe(`bcat with ${name}`, () => {
    const isRefused = withoutPutIfAbsent.refused.includes(name);
    const isApart = !isRefused && !withoutPutIfAbsent.unreliable.includes(name);

    test("brings 100 MB of mixed files there and back, and from a copy on a web server", async () => {
      using desk = new Desk();
      const env = environment("mixed");
      makeMixedTree(desk.path("source"), name);
      await desk.good(["init", ...(isApart ? [] : ["--single-writer"])], env);
      expect(await desk.bcat(["backup", "source"], env)).toMatchObject({ code: 0, stderr: noMessage });
      expect(await desk.good(["backup", "source"], env)).toMatch(/snapshot 2/);
      await desk.good(["restore", "1", "all", "back"], env);
      expectEqual(desk, "back", "source");
      expect(await desk.bcat(["check", "--read-data"], env)).toMatchObject({ code: 0, stderr: noMessage });
      await copy(open("mixed"), desk.path("copy"));
      await using web = await startHttpServer({ find: filesIn(desk.path("copy")) });
      await desk.good(["restore", "2", "all", "from web"], { env: { BCAT_REPOSITORY: `${web.url}/` } });
      expectEqual(desk, "from web", "source");
    });

    test.runIf(isApart)("takes backups of 8 processes at once", async () => {
      using desk = new Desk();
      await desk.good(["init"], environment("eight"));
      await writeAtOnce(desk, environment("eight"));
    });

    test("loses nothing where a tenth of the requests meets a fault", async () => {
      using desk = new Desk();
      // "stuck" takes the minute that silence may last.
      const kinds = faultKinds.filter((kind) => kind !== "stuck");
      await using proxy = await startFaultProxy({ port: Number(url.port), seed: 1, rate: 0.1, kinds });
      const faulty = { BCAT_REPOSITORY: `s3:http://127.0.0.1:${proxy.port}/${bucket}/faults` };
      await desk.good(["init", ...(isApart ? [] : ["--single-writer"])], environment("faults"));
      for (const writer of writers) {
        const { env = {} } = environment("faults", { ...faulty, XDG_CACHE_HOME: desk.path(`cache${writer % 3}`) });
        desk.write({ [`source/${writer}`]: 300_000 });
        await desk.good(["backup", "source"], { env });
        await desk.good(["restore", "latest", "all", `back${writer}`], { env });
        expectEqual(desk, `back${writer}`, "source");
      }
      const run = await desk.bcat(["check", "--read-data"], environment("faults"));
      expect(run).toMatchObject({ code: 0, stderr: noMessage });
      expect(faultKinds.reduce((sum, kind) => sum + (proxy.counts.get(kind) ?? 0), 0)).toBeGreaterThan(5);
    });

    test.runIf(isRefused)("refuses it for several writers", async () => {
      using desk = new Desk();
      // One that claims it may win the few races of an init; those of doctor are more.
      const inits = await Promise.all(
        ["1", "2", "3"].map((prefix) => desk.bcat(["init"], environment(`several${prefix}`))),
      );
      const says = /does not keep writers apart.*--single-writer/;
      expectRefusal(inits.find(({ code }) => code !== 0)!, { code: 22, says });
      expect(await desk.bcat(["doctor"], environment("several"))).toMatchObject({
        code: 22,
        stdout: expect.stringMatching(/\nput-if-absent.* BAD .*\nseveral writers at once: no; /s),
      });
    });

    describe.skipIf(isApart || missingPostgres !== undefined)("with registers in PostgreSQL", () => {
      let registers: PostgresServer;
      beforeAll(async () => {
        registers = await PostgresServer.start();
      });
      afterAll(() => registers[Symbol.dispose]());

      test("takes backups of 8 processes at once", async () => {
        using desk = new Desk();
        const env = environment("registers", { BCAT_REGISTERS: registers.url() });
        await desk.good(["init"], env);
        await writeAtOnce(desk, env);
      });
    });
  });
});

/** 8 backups from 8 machines, each with a cache of its own, get 8 numbers without a gap, and all come back. */
async function writeAtOnce(desk: Desk, { env = {} }: RunOptions): Promise<void> {
  for (const writer of writers) desk.write({ [`source${writer}/a`]: 100, [`source${writer}/b/c`]: 10_000_000 });
  const runs = await Promise.all(
    writers.map((writer) =>
      desk.bcat(["backup", `source${writer}`], { env: { ...env, XDG_CACHE_HOME: desk.path(`cache${writer}`) } }),
    ),
  );
  for (const { code, stderr } of runs) {
    expect(code, stderr).toBe(0);
    expect(linesOf(stderr).filter((line) => !isIncidental(line) && !/; trying again for /.test(line))).toEqual([]);
  }
  const numbers = runs.map(({ stdout }) => Number(/snapshot (\d+)/.exec(stdout)?.[1]));
  expect(numbers.toSorted()).toEqual(writers);
  for (const [index, number] of numbers.entries()) {
    await desk.good(["restore", String(number), "all", `back${number}`], { env });
    expectEqual(desk, `back${number}`, `source${index + 1}`);
  }
  expect(await desk.bcat(["check", "--read-data"], { env })).toMatchObject({ code: 0, stderr: noMessage });
}

function expectEqual(desk: Desk, restored: string, source: string): void {
  execFileSync("diff", ["-r", "--no-dereference", desk.path(source), desk.path(restored)]);
  expect(compareTrees(recordTree(desk.path(source)), recordTree(desk.path(restored)))).toEqual([]);
}

/** All objects as files. */
async function copy(storage: S3Storage, folder: string): Promise<void> {
  for await (const { name } of storage.list("")) {
    mkdirSync(dirname(`${folder}/${name}`), { recursive: true });
    writeFileSync(`${folder}/${name}`, (await storage.get(name))!);
  }
}

test.skipIf(servers.length > 0)("there are no real servers here", () => {});
