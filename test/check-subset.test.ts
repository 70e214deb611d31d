/** A check that reads a part of the data each time, and remembers which. */
import * as fs from "node:fs";
import { join } from "node:path";
import { check, type DataSubset } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const DAY_MS = 86_400_000;
const isPack = (name: string) => name.startsWith("packs/");

/** Notes the packs that are read whole. */
function noting(inner: MemoryStorage, read: Set<string>): Storage {
  return {
    location: inner.location,
    put: (name, bytes) => inner.put(name, bytes),
    putIfAbsent: (name, bytes) => inner.putIfAbsent(name, bytes),
    list: (prefix) => inner.list(prefix),
    async get(name, options) {
      if (isPack(name) && options?.range === undefined) read.add(name);
      return await inner.get(name, options);
    },
  };
}

describe("check of a part of the data", () => {
  let scratch: Scratch;
  let storage: MemoryStorage;
  let packs: string[];
  let days = 0;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 22)!;
    const source = join(scratch.path, "source");
    fs.mkdirSync(source);
    for (let i = 0; i < 12; i++) fs.writeFileSync(join(source, String(i)), randomBytesOf(`${i}`, 20_000));
    storage = createMemoryStorage();
    await using client = await openClient(storage, { sizes: { packSize: 40_000 } });
    await client.backup([source]);
    packs = [...storage.objects.keys()].filter(isPack);
    expect(packs.length).toBeGreaterThan(5);
  });
  afterEach(() => scratch[Symbol.asyncDispose]());

  const run = async (readData: DataSubset | true, cacheDirectory: string | undefined = join(scratch.path, "cache")) => {
    const read = new Set<string>();
    await using client = await openClient(noting(storage, read), { cacheDirectory });
    client.time = ++days * DAY_MS;
    const summary = await check(client.repository, { readData });
    expect(summary.packsRead + summary.neverRead).toBeLessThanOrEqual(packs.length);
    return { read, summary };
  };

  test("by share reads what was read longest ago, until all was read", async () => {
    const seen = new Set<string>();
    /** The last run that has read a pack. */
    const runs = new Map<string, number>();
    for (let left = packs.length; left > 0; ) {
      const { read, summary } = await run({ kind: "share", percent: 25 });
      expect(read.size).toBeGreaterThan(0);
      // The last one has room for more than is left.
      if (summary.neverRead > 0) for (const name of read) expect(seen.has(name)).toBe(false);
      for (const name of read) runs.set(name, days);
      for (const name of read) seen.add(name);
      left = summary.neverRead;
      expect(left).toBe(packs.length - seen.size);
    }
    const { read, summary } = await run({ kind: "share", percent: 1 });
    expect(read.size).toBe(1);
    expect(runs.get([...read][0]!)).toBe(Math.min(...runs.values()));
    expect(summary).toMatchObject({ neverRead: 0, packsRead: 1 });
    expect(summary.oldestRead).toBeLessThanOrEqual((days - 1) * DAY_MS);
  });

  test("by size reads at least as many bytes, and one pack at least", async () => {
    expect((await run({ kind: "size", bytes: 1 })).read.size).toBe(1);
    const { read } = await run({ kind: "size", bytes: 100_000 });
    const bytes = [...read].map((name) => storage.objects.get(name)!.length);
    expect(bytes.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(100_000);
    expect((await run({ kind: "size", bytes: 2 ** 40 })).read.size).toBe(packs.length);
  });

  test("by parts reads each pack in exactly one of them, with or without a cache", async () => {
    const times = new Map<string, number>();
    for (let part = 1; part <= 3; part++) {
      const { read } = await run({ kind: "part", part, parts: 3 }, undefined);
      for (const name of read) times.set(name, (times.get(name) ?? 0) + 1);
    }
    expect([...times.keys()].sort()).toEqual([...packs].sort());
    expect(new Set(times.values())).toEqual(new Set([1]));
  });

  test("reads a damaged pack again in the next run: it counts as not read", async () => {
    const [pack] = packs as [string];
    storage.objects.get(pack)![5]! ^= 1;
    await run(true);
    const { read, summary } = await run({ kind: "size", bytes: 1 });
    expect([...read]).toEqual([pack]);
    expect(summary.damage).toBe(1);
  });

  test("remembers each place by itself, and takes a damaged memory for none", async () => {
    await run(true);
    const cache = join(scratch.path, "cache");
    const [memory] = fs
      .readdirSync(cache, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith("/reads"));
    fs.writeFileSync(join(cache, memory!), "no memory");
    const { summary } = await run({ kind: "size", bytes: 1 });
    expect(summary.neverRead).toBe(packs.length - 1);
  });
});
