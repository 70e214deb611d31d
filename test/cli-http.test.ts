/** A repository on a static web server: every command that reads works, and nothing is written. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeCommands } from "./kit/command.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { certificate } from "./servers/certificate.js";
import { startForwardProxy } from "./servers/forward-proxy.js";
import { filesIn, type HttpServer, type HttpServerOptions, startHttpServer } from "./servers/http-server.js";

let scratch: Scratch;
let commands: ReturnType<typeof makeCommands>;
let source: string;
beforeAll(async () => {
  scratch = makeScratch(2 ** 26)!;
  commands = makeCommands(join(scratch.path, "bcat"));
  source = join(scratch.path, "source");
  mkdirSync(join(source, "folder"), { recursive: true });
  for (let number = 0; number < 50; number++)
    writeFileSync(join(source, "folder", `${number}`), `${number}`.repeat(number));
  writeFileSync(join(source, "large"), randomBytesOf("large", 5_000_000));
  for (const words of [["init"], ["backup", source], ["backup", "--force", source]])
    expect(await commands.run(words)).toMatchObject({ exitCode: 0 });
});
afterAll(() => scratch[Symbol.asyncDispose]());

const started: HttpServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({ find: filesIn(commands.repository), ...options });
  started.push(server);
  return server;
}

let targets = 0;
const newTarget = () => join(scratch.path, `target-${targets++}`);
const difference = (target: string) => execFileSync("diff", ["-r", source, target]).toString();

describe("a repository on a web server", () => {
  test.each([
    ["with ranges", false],
    ["without ranges", true],
  ])("is listed, checked and restored %s, with no cache and with one", async (_, lacksRanges) => {
    const server = await serve({ lacksRanges });
    const before = readdirSync(commands.repository, { recursive: true });
    for (const cache of [["--no-cache"], ["--cache-dir", join(scratch.path, `cache-${lacksRanges}`)], []]) {
      const run = (...words: string[]) => commands.run([...words, "--repo", server.url, ...cache]);
      const snapshots = await run("snapshots", "--json");
      expect(JSON.parse(snapshots.output)).toHaveLength(2);
      expect((await run("ls", "latest")).output).toContain(join(source, "folder/49"));
      expect(await run("check")).toMatchObject({ exitCode: 0 });
      expect(await run("check", "--read-data")).toMatchObject({ exitCode: 0 });
      const target = newTarget();
      const restored = await run("restore", "latest", "all", target);
      expect(restored).toMatchObject({ exitCode: 0 });
      expect(restored.errors.match(/reading whole ones, which is slower/g) ?? []).toHaveLength(lacksRanges ? 1 : 0);
      expect(difference(target)).toBe("");
    }
    expect(server.requests.filter((line) => !line.startsWith("GET /"))).toEqual([]);
    expect(readdirSync(commands.repository, { recursive: true })).toEqual(before);
  });

  test("is not written to: init, backup and doctor are refused before anything is asked", async () => {
    const server = await serve();
    for (const words of [["init"], ["backup", source], ["backup", "--init", source], ["doctor"]]) {
      const { exitCode, errors, output } = await commands.run([...words, "--repo", server.url]);
      expect([exitCode, output]).toEqual([1, ""]);
      expect(errors).toMatch(
        /^bcat: cannot [a-z, ]+ "http:\/\/localhost:\d+": over HTTP, a repository can only be read\n$/,
      );
    }
    expect(server.requests).toEqual([]);
    expect(await commands.run(["backup", "--dry-run", source, "--repo", server.url])).toMatchObject({ exitCode: 0 });
    expect(server.requests.filter((line) => !line.startsWith("GET /"))).toEqual([]);
  });

  test("is read over TLS with a certificate of one's own, a name and a password", async () => {
    const server = await serve({ isSecure: true, credentials: "me:se cret" });
    const file = join(scratch.path, "certificate.pem");
    writeFileSync(file, certificate);
    const url = server.url.replace("//", "//me:se%20cret@");
    const { exitCode, errors } = await commands.run(["snapshots", "--repo", url]);
    expect([exitCode, errors]).toEqual([11, expect.stringMatching(/its certificate is signed by itself; --cacert/)]);
    const { exitCode: done } = await commands.run(["snapshots", "--repo", url, "--cacert", file]);
    expect(done).toBe(0);
    const wrong = await commands.run(["snapshots", "--repo", url.replace("%20", ""), "--cacert", file]);
    expect(wrong.exitCode).toBe(11);
    expect(wrong.errors).toMatch(/^((?!secret).)*it wants a name and a password, or others \(status 401\)\n$/);
  });

  test("is read through limits, as a folder is; what is no limit is wrong usage", async () => {
    const server = await serve();
    for (const repository of [server.url, commands.repository]) {
      const limits = ["--limit-download", "08:00,900M 23:00,off", "--limit-upload", "500", "--repo", repository];
      const target = newTarget();
      expect(await commands.run(["restore", "latest", "all", target, ...limits])).toMatchObject({ exitCode: 0 });
      expect(difference(target)).toBe("");
    }
    const { exitCode, errors } = await commands.run(["snapshots", "--limit-upload", "fast"]);
    expect([exitCode, errors]).toEqual([2, expect.stringContaining('cannot use --limit-upload: "fast" is no rate')]);
  });

  test("is read through the proxy that the environment names", async () => {
    const server = await serve();
    const proxy = await startForwardProxy("me:pw");
    const through = ["env", `http_proxy=http://me:pw@127.0.0.1:${proxy.port}`];
    expect(await commands.run(["snapshots", "--repo", server.url], { through })).toMatchObject({ exitCode: 0 });
    expect(proxy.asked).toContain(`GET ${server.url}/config`);
    expect(proxy.asked).toHaveLength(server.requests.length);
    const socks = ["env", "http_proxy=socks5://me:pw@127.0.0.1:1"];
    expect(await commands.run(["snapshots", "--repo", server.url], { through: socks })).toMatchObject({
      exitCode: 2,
      errors: "bcat: cannot use http_proxy: its value is no proxy of the form http://host:port\n",
    });
    await proxy[Symbol.asyncDispose]();
  });

  test("that is none is said to be none, and a server of web pages to be one", async () => {
    const nothing = await serve({ find: () => undefined });
    const none = await commands.run(["snapshots", "--repo", nothing.url]);
    // Where bcat init makes none it is not named.
    expect([none.exitCode, none.errors]).toEqual([
      10,
      expect.stringMatching(/there is none; name another with --repo$/m),
    ]);
    const pages = await serve({ find: () => undefined, page: "<!doctype html><title>App</title>" });
    const { exitCode, errors } = await commands.run(["snapshots", "--repo", pages.url]);
    expect([exitCode, errors]).toEqual([11, expect.stringContaining('cannot read "config" in http')]);
    expect(errors).toContain("it answers with a web page; is this the address of a repository");
    // The repository itself is there; what comes after its last session is not.
    const both = await serve({ page: "<!doctype html><title>App</title>" });
    const listed = await commands.run(["snapshots", "--no-cache", "--repo", both.url]);
    expect([listed.exitCode, listed.errors]).toEqual([11, expect.stringContaining("it answers with a web page")]);
  });

  test("that lacks an object is damaged, as in a folder", async () => {
    const copy = join(scratch.path, "copy");
    cpSync(commands.repository, copy, { recursive: true });
    const server = await serve({ find: (path) => (path.startsWith("index/") ? undefined : filesIn(copy)(path)) });
    const run = (...words: string[]) => commands.run([...words, "--no-cache", "--repo", server.url]);
    expect(await run("check")).toMatchObject({ exitCode: 21 });
    expect(await run("restore", "latest", "all", newTarget())).toMatchObject({ exitCode: 1 });
  });
});
