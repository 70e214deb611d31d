/** Requests to registers that live elsewhere are counted apart, as the database's own log has them, retries included. */
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Desk, jsonLines } from "./cli/desk.js";
import { type Listening, listen } from "./servers/listen.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";

interface Requests {
  readonly [kind: string]: number;
}

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
  desk.write({ "source/a": "alpha\n" });
  return () => desk[Symbol.dispose]();
});

const requestsOf = (printed: string): Requests => (jsonLines(printed).at(-1) as { requests: Requests }).requests;

test("those to a folder of registers have a kind of their own, and the others are as many as with a database", async () => {
  const env = { BCAT_REGISTERS: desk.path("registers") };
  const made = requestsOf(await desk.good(["init", "--json"], { env }));
  expect(made.registers).toBeGreaterThan(3);
  const backup = requestsOf(await desk.good(["backup", "source", "--json"], { env }));
  expect(backup.registers).toBeGreaterThan(10);
  expect(backup.put_if_absent).toBe(0);
  const run = await desk.bcat(["backup", "source", "-v"], { env });
  expect(run.stderr).toMatch(/^repository in .*\n\d+ requests \(\d+ get, \d+ put, \d+ list, \d+ registers\), /);
  expect(requestsOf(await desk.good(["backup", "source", "-n", "--json"])).registers).toBe(0);
});

if (missingPostgres !== undefined) test.skip(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)("those to PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start(["log_statement=all", "log_line_prefix=%a\\ "]);
  });
  afterAll(() => server[Symbol.dispose]());

  let before = 0;
  /** Statements of bcat since the last call, as the server has logged them. */
  function logged(): number {
    const lines = readFileSync(join(server.folder, "log"), "utf8").split("\n");
    const all = lines.filter((line) => /^bcat LOG: {2}(execute|statement)/.test(line)).length;
    const count = all - before;
    before = all;
    return count;
  }

  test("are counted as its log has them: init, a backup, one without changes, a repair", async () => {
    const env = { BCAT_REGISTERS: server.url() };
    for (const words of [["init"], ["backup", "source"], ["backup", "source"], ["repair", "registers"]]) {
      const { registers, retries, bytes_sent } = requestsOf(await desk.good([...words, "--json"], { env }));
      expect([words[0], registers, retries]).toEqual([words[0], logged(), 0]);
      expect(bytes_sent).toBeGreaterThan(200);
    }
  });

  test("are counted also when they are made again", async () => {
    const env = { BCAT_REGISTERS: server.url() };
    await desk.good(["init"], { env });
    logged();
    await using proxy = await startCuttingProxy(server.port, 9);
    env.BCAT_REGISTERS = server.url({ parameters: "?sslmode=disable" }).replace(`:${server.port}/`, `:${proxy.port}/`);
    const { registers, retries } = requestsOf(await desk.good(["backup", "source", "--json"], { env }));
    expect(retries).toBe(1);
    const count = logged();
    expect([registers! - 1, registers]).toContain(count);
  });
});

/** Breaks a connection, once, when so many messages have come from clients: the last one is lost. */
async function startCuttingProxy(to: number, after: number): Promise<Listening> {
  let messages = 0;
  const server = createServer((client) => {
    const upstream = connect(to, "127.0.0.1");
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    client.on("data", (bytes) => (++messages === after ? end() : upstream.write(bytes)));
    upstream.on("data", (bytes) => client.write(bytes));
  });
  return await listen(server);
}
