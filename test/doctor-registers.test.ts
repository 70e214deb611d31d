/** `bcat doctor` about registers that live elsewhere: which, whether they answer, and whether they keep writers apart. */
import { existsSync, renameSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Desk, linesOf, noMessage } from "./cli/desk.js";
import { isLongRun } from "./kit/long-run.js";
import { listen } from "./servers/listen.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
  return () => desk[Symbol.dispose]();
});
const races = "13 rounds of 16 writers, one winner each";

test("registers in a folder are tried before there is a repository, and nothing is left", async () => {
  const env = { BCAT_REGISTERS: desk.path("registers"), BCAT_KEY_FILE: undefined };
  const run = await desk.bcat(["doctor"], { env });
  expect(run).toMatchObject({ code: 0, stderr: noMessage });
  const lines = linesOf(run.stdout);
  const at = lines.indexOf(`registers in ${desk.path("registers")}:`);
  expect(lines.slice(at + 1, at + 6)).toEqual([
    expect.stringMatching(/^check of registers +result +found$/),
    expect.stringMatching(/^answer +good +yes$/),
    expect.stringMatching(/^put-if-absent, one after the other +good +the second is refused$/),
    expect.stringMatching(new RegExp(`^put-if-absent, many at once +good +${races}$`)),
    expect.stringMatching(/^latency of registers: .* ms to write, .* ms to read one \(medians\)$/),
  ]);
  expect(lines.at(-1)).toBe("several writers at once: yes, with these registers, as far as a probe can tell");
  expect([existsSync(desk.repository), existsSync(desk.path("registers"))]).toEqual([false, false]);
});

test("of a repository with registers elsewhere, doctor says so, whether they are named, there, or those of another", async () => {
  const env = { BCAT_REGISTERS: desk.path("registers") };
  await desk.good(["init"], { env });
  const before = desk.list(desk.folder);
  expect(await desk.good(["doctor"])).toMatch(
    /its registers live elsewhere and decide that; name them with --registers/,
  );
  expect(await desk.json(["doctor"], { env })).toMatchObject({
    ...{ several_writers: true, registers_elsewhere: true, requests: { registers: expect.any(Number) } },
    registers: { kind: "storage", location: desk.path("registers"), generation: 1, keeps_writers_apart: true },
  });
  expect(desk.list(desk.folder)).toEqual(before);
  renameSync(desk.path("registers"), desk.path("away"));
  const lost = await desk.bcat(["doctor"], { env });
  expect(lost).toMatchObject({
    code: 22,
    stdout: expect.stringMatching(/^answer +BAD +those of the repository are not/m),
  });
});

test("registers that do not keep writers apart are said to, and in the exit code, of a repository that has its own, too", async () => {
  await desk.good(["init"]);
  desk.write({ registers: "no folder" });
  const run = await desk.bcat(["doctor"], { env: { BCAT_REGISTERS: desk.path("registers") } });
  expect(run).toMatchObject({ code: 22, stdout: expect.stringMatching(/^answer +BAD /m) });
  expect(linesOf(run.stdout).slice(-2)).toEqual([
    "these registers: not to be used; the repository has its own",
    "several writers at once: yes, as far as a probe can tell",
  ]);
});

if (missingPostgres !== undefined) test.skip(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)("registers in PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.dispose]());
  const rows = () => server.sql("select count(*) from bcat_registers");
  const secret = () => [server.password, encodeURIComponent(server.password)];

  test("are tried by 16 connections, leave no row, and show no password", async () => {
    const env = { BCAT_REGISTERS: server.url() };
    const early = await desk.bcat(["doctor"], { env });
    expect(early).toMatchObject({ code: 0, stdout: expect.stringContaining("not tried: there is no table yet") });
    await desk.good(["init"], { env });
    const before = rows();
    const found = await desk.bcat(["doctor", "--json"], { env });
    expect(JSON.parse(found.stdout).registers).toMatchObject({
      ...{ kind: "postgres", location: `postgres://bcat@127.0.0.1:${server.port}/postgres`, generation: 1 },
      findings: [
        { check: "answer", result: "good" },
        { result: "good", found: "the second is refused" },
        { result: "good", found: races },
      ],
      latency_ms: { put: expect.any(Number), get: expect.any(Number) },
    });
    expect(rows()).toBe(before);
    server.kill();
    const dead = await desk.bcat(["doctor", "--retry-for", "0"], { env });
    server.resume();
    expect(dead).toMatchObject({
      code: 22,
      stdout: expect.stringMatching(/^answer +BAD +Cannot reach the registers in "p/m),
    });
    for (const run of [early, found, dead])
      for (const word of secret()) expect(run.stdout + run.stderr).not.toContain(word);
  });

  test.runIf(isLongRun)("that die while they are tried are a finding", async () => {
    await desk.good(["init"], { env: { BCAT_REGISTERS: server.url() } });
    let inserts = 0;
    const dying = createServer((client) => {
      const database = connect(server.port, "127.0.0.1");
      client.on("data", (bytes) => {
        if (bytes.includes("from unnest(")) inserts++;
        if (inserts <= 5) database.write(bytes);
        else for (const socket of sockets) socket.destroy();
      });
      database.on("data", (bytes) => void client.write(bytes));
      for (const socket of [client, database]) socket.on("error", () => {}).on("close", () => client.destroy());
      sockets.add(client);
      // Nobody is let in any more, either.
      if (inserts > 5) client.destroy();
    });
    const sockets = new Set<Socket>();
    await using listening = await listen(dying);
    const url = server.url({ parameters: "?sslmode=disable" }).replace(`:${server.port}/`, `:${listening.port}/`);
    const run = await desk.bcat(["doctor"], { env: { BCAT_REGISTERS: url } });
    expect(run.stderr).toEqual(noMessage);
    expect(run).toMatchObject({
      code: 22,
      stdout: expect.stringMatching(/^answer +BAD +Cannot .* the registers in "p/m),
    });
  });

  test.runIf(isLongRun)("are tried by as many connections as there are", async () => {
    await desk.good(["init"], { env: { BCAT_REGISTERS: server.url() } });
    server.sql(
      "create role few login password 'f' connection limit 4; grant select, insert, update, delete on bcat_registers to few",
    );
    const run = await desk.bcat(["doctor"], { env: { BCAT_REGISTERS: server.url({ user: "few:f" }) } });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining(races) });
  });

  test.runIf(isLongRun)("are not tried by a user who could not tidy up", async () => {
    const env = { BCAT_REGISTERS: server.url() };
    await desk.good(["init"], { env });
    server.sql("create role writer login password 'w'; grant select, insert, update on bcat_registers to writer");
    const run = await desk.bcat(["doctor"], { env: { BCAT_REGISTERS: server.url({ user: "writer:w" }) } });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("not tried: this user may not delete") });
  });
});
