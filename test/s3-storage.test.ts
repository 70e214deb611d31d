/** The storage in a bucket against a server that checks what it is told, and against servers that misbehave. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import type { ListedObject } from "@bcat/storage";
import { describeStorage } from "@bcat/storage/conformance";
import { openS3Storage, type S3Storage, type S3StorageOptions } from "@bcat/storage/s3";
import { createAgents } from "@bcat/storage/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sliceOf } from "./kit/long-run.js";
import { patience } from "./kit/patience.js";
import {
  type LoggedRequest,
  type S3Server,
  type S3ServerOptions,
  startS3Server,
  testUser,
} from "./servers/s3-server.js";
import { S3Fault } from "./servers/s3-xml.js";
import { wireClock } from "./servers/wire-clock.js";

const environment = { AWS_ACCESS_KEY_ID: testUser.accessKey, AWS_SECRET_ACCESS_KEY: testUser.secretKey };
const touched = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"];
const before = Object.fromEntries(touched.map((name) => [name, process.env[name]]));

beforeEach(() => {
  for (const name of touched) delete process.env[name];
  Object.assign(process.env, environment, {
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_CONFIG_FILE: "/nonexistent",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
  });
});
afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const notices: string[] = [];

function open({ url }: { url: string }, options: Partial<S3StorageOptions> = {}): S3Storage {
  notices.length = 0;
  return openS3Storage({
    location: `s3:${url}/bucket/prefix`,
    bucket: "bucket",
    prefix: "prefix",
    endpoint: url,
    onNotice: (line) => notices.push(line),
    ...options,
  });
}

const kinds: readonly [name: string, server: S3ServerOptions, storage: Partial<S3StorageOptions>][] = [
  ["s3 storage", {}, {}],
  ["s3 storage with pages of 3 keys and empty pages", { pageSize: 3, emptyPages: true }, { prefix: "" }],
  ["s3 storage with listings of version 1", { pageSize: 3 }, { listVersion: 1 }],
  ["s3 storage without checksum headers", { refusesChecksums: true }, {}],
];
for (const [name, server, storage] of sliceOf(kinds, 2))
  describeStorage(name, async () => {
    const running = await startS3Server({ users: [testUser], ...server });
    return { storage: open(running, storage), dispose: async () => await running[Symbol.asyncDispose]() };
  });

describe("s3 storage", () => {
  let server: S3Server;
  beforeEach(async () => {
    server = await startS3Server({ users: [testUser] });
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const bytes = Uint8Array.of(1, 2, 3);
  const change = (options: S3ServerOptions) => {
    server.options = { users: [testUser], ...options };
  };
  const once = (answer: (request: LoggedRequest) => ReturnType<NonNullable<S3ServerOptions["intercept"]>>) => {
    let isDone = false;
    change({
      intercept: (request) => {
        if (isDone) return undefined;
        isDone = true;
        return answer(request);
      },
    });
  };

  test("each call is one request, a put of it signed, conditional and with its SHA-256", async () => {
    const storage = open(server);
    await storage.putIfAbsent("config", bytes);
    await storage.put("packs/ab/1", bytes);
    await storage.get("config");
    expect(server.log.map(({ method, key, status }) => `${method} ${key} ${status}`)).toEqual([
      "PUT prefix/config 200",
      "PUT prefix/packs/ab/1 200",
      "GET prefix/config 200",
    ]);
    const [{ headers }] = server.log as [LoggedRequest];
    expect(headers["if-none-match"]).toBe("*");
    expect(headers["x-amz-checksum-sha256"]).toBe("A5BYxvLAy0ksUzsKTRTvd8wPeKvMztUofYShogEc+4E=");
    expect(headers["x-amz-content-sha256"]).toMatch(/^[0-9a-f]{64}$/);
    expect(headers.expect).toBeUndefined();
    expect(headers["content-encoding"]).toBeUndefined();
  });

  test("only packs of data get the storage class", async () => {
    const storage = open(server, { storageClass: "STANDARD_IA" });
    await storage.put("packs/ab/1", bytes, { kind: "data" });
    await storage.put("packs/ab/2", bytes);
    await storage.putIfAbsent("config", bytes);
    const classes = [...server.buckets.get("bucket")!.objects.values()].map(({ storageClass }) => storageClass);
    expect(classes).toEqual(["STANDARD_IA", "STANDARD", "STANDARD"]);
  });

  test("a large object that is there already is compared, not fetched at once", async () => {
    const storage = open(server);
    const large = new Uint8Array(5 * 2 ** 20);
    await storage.put("object", large);
    await storage.put("object", large);
    expect(server.log.slice(2).map(({ method, bytesOut }) => [method, bytesOut])).toEqual([
      ["HEAD", large.length],
      ["GET", 4 * 2 ** 20],
      ["GET", 2 ** 20],
    ]);
  });

  test("the bucket may stand in the name of the host", async () => {
    const lookup: LookupFunction = (_name, { all }, found) => {
      if (all === true) found(null, [{ address: "127.0.0.1", family: 4 }]);
      else found(null, "127.0.0.1", 4);
    };
    const agents = { http: new HttpAgent({ lookup }), https: new HttpsAgent() };
    const endpoint = `http://example.org:${server.port}`;
    const storage = open(server, { endpoint, pathStyle: false, agents });
    await storage.put("object", bytes);
    expect(await storage.get("object")).toEqual(bytes);
    expect(server.log[0]?.headers.host).toBe(`bucket.example.org:${server.port}`);
    expect([...server.buckets.get("bucket")!.objects.keys()]).toEqual(["prefix/object"]);
  });

  test("a bucket is made only when asked, once", async () => {
    const storage = open(server, { bucket: "other" });
    await expect(storage.put("object", bytes)).rejects.toThrow(/no such bucket/);
    expect(await storage.createBucket()).toBe(true);
    expect(await storage.createBucket()).toBe(false);
    await storage.put("object", bytes);
    expect([...server.buckets.keys()]).toEqual(["bucket", "other"]);
  });

  test("a region that the server names is used from then on, and said", async () => {
    change({ region: "eu-central-1" });
    const storage = open(server);
    await storage.put("object", bytes);
    expect(await storage.get("object")).toEqual(bytes);
    expect(server.log.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(notices).toEqual([expect.stringMatching(/region eu-central-1.*--s3-region/)]);
  });

  test("a clock that is behind is put right by the server's, and said", async () => {
    change({ clockAhead: 20 * 60_000 });
    const storage = open(server);
    await storage.put("object", bytes);
    expect(server.log.map(({ status }) => status)).toEqual([403, 200]);
    expect(notices).toEqual([expect.stringMatching(/20 minutes behind the server's/)]);
  });

  test("an anonymous one reads what is public, and signs nothing", async () => {
    await open(server).put("object", bytes);
    change({ isPublic: true });
    delete process.env.AWS_ACCESS_KEY_ID;
    const storage = open(server, { anonymous: true });
    expect(await storage.get("object")).toEqual(bytes);
    expect(server.log.at(-1)?.headers.authorization).toBeUndefined();
    await expect(storage.put("other", bytes)).rejects.toThrow(/access denied.*--s3-anonymous/);
  });

  test("where conditions are not known, putIfAbsent() fails for good, and put() does without", async () => {
    change({ putIfAbsent: "refused" });
    const storage = open(server);
    await expect(storage.putIfAbsent("config", bytes)).rejects.toMatchObject({
      message: expect.stringMatching(/the service cannot do this \(501 NotImplemented\)/),
      isFinal: true,
    });
    await storage.put("packs/ab/1", bytes);
    server.log.length = 0;
    await storage.put("packs/ab/2", bytes);
    expect(server.log.map(({ method, status }) => `${method} ${status}`)).toEqual(["PUT 200"]);
    expect(server.log[0]?.headers["x-amz-checksum-sha256"]).toBeDefined();
  });

  test("two that decide at once are asked to come again", async () => {
    once(() => new S3Fault(409, "ConditionalRequestConflict", "Conflict"));
    await expect(open(server).putIfAbsent("log/1", bytes)).rejects.toMatchObject({
      code: "storage-failed",
      isFinal: false,
      message: expect.stringMatching(/another request decides the same object \(409 ConditionalRequestConflict\)$/),
    });
  });

  test.each([[1], [2]] as const)(
    "a listing of version %i says until when a class is charged for",
    async (listVersion) => {
      const storage = open(server, { storageClass: "GLACIER_IR", listVersion });
      await storage.put("packs/ab/1", bytes, { kind: "data" });
      await storage.put("packs/ab/2", bytes);
      const listed: ListedObject[] = [];
      for await (const object of storage.list("packs/")) listed.push(object);
      // The server gives all objects this time.
      const chargedUntil = Date.parse("2026-01-01") + 90 * 86_400_000;
      expect(listed).toEqual([
        { name: "packs/ab/1", size: bytes.length, chargedUntil },
        { name: "packs/ab/2", size: bytes.length },
      ]);
    },
  );

  test("a listing that does not get on is an error", async () => {
    const storage = open(server);
    await storage.put("object", bytes);
    change({ stuckToken: true });
    const read = async () => {
      for await (const _ of storage.list(""));
    };
    await expect(read()).rejects.toThrow(/Cannot list "" in .*: the listing does not get on/);
  });

  test.each<[what: string, options: S3ServerOptions, isFinal: boolean, says: RegExp]>([
    ["an unknown key", { users: [] }, true, /does not know this access key \(403 InvalidAccessKeyId\)$/],
    [
      "a wrong secret",
      { users: [{ ...testUser, secretKey: "x" }] },
      true,
      /does not fit.*\(403 SignatureDoesNotMatch\)$/,
    ],
    ["an expired token", { users: [{ ...testUser, isExpired: true }] }, true, /expired.*\(400 ExpiredToken\)$/],
    ["no right to read", { users: [{ ...testUser, may: ["list"] }] }, true, /access denied \(403 AccessDenied\)/],
    ["no right to list", { users: [{ ...testUser, may: ["read"] }] }, true, /denied.*right to list is missing/],
    ["too many requests", { intercept: () => new S3Fault(503, "SlowDown") }, false, /slow down \(503 SlowDown\)$/],
    [
      "an error inside",
      { intercept: () => new S3Fault(500, "InternalError") },
      false,
      /inside the service \(500 Inter/,
    ],
    ["a full disk", { intercept: () => new S3Fault(507, "InsufficientStorage") }, true, /no space left \(507/],
    ["a quota", { intercept: () => new S3Fault(400, "QuotaExceeded") }, true, /quota is used up \(400 QuotaExceeded\)/],
    [
      "what nobody knows",
      { intercept: () => new S3Fault(418, "Teapot", "I am\n short") },
      true,
      /\(418 Teapot\): I am short$/,
    ],
    ["a page of a proxy", { intercept: () => (r) => void r.writeHead(502).end("<html>bad") }, false, /refuses \(502\)/],
    ["a reset", { intercept: () => (response) => void response.destroy() }, false, /lost \(ECONNRESET\)/],
  ])("%s is said in words", async (_, options, isFinal, says) => {
    change(options);
    const failure = open(server).get("config");
    await expect(failure).rejects.toThrow(/^Cannot read "config" in s3:http:\/\/127\.0\.0\.1:\d+\/bucket\/prefix: /);
    await expect(failure).rejects.toMatchObject({ isFinal, message: expect.stringMatching(says) });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(testUser.secretKey) });
  });

  test("a large body that is refused before it has arrived is not sent to its end", async () => {
    change({ intercept: () => (response) => void response.writeHead(507).end() });
    await expect(open(server).put("object", new Uint8Array(2 ** 24))).rejects.toThrow(/no space left \(507\)$/);
    change({});
    await open(server).put("object", bytes);
  });

  test("a bucket that is not there, or no server, is said", async () => {
    await expect(open(server, { bucket: "other" }).get("config")).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(
        /there is no such bucket; bcat init --create-bucket makes one \(404 NoSuchBucket\)$/,
      ),
    });
    await expect(open({ url: "http://127.0.0.1:1" }).get("config")).rejects.toMatchObject({
      isFinal: false,
      message: expect.stringMatching(/nothing listens there \(ECONNREFUSED\)$/),
    });
  });

  test("no credentials are said, and where to put them", async () => {
    delete process.env.AWS_ACCESS_KEY_ID;
    await expect(open(server).get("config")).rejects.toMatchObject({
      isFinal: true,
      message: expect.stringMatching(/no credentials: set AWS_ACCESS_KEY_ID/),
    });
    expect(server.log).toEqual([]);
  });

  test("an answer to a long body is waited for longer when none came", async () => {
    const idleTimeoutMs = 100 * patience;
    change({
      intercept: () => (response) => void setTimeout(() => response.writeHead(200).end(), 2.5 * idleTimeoutMs),
    });
    const agents = createAgents({ clock: wireClock, idleTimeoutMs });
    const storage = open(server, { idleTimeoutMs, agents });
    const bytes = Buffer.alloc(2 * 2 ** 20);
    const outcomes: string[] = [];
    for (const name of ["first", "second", "third", "fourth"])
      await storage.put(name, bytes).then(
        () => outcomes.push("stored"),
        () => outcomes.push("given up"),
      );
    agents.close();
    expect(outcomes).toEqual(["given up", "given up", "stored", "stored"]);
  });

  describe("a body", () => {
    const whole = Buffer.from("0123456789");
    const answer = (write: (response: import("node:http").ServerResponse) => void) =>
      change({ intercept: () => (response) => void write(response) });

    test("that falls silent is given up", async () => {
      answer((response) => void response.writeHead(200, { "Content-Length": 10 }).write("01234"));
      const storage = open(server, { idleTimeoutMs: 50 });
      await expect(storage.get("object")).rejects.toMatchObject({
        isFinal: false,
        message: expect.stringMatching(/no answer for 0.05 seconds$/),
      });
    });

    test("that is cut short is an error", async () => {
      answer((response) => response.writeHead(200, { "Content-Length": 10 }).write("01234", () => response.destroy()));
      await expect(open(server).get("object")).rejects.toMatchObject({ code: "storage-failed", isFinal: false });
    });

    test("of another range is an error", async () => {
      answer((response) => response.writeHead(206, { "Content-Range": "bytes 1-3/10" }).end("123"));
      await expect(open(server).get("object", { range: { offset: 0, length: 3 } })).rejects.toThrow(/another range/);
    });

    test("without its range is read up to the end of the range", async () => {
      answer((response) => response.writeHead(200, { "Content-Length": 10 }).end(whole));
      const range = { offset: 3, length: 4 };
      expect(Buffer.from((await open(server).get("object", { range }))!).toString()).toBe("3456");
    });

    test("of a wider range than asked for is cut to it", async () => {
      answer((response) => response.writeHead(206, { "Content-Range": "bytes 1-8/10" }).end(whole.subarray(1, 9)));
      const range = { offset: 3, length: 4 };
      expect(Buffer.from((await open(server).get("object", { range }))!).toString()).toBe("3456");
    });

    test("of unknown length is read", async () => {
      answer((response) => void response.writeHead(200).end(whole));
      expect(Buffer.from((await open(server).get("object"))!).toString()).toBe("0123456789");
    });
  });

  test("an abort in mid-body rejects with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    change({
      intercept: () => (response) => {
        response.writeHead(200, { "Content-Length": 10 }).write("01234", () => controller.abort(reason));
      },
    });
    await expect(open(server).get("object", { signal: controller.signal })).rejects.toBe(reason);
  });
});
