/** A repository on a static web server: every command that reads works, and nothing is written. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Desk } from "./cli/desk.js";
import { sliceOf } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { certificate } from "./servers/certificate.js";
import { startForwardProxy } from "./servers/forward-proxy.js";
import { filesIn, type HttpServer, type HttpServerOptions, startHttpServer } from "./servers/http-server.js";

let scratch: Scratch;
let desk: Desk;
let source: string;
beforeAll(async () => {
  scratch = makeScratch(2 ** 26)!;
  desk = new Desk();
  source = join(scratch.path, "source");
  mkdirSync(join(source, "folder"), { recursive: true });
  for (let number = 0; number < 50; number++)
    writeFileSync(join(source, "folder", `${number}`), `${number}`.repeat(number));
  writeFileSync(join(source, "large"), randomBytesOf("large", 5_000_000));
  for (const words of [["init"], ["backup", source], ["backup", "--force", source]]) await desk.good(words);
});
afterAll(async () => {
  desk[Symbol.dispose]();
  await scratch[Symbol.asyncDispose]();
});

const started: HttpServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({ find: filesIn(desk.repository), ...options });
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
    const before = readdirSync(desk.repository, { recursive: true });
    const caches = [["--no-cache"], ["--cache-dir", join(scratch.path, `cache-${lacksRanges}`)], []];
    for (const cache of sliceOf(caches, lacksRanges ? 1 : 2)) {
      const run = (...words: string[]) => desk.bcat([...words, "--repo", server.url, ...cache]);
      const snapshots = await run("snapshots", "--json");
      expect(JSON.parse(snapshots.stdout)).toHaveLength(2);
      expect((await run("ls", "latest")).stdout).toContain(join(source, "folder/49"));
      expect(await run("check")).toMatchObject({ code: 0 });
      expect(await run("check", "--read-data")).toMatchObject({ code: 0 });
      const target = newTarget();
      const restored = await run("restore", "latest", "all", target);
      expect(restored).toMatchObject({ code: 0 });
      expect(restored.stderr.match(/reading whole ones, which is slower/g) ?? []).toHaveLength(lacksRanges ? 1 : 0);
      expect(difference(target)).toBe("");
    }
    expect(server.requests.filter((line) => !line.startsWith("GET /"))).toEqual([]);
    expect(readdirSync(desk.repository, { recursive: true })).toEqual(before);
  });

  test("is not written to: what would is refused before anything is asked", async () => {
    const server = await serve();
    for (const words of [
      ["init"],
      ["backup", source],
      ["backup", "--init", source],
      ["doctor"],
      ["forget", "1"],
      ["tag", "--add", "x"],
      ["rewrite", "--exclude", "x"],
      ["pin", "1"],
      ["unpin", "1"],
      ["undelete", "1"],
      ["prune"],
    ]) {
      const { code, stderr, stdout } = await desk.bcat([...words, "--repo", server.url]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(
        /^bcat: cannot [a-z, ]+ "http:\/\/localhost:\d+": over HTTP, a repository can only be read\n$/,
      );
    }
    expect(server.requests).toEqual([]);
    expect(await desk.bcat(["backup", "--dry-run", source, "--repo", server.url])).toMatchObject({ code: 0 });
    expect(server.requests.filter((line) => !line.startsWith("GET /"))).toEqual([]);
  });

  test("is read over TLS with a certificate of one's own, a name and a password", async () => {
    const server = await serve({ isSecure: true, credentials: "me:se cret" });
    const file = join(scratch.path, "certificate.pem");
    writeFileSync(file, certificate);
    const url = server.url.replace("//", "//me:se%20cret@");
    const { code, stderr } = await desk.bcat(["snapshots", "--repo", url]);
    expect([code, stderr]).toEqual([11, expect.stringMatching(/its certificate is signed by itself; --cacert/)]);
    const { code: done } = await desk.bcat(["snapshots", "--repo", url, "--cacert", file]);
    expect(done).toBe(0);
    const wrong = await desk.bcat(["snapshots", "--repo", url.replace("%20", ""), "--cacert", file]);
    expect(wrong.code).toBe(11);
    expect(wrong.stderr).toMatch(/^((?!secret).)*it wants a name and a password, or others \(status 401\)\n$/);
  });

  test("is read through limits, as a folder is; what is no limit is wrong usage", async () => {
    const server = await serve();
    for (const repository of [server.url, desk.repository]) {
      const limits = ["--limit-download", "08:00,900M 23:00,off", "--limit-upload", "500", "--repo", repository];
      const target = newTarget();
      expect(await desk.bcat(["restore", "latest", "all", target, ...limits])).toMatchObject({ code: 0 });
      expect(difference(target)).toBe("");
    }
    const { code, stderr } = await desk.bcat(["snapshots", "--limit-upload", "fast"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('cannot use --limit-upload: "fast" is no rate')]);
  });

  test("is read through the proxy that the environment names", async () => {
    const server = await serve();
    const proxy = await startForwardProxy("me:pw");
    const through = { http_proxy: `http://me:pw@127.0.0.1:${proxy.port}` };
    expect(await desk.bcat(["snapshots", "--repo", server.url], { env: through })).toMatchObject({ code: 0 });
    expect(proxy.asked).toContain(`GET ${server.url}/config`);
    expect(proxy.asked).toHaveLength(server.requests.length);
    const socks = { http_proxy: "socks5://me:pw@127.0.0.1:1" };
    expect(await desk.bcat(["snapshots", "--repo", server.url], { env: socks })).toMatchObject({
      code: 2,
      stderr: "bcat: cannot use http_proxy: its value is no proxy of the form http://host:port\n",
    });
    await proxy[Symbol.asyncDispose]();
  });

  test("that is none is said to be none, and a server of web pages to be one", async () => {
    const nothing = await serve({ find: () => undefined });
    const none = await desk.bcat(["snapshots", "--repo", nothing.url]);
    // Where bcat init makes none it is not named.
    expect([none.code, none.stderr]).toEqual([10, expect.stringMatching(/there is none; name another with --repo$/m)]);
    const pages = await serve({ find: () => undefined, page: "<!doctype html><title>App</title>" });
    const { code, stderr } = await desk.bcat(["snapshots", "--repo", pages.url]);
    expect([code, stderr]).toEqual([11, expect.stringContaining('cannot read "config" in http')]);
    expect(stderr).toContain("it answers with a web page; is this the address of a repository");
    // The repository itself is there; what comes after its last session is not.
    const both = await serve({ page: "<!doctype html><title>App</title>" });
    const listed = await desk.bcat(["snapshots", "--no-cache", "--repo", both.url]);
    expect([listed.code, listed.stderr]).toEqual([11, expect.stringContaining("it answers with a web page")]);
  });

  test("that lacks an object is damaged, as in a folder", async () => {
    const copy = join(scratch.path, "copy");
    cpSync(desk.repository, copy, { recursive: true });
    const server = await serve({ find: (path) => (path.startsWith("index/") ? undefined : filesIn(copy)(path)) });
    const run = (...words: string[]) => desk.bcat([...words, "--no-cache", "--repo", server.url]);
    expect(await run("check")).toMatchObject({ code: 21 });
    expect(await run("restore", "latest", "all", newTarget())).toMatchObject({ code: 1 });
  });
});
