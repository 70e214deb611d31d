/** Backups and restores over HTTP through a proxy that loses, cuts short, repeats and damages: the results are right. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createMemoryStorage, createRetryingStorage, type Storage } from "@bcat/storage";
import { openHttpStorage } from "@bcat/storage/http";
import { openTahoeStorage } from "@bcat/storage/tahoe";
import { createAgents } from "@bcat/storage/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { patience } from "./kit/patience.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { faultKinds, startFaultProxy } from "./servers/fault-proxy.js";
import { startHttpServer } from "./servers/http-server.js";
import { startTahoeServer } from "./servers/tahoe-server.js";
import { wireClock } from "./servers/wire-clock.js";

/** Long enough for a busy machine, as an answer that comes later only costs another attempt. */
const idleTimeoutMs = 100 * patience;
/** No time passes, so a request is tried again until it is done. */
const timeless = { now: () => 0, sleep: async () => {}, random: () => 0 };

let scratch: Scratch;
let source: string;
const toClose: (() => unknown)[] = [];
beforeEach(() => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  mkdirSync(source);
  for (let number = 0; number < 40; number++)
    writeFileSync(join(source, `${number}`), randomBytesOf(`${number}`, number * 1_000));
});
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
  await scratch[Symbol.asyncDispose]();
});

function kept<T extends AsyncDisposable>(server: T): T {
  toClose.push(() => server[Symbol.asyncDispose]());
  return server;
}

function makeAgents() {
  const agents = createAgents({ clock: wireClock, idleTimeoutMs });
  toClose.push(() => agents.close());
  return agents;
}

const retrying = (storage: Storage) => createRetryingStorage(storage, { ...timeless, retryForMs: 1 });

/** Packs are small, so that there are many requests. */
const sizes = { packSize: 65_536 };

async function restored(client: Client): Promise<string> {
  const target = join(scratch.path, "target");
  await client.restore("all", target);
  const difference = execFileSync("diff", ["-r", source, target]).toString();
  execFileSync("rm", ["-r", target]);
  return difference;
}

describe("over a network with faults", () => {
  test.each([
    ...(isLongRun
      ? ([
          [0.01, 1],
          [0.1, 2],
        ] as const)
      : []),
    [0.1, 3] as const,
    [0.3, 4] as const,
  ])("a rate of %f does no harm to backups and restores (seed %i)", async (rate, seed) => {
    const server = kept(await startTahoeServer());
    const proxy = kept(await startFaultProxy({ port: server.port, seed, rate }));
    const agents = makeAgents();
    const at = (port: number) => new URL(server.url.replace(`:${server.port}/`, `:${port}/`));
    const open = (port: number) => openTahoeStorage({ url: at(port), location: "tahoe:test", agents });
    const hosts = isLongRun ? ["one", "two", "three"] : ["one", "two"];
    const numbers: number[] = [];
    for (let round = 0; round < 2; round++) {
      writeFileSync(join(source, `new-${round}`), randomBytesOf(`new ${round}`, 50_000));
      for (const host of hosts) {
        await using client = await openClient(retrying(open(proxy.port)), { host, sizes });
        numbers.push((await client.backup([source])).snapshotNumber!);
        expect(await restored(client)).toBe("");
      }
    }
    // A session whose number got lost on the way burns it; none is given twice.
    expect(new Set(numbers).size).toBe(2 * hosts.length);
    await using witness = await openClient(retrying(open(server.port)), { host: "witness" });
    expect(await restored(witness)).toBe("");
    const requests = proxy.counts.get("requests")!;
    const faults = faultKinds.reduce((sum, kind) => sum + (proxy.counts.get(kind) ?? 0), 0);
    expect(faults).toBeGreaterThan((requests * rate) / 4);
    if (rate >= 0.3) for (const kind of faultKinds) expect([kind, proxy.counts.get(kind) ?? 0]).not.toEqual([kind, 0]);
  });

  test("a web server is read as it is, with ranges and without", async () => {
    const memory = createMemoryStorage();
    await using writer = await openClient(memory, { sizes });
    await writer.backup([source]);
    for (const lacksRanges of [false, true]) {
      const server = kept(await startHttpServer({ find: (path) => memory.objects.get(path), lacksRanges }));
      const proxy = kept(await startFaultProxy({ port: server.port, seed: 5, rate: 0.2 }));
      const url = new URL(`http://127.0.0.1:${proxy.port}`);
      const storage = openHttpStorage({ url, agents: makeAgents(), onNotice: () => {} });
      await using client = await openClient(retrying(storage));
      expect(await restored(client)).toBe("");
      expect(proxy.counts.get("requests")).toBeGreaterThan(10);
    }
  });

  test("half of the requests lost ends in a fault of the storage, or in a snapshot that is whole", async () => {
    const server = kept(await startTahoeServer());
    const agents = makeAgents();
    const open = (port: number) => {
      const url = new URL(server.url.replace(`:${server.port}/`, `:${port}/`));
      return openTahoeStorage({ url, location: "tahoe:test", agents });
    };
    await using witness = await openClient(retrying(open(server.port)), { host: "witness" });
    const tallies = { done: 0, failed: 0 };
    for (let seed = 0; seed < 4; seed++) {
      const proxy = kept(
        await startFaultProxy({ port: server.port, seed, rate: 0.5, kinds: ["reset", "failed", "unanswered"] }),
      );
      const storage = createRetryingStorage(open(proxy.port), { ...timeless, retryForMs: 0 });
      try {
        await using client = await openClient(storage, { host: `${seed}`, sizes });
        await client.backup([source]);
        tallies.done++;
      } catch (error) {
        expect(error).toMatchObject({ code: "storage-failed" });
        tallies.failed++;
      }
    }
    expect(tallies.failed).toBeGreaterThan(0);
    await witness.backup([source]);
    expect(await restored(witness)).toBe("");
  });
});
