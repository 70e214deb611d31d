/** Reading over HTTP: the conformance suite against a static server, and what servers do wrong. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { describeStorage } from "@bcat/storage/conformance";
import { openHttpStorage } from "@bcat/storage/http";
import { createAgents } from "@bcat/storage/wire";
import { afterEach, describe, expect, test } from "vitest";
import { type HttpServerOptions, startHttpServer } from "./servers/http-server.js";
import { wireClock } from "./servers/wire-clock.js";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

/** A static server over `memory`, and the storage that reads from it. */
async function start(options: Partial<HttpServerOptions> = {}, credentials?: string) {
  const memory = createMemoryStorage();
  const find = (path: string) => (path.startsWith("a/b/") ? memory.objects.get(path.slice("a/b/".length)) : undefined);
  const server = await startHttpServer({ find, ...options });
  const agents = createAgents({ clock: wireClock });
  const notices: string[] = [];
  const url = new URL(`${server.url}/a/b/`);
  const storage = openHttpStorage({ url, credentials, agents, onNotice: (line) => notices.push(line) });
  const dispose = async () => {
    agents.close();
    await server[Symbol.asyncDispose]();
  };
  return { memory, server, storage, notices, dispose };
}

async function startKept(options: Partial<HttpServerOptions> = {}, credentials?: string) {
  const started = await start(options, credentials);
  toClose.push(started.dispose);
  return started;
}

for (const lacksRanges of [false, true]) {
  describeStorage(`HTTP ${lacksRanges ? "without" : "with"} ranges, written behind its back`, async () => {
    const { memory, storage, dispose } = await start({ lacksRanges });
    const { get, location } = { get: storage.get.bind(storage), location: storage.location };
    const { put, putIfAbsent, delete: remove } = memory;
    const both: Storage = {
      location,
      get,
      put: put.bind(memory),
      putIfAbsent: putIfAbsent.bind(memory),
      delete: remove.bind(memory),
    };
    return { storage: both, dispose };
  });
}

const object = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7);
const range = { offset: 1_000, length: 2_000 };

describe("openHttpStorage()", () => {
  test("asks for parts with ranges, one request each", async () => {
    const { memory, storage, server, notices } = await startKept();
    await memory.put("packs/ab/1", object);
    expect(await storage.get("packs/ab/1", { range })).toEqual(object.slice(1_000, 3_000));
    expect(server.requests).toEqual(["GET /a/b/packs/ab/1 bytes=1000-2999"]);
    expect(notices).toEqual([]);
  });

  test("loads an object once for all its ranges where there are none, and says so once", async () => {
    const { memory, storage, server, notices } = await startKept({ lacksRanges: true });
    await memory.put("packs/ab/1", object);
    await memory.put("packs/ab/2", object);
    const offsets = [0, 1_000, 290_000, 299_999, 400_000];
    const read = (name: string) =>
      Promise.all(offsets.map((offset) => storage.get(name, { range: { offset, length: 5_000 } })));
    for (const name of ["packs/ab/1", "packs/ab/2"]) {
      const answers = await read(name);
      for (const [index, offset] of offsets.entries())
        expect(Buffer.compare(answers[index]!, object.subarray(offset, offset + 5_000))).toBe(0);
    }
    expect(server.requests.filter((line) => line === "GET /a/b/packs/ab/1")).toHaveLength(1);
    expect(server.requests.filter((line) => line.startsWith("GET /a/b/packs/ab/2"))).toEqual(["GET /a/b/packs/ab/2"]);
    expect(notices).toEqual([
      `${storage.location}: the server gives no parts of files; reading whole ones, which is slower`,
    ]);
  });

  test("takes 410 for missing, and 416 for nothing there", async () => {
    const { storage } = await startKept({ misbehave: (_, outgoing) => status(outgoing, 410) });
    expect(await storage.get("config")).toBeUndefined();
    const { memory, storage: other } = await startKept();
    await memory.put("object", new Uint8Array(10));
    expect(await other.get("object", { range: { offset: 10, length: 5 } })).toHaveLength(0);
  });

  test("has no listing, and refuses to write and to delete", async () => {
    const { storage, server } = await startKept();
    expect(storage.list).toBeUndefined();
    for (const write of [
      storage.put("config", object),
      storage.putIfAbsent("config", object),
      storage.delete?.("config"),
    ])
      await expect(write).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(/"config" in http:.*: a repository over HTTP is read-only$/),
      });
    expect(server.requests).toEqual([]);
  });

  test("sends a name and a password, and never shows them", async () => {
    const { memory, storage } = await startKept({ credentials: "me:se cret" }, "me:se cret");
    await memory.put("config", object);
    expect(await storage.get("config")).toHaveLength(object.length);
    const { storage: other } = await startKept({ credentials: "me:right" }, "me:se cret");
    await expect(other.get("config")).rejects.toThrow(
      /^((?!se cret|me:).)*it wants a name and a password, or others \(status 401\)$/,
    );
  });

  const page = (_: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
    return true;
  };
  const part = (contentRange: string | undefined, size: number) => (_: IncomingMessage, outgoing: ServerResponse) => {
    outgoing.writeHead(206, contentRange === undefined ? {} : { "content-range": contentRange });
    outgoing.end(Buffer.alloc(size));
    return true;
  };
  test.each([
    ["a web page", page, "it answers with a web page", true],
    ["403", (_: IncomingMessage, to: ServerResponse) => status(to, 403), "it gives no permission (status 403)", true],
    ["500", (_: IncomingMessage, to: ServerResponse) => status(to, 500), "it failed (status 500)", false],
    ["503", (_: IncomingMessage, to: ServerResponse) => status(to, 503), "it is not there now (status 503)", false],
    ["501", (_: IncomingMessage, to: ServerResponse) => status(to, 501), "it cannot do that (status 501)", true],
    ["another part", part("bytes 1001-3000/300000", 2_000), "asked for 2000 bytes from 1000, it sends", false],
    ["too little", part("bytes 1000-1999/300000", 1_000), "asked for 2000 bytes from 1000, it sends", false],
    ["less than it says", part("bytes 1000-2999/300000", 1_999), "asked for 2000 bytes from 1000, it sends", false],
    ["more than asked", part("bytes 1000-3000/300000", 2_001), "asked for 2000 bytes from 1000, it sends", false],
    ["an unnamed part", part(undefined, 2_000), "it sends a part without saying which", false],
  ])("calls %s a fault", async (_, misbehave, message, isFinal) => {
    const { storage } = await startKept({ misbehave });
    await expect(storage.get("packs/ab/1", { range })).rejects.toMatchObject({
      code: "storage-failed",
      isFinal,
      message: expect.stringContaining(`Cannot read "packs/ab/1" in ${storage.location}: `),
    });
    await expect(storage.get("packs/ab/1", { range })).rejects.toThrow(message);
  });

  test("calls an answer that is cut short, compressed, or sent elsewhere a fault", async () => {
    const faults: ((outgoing: ServerResponse) => void)[] = [
      (to) => to.writeHead(200, { "content-length": 100 }).write("x", () => to.destroy()),
      (to) => to.writeHead(200, { "content-encoding": "gzip" }).end("x"),
      (to) => to.writeHead(302, { location: "https://me:pw@elsewhere.example/" }).end(),
      (to) => to.writeHead(416, { "content-range": "bytes */5000" }).end(),
    ];
    const messages = [
      "the connection was lost (ECONNRESET)",
      "it compresses what it sends, though asked not to",
      "it sends to another address (status 302); give that one",
      "it refuses to send from 1000 of 5000 bytes",
    ];
    for (const [index, fault] of faults.entries()) {
      const misbehave = (_: IncomingMessage, outgoing: ServerResponse) => {
        fault(outgoing);
        return true;
      };
      const { storage } = await startKept({ misbehave });
      await expect(storage.get("packs/ab/1", { range })).rejects.toThrow(messages[index]);
    }
  });
});

function status(outgoing: ServerResponse, code: number): boolean {
  outgoing.writeHead(code).end();
  return true;
}
