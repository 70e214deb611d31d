/** Backups into a bucket and restores from it through a proxy that loses, cuts short, repeats and damages. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRetryingStorage, type Storage } from "@bcat/storage";
import { openS3Storage } from "@bcat/storage/s3";
import { createAgents } from "@bcat/storage/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { patience } from "./kit/patience.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { faultKinds, startFaultProxy } from "./servers/fault-proxy.js";
import { startS3Server, testUser } from "./servers/s3-server.js";
import { wireClock } from "./servers/wire-clock.js";

/** Long enough for a busy machine, as an answer that comes later only costs another attempt. */
const idleTimeoutMs = 150 * patience;
const hosts = isLongRun ? ["one", "two", "three"] : ["one", "two"];
/** Packs are small, so that there are many requests. */
const sizes = { packSize: 65_536 };
const keys = { AWS_ACCESS_KEY_ID: testUser.accessKey, AWS_SECRET_ACCESS_KEY: testUser.secretKey };

let scratch: Scratch;
let source: string;
const before = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, keys, { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" });
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  mkdirSync(source);
  for (let number = 0; number < 40; number++)
    writeFileSync(join(source, `${number}`), randomBytesOf(`${number}`, number * 1_000));
});
afterEach(async () => {
  for (const name of Object.keys(keys)) delete process.env[name];
  Object.assign(process.env, before);
  await scratch[Symbol.asyncDispose]();
});

/** No time passes, so a request is tried again until it is done. */
const retrying = (storage: Storage) =>
  createRetryingStorage(storage, { now: () => 0, sleep: async () => {}, random: () => 0, retryForMs: 1 });

test.each([...(isLongRun ? [[0.1, 2] as const] : []), [0.3, 3] as const])(
  "faults at a rate of %f do no harm to backups into a bucket and restores (seed %i)",
  async (rate, seed) => {
    await using server = await startS3Server({ users: [testUser] });
    await using proxy = await startFaultProxy({ port: server.port, seed, rate });
    const agents = createAgents({ clock: wireClock, idleTimeoutMs });
    const open = (port: number) => {
      const endpoint = `http://127.0.0.1:${port}`;
      const place = { bucket: "bucket", prefix: "x", location: "s3:test" };
      return openS3Storage({ ...place, endpoint, agents, idleTimeoutMs, onNotice: () => {} });
    };
    const target = join(scratch.path, "target");
    const numbers: number[] = [];
    for (const host of hosts) {
      await using client = await openClient(retrying(open(proxy.port)), { host, sizes });
      writeFileSync(join(source, `of ${host}`), randomBytesOf(host, 50_000));
      numbers.push((await client.backup([source])).snapshotNumber!);
      await client.restore("all", target);
      expect(execFileSync("diff", ["-r", source, target]).toString()).toBe("");
      execFileSync("rm", ["-r", target]);
    }
    expect(new Set(numbers).size).toBe(hosts.length);
    const faults = faultKinds.reduce((sum, kind) => sum + (proxy.counts.get(kind) ?? 0), 0);
    expect(faults).toBeGreaterThan((proxy.counts.get("requests")! * rate) / 4);
    agents.close();
  },
);
