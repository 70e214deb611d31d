/** Registers in a real PostgreSQL. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRetryingTable } from "@bcat/storage";
import { describeRegisterTable } from "@bcat/storage/conformance";
import { openPostgresTable } from "@bcat/storage/postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listen } from "./servers/listen.js";
import { missingPostgres, PostgresServer } from "./servers/postgres.js";

const id = new Uint8Array(16).fill(3);
const session = "sessions/0000000001";

/** Refuses what PgBouncer refuses: parameters of a connection that it does not know, here `statement_timeout`. */
async function startPooler(port: number, refusal = "") {
  const state = { refused: 0 };
  const server = createServer((socket) => {
    socket.once("data", (start) => {
      const words = start.includes("statement_timeout\0")
        ? "unsupported startup parameter: statement_timeout"
        : refusal;
      if (words !== "") {
        state.refused++;
        const fields = `SFATAL\0C08P01\0M${words}\0\0`;
        const length = Buffer.alloc(4);
        length.writeUInt32BE(4 + fields.length);
        return void socket.end(Buffer.concat([Buffer.from("E"), length, Buffer.from(fields)]));
      }
      const upstream = connect(port, "127.0.0.1");
      upstream.write(start);
      socket.pipe(upstream).pipe(socket);
      socket.on("error", () => upstream.destroy());
      upstream.on("error", () => socket.destroy());
    });
  });
  return Object.assign(state, await listen(server));
}

function open(url: string, variables: Readonly<Record<string, string>> = {}) {
  return openPostgresTable(url, { id, variables });
}

if (missingPostgres !== undefined) test.skip(`skipped: ${missingPostgres}`);

describe.skipIf(missingPostgres !== undefined)("PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server[Symbol.dispose]());
  beforeEach(() => server.lose());

  describeRegisterTable("registers in PostgreSQL", async () => ({
    open: (of) => openPostgresTable(server.url(), { id: of, variables: {} }),
    dispose: async () => {},
  }));

  test("many statements at once are asked one after another, without a warning", async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => void warnings.push(message);
    process.on("warning", note);
    await using table = open(server.url());
    const states = await Promise.all(Array.from({ length: 5 }, () => table.state()));
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", note);
    expect(new Set(states.map((state) => JSON.stringify(state))).size).toBe(1);
    expect(warnings).toEqual([]);
  });

  test.each<[string, Parameters<PostgresServer["url"]>[0], boolean, string]>([
    ["a wrong password", { user: "bcat:se%3Acret-wrong" }, true, "the password was refused"],
    ["no password", { user: "bcat" }, true, "it asks for a password: give one with PGPASSWORD"],
    ["no such user", { user: "nobody:se%3Acret-wrong" }, true, "the password was refused"],
    ["no such database", { database: "nowhere" }, true, "there is no such database"],
    ["no TLS where it is required", { parameters: "?sslmode=require" }, true, "it has no TLS, which sslmode asks for"],
    ["no TLS where it is preferred", {}, false, ""],
  ])("%s", async (_, given, isFinal, message) => {
    await using table = open(server.url(given));
    const error = await table.state().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    if (!isFinal) return expect(error).toBeUndefined();
    expect(error).toMatchObject({ code: "storage-failed", isFinal: true, message: expect.stringContaining(message) });
    expect(`${error?.message}`).not.toContain("cret");
  });

  test("a user who may not create the table is told so, for good", async () => {
    server.sql(
      "drop role if exists guest; create role guest login password 'g'; revoke create on schema public from public",
    );
    await using table = open(server.url({ user: "guest:g" }));
    await expect(table.create()).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringContaining("may not do that"),
    });
  });

  test("the password is taken from a password file", async () => {
    const file = join(server.folder, "pgpass");
    fs.writeFileSync(file, `127.0.0.1:${server.port}:*:bcat:${server.password.replace(/[\\:]/g, "\\$&")}\n`, {
      mode: 0o600,
    });
    process.env.PGPASSFILE = file;
    await using table = open(server.url({ user: "bcat" }));
    expect(await table.state()).toBeUndefined();
    delete process.env.PGPASSFILE;
  });

  test("a table of a newer bcat is not touched", async () => {
    await using table = open(server.url());
    await table.create();
    server.sql("update bcat_registers set value = convert_to('99', 'UTF8') where registers = ''");
    await using later = open(server.url());
    await expect(later.state()).rejects.toMatchObject({ code: "newer-format" });
    await expect(later.close("aa")).rejects.toMatchObject({ code: "newer-format" });
  });

  test("a server that dies and comes back is asked again, and what it had decided stays decided", async () => {
    let retries = 0;
    const sleep = async () => {
      if (++retries === 1) server.resume();
    };
    const options = { now: () => 0, sleep, random: () => 0, retryForMs: 1 };
    await using table = createRetryingTable(open(server.url()), options);
    await table.create();
    server.kill();
    await table.insert(1, session, new Uint8Array([1]));
    expect(retries).toBeGreaterThan(0);
    expect(await table.get(1, session)).toEqual(new Uint8Array([1]));
  });

  test("a connection that the server ends is made anew", async () => {
    await using table = open(server.url());
    await table.create();
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bcat'");
    const again = createRetryingTable(table, { now: () => 0, sleep: async () => {}, random: () => 0, retryForMs: 1 });
    expect(await again.state()).toEqual({ generation: 1, isOpen: true });
  });

  test("one client has one connection", async () => {
    await using table = open(server.url());
    await table.create();
    expect(server.sql("select count(*) from pg_stat_activity where application_name = 'bcat'")).toBe("1");
  });

  test.each([
    ["no such user: bcat", true, "refuses this user or its password: no such user: bcat"],
    ["SASL authentication failed", true, "refuses this user"],
    ["no such database: postgres", true, "knows no such database"],
    ["server login has been failing, try again later (server_login_retry)", false, "try again later"],
  ])("what a pooler refuses itself, %j, is final: %s", async (words, isFinal, says) => {
    await using pooler = await startPooler(server.port, words);
    const url = server.url({ parameters: "?sslmode=disable" }).replace(`:${server.port}/`, `:${pooler.port}/`);
    await using table = open(url);
    await expect(table.state()).rejects.toMatchObject({ isFinal, message: expect.stringContaining(says) });
  });

  test("a pooler that takes no time limit at the beginning is asked without", async () => {
    await using pooler = await startPooler(server.port);
    const url = server.url({ parameters: "?sslmode=disable" }).replace(`:${server.port}/`, `:${pooler.port}/`);
    await using table = open(url);
    await table.create();
    expect(await table.state()).toEqual({ generation: 1, isOpen: true });
    expect(pooler.refused).toBe(1);
  });
});

describe.skipIf(missingPostgres !== undefined)("PostgreSQL with TLS of a private CA", () => {
  const folder = fs.mkdtempSync(join(tmpdir(), "bcat-tls-"));
  const openssl = (words: string) => execFileSync("openssl", words.split(" "), { cwd: folder, stdio: "pipe" });
  let server: PostgresServer;
  beforeAll(async () => {
    const subject = "req -x509 -newkey rsa:2048 -nodes -days 2";
    openssl(`${subject} -subj /CN=ca -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE`);
    openssl(`${subject} -subj /CN=other -keyout other.key -out other.pem`);
    openssl("req -newkey rsa:2048 -nodes -subj /CN=elsewhere.example -keyout server.key -out server.csr");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem");
    const files = Object.fromEntries(
      ["server.key", "server.pem"].map((name) => [name, fs.readFileSync(join(folder, name), "utf8")]),
    );
    server = await PostgresServer.start(["ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key"], files);
  });
  afterAll(() => {
    server[Symbol.dispose]();
    fs.rmSync(folder, { recursive: true });
  });

  test.each<[string, string, string | undefined]>([
    ["prefer", "", undefined],
    ["require", "", undefined],
    ["verify-ca", "ca.pem", undefined],
    ["verify-ca", "other.pem", "certificate"],
    ["verify-full", "", "certificate"],
    // It is made out to another name.
    ["verify-full", "ca.pem", "does not match"],
  ])("sslmode=%s with root certificate %o", async (mode, root, message) => {
    const parameters = `?sslmode=${mode}${root === "" ? "" : `&sslrootcert=${join(folder, root)}`}`;
    await using table = open(server.url({ parameters }));
    if (message === undefined) {
      expect(await table.state()).toBeUndefined();
      expect(
        server.sql("select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'bcat'"),
      ).toBe("t");
    } else
      await expect(table.state()).rejects.toMatchObject({ isFinal: true, message: expect.stringContaining(message) });
  });
});
