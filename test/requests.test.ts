/** How many requests each command makes, at 100 snapshots of 20 hosts (in a slice, at 40), with a cache and without. */
import * as fs from "node:fs";
import { join } from "node:path";
import {
  type Environment,
  findConfig,
  initRepository,
  keepOpening,
  openRepository,
  type Repository,
  reopenRepository,
  unlockRepository,
} from "@bcat/repository";
import { check, findSnapshot, listEntries, listSnapshots, restore } from "@bcat/snapshot";
import {
  createFaultyStorage,
  createMemoryStorage,
  createMeteredStorage,
  type MemoryStorage,
  Meter,
  type Operation,
  type Storage,
} from "@bcat/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const HOSTS = 20;
const SNAPSHOTS = isLongRun ? 100 : 40;
const secret = { keyFile: new Uint8Array(32).fill(7) };

let scratch: Scratch;
let source: string;
let model: MemoryStorage;

const sourceOf = (host: number) => join(scratch.path, "sources", String(host));

beforeAll(async () => {
  scratch = makeScratch(2 ** 26)!;
  model = createMemoryStorage();
  const clients: Client[] = [];
  for (let i = 0; i < SNAPSHOTS; i++) {
    const host = i % HOSTS;
    fs.mkdirSync(sourceOf(host), { recursive: true });
    for (const name of ["a", "b"])
      fs.writeFileSync(join(sourceOf(host), name), randomBytesOf(`${name} ${host}`, 3_000));
    fs.writeFileSync(join(sourceOf(host), "changing"), randomBytesOf(`changing ${i}`, 3_000));
    clients[host] ??= await openClient(model, { host: `host ${host}` });
    clients[host].time = Date.now();
    await clients[host].backup([sourceOf(host)]);
  }
  for (const client of clients) await client[Symbol.asyncDispose]();
  source = sourceOf(0);
});
afterAll(async () => await scratch[Symbol.asyncDispose]());

/** Counts by kind and place: `get outcomes`. */
function tally(operations: readonly Operation[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, name } of operations) {
    const key = `${kind} ${name.split("/")[0]}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

/** Opens a repository as the command line does, with what was kept of config and key slot in a place behind a network. */
async function openKept(storage: Storage, environment: Environment): Promise<Repository> {
  const reopened = await reopenRepository(storage, async () => secret, environment);
  if (reopened !== undefined) return reopened;
  const config = await findConfig(storage, environment);
  const { rootKey, slot, slotName } = await unlockRepository(storage, secret, environment, { config });
  const repository = await openRepository(storage, rootKey, environment, { config });
  keepOpening(environment, { config: config!, slot, slotName, logHead: repository.history.logHead });
  return repository;
}

/** What `act` asks of the storage, opening included. */
async function count(storage: MemoryStorage, cache: string | undefined, act: (client: Client) => Promise<unknown>) {
  const meter = new Meter();
  const counting = createFaultyStorage(createMeteredStorage(storage, meter));
  const options = {
    host: "host 0",
    open: openKept,
    keepsTrees: true,
    ...(cache === undefined ? {} : { cacheDirectory: cache }),
  };
  await using client = await openClient(counting, options);
  client.time = Date.now();
  await act(client);
  const counts = tally(counting.operations);
  expect(meter.total).toBe(sum(counts));
  process.stdout.write(`requests: ${expect.getState().currentTestName}: ${sum(counts)} ${JSON.stringify(counts)}\n`);
  return counts;
}

/** Of each root of the newest snapshot, whether its scan lies in the outcome and in no pack. */
async function inlineScans(storage: MemoryStorage): Promise<boolean[]> {
  await using client = await openClient(storage);
  const { snapshot } = await findSnapshot(client.repository, "latest");
  return snapshot.roots.map(({ scan }) => scan[0] === 0);
}

/** A cache that knows all, and the repository it is of. */
async function upToDate(): Promise<{ storage: MemoryStorage; cache: string }> {
  const storage = model.clone();
  const cache = fs.mkdtempSync(join(scratch.path, "cache-"));
  await using client = await openClient(storage, { host: "host 0", cacheDirectory: cache, open: openKept });
  await listSnapshots(client.repository);
  await client.repository.index();
  return { storage, cache };
}

test("unlocking and opening read the config once, and one key slot", async () => {
  const storage = createFaultyStorage(model);
  await using client = await openClient(model);
  const environment: Environment = client.repository.environment;
  const config = await findConfig(storage, environment);
  const { rootKey } = await unlockRepository(storage, secret, environment, { config });
  await using _ = await openRepository(storage, rootKey, environment, { config });
  expect(storage.operations.map(({ name }) => name)).toEqual(["config", "keys/1"]);
});

test("init", async () => {
  await using client = await openClient(model);
  const storage = createFaultyStorage(createMemoryStorage());
  await using _ = await initRepository(storage, { secret }, client.repository.environment);
  expect(storage.operations.length).toBeLessThanOrEqual(6);
});

test("an unchanged backup with a cache", async () => {
  const { storage, cache } = await upToDate();
  // The newest snapshot is this client's, as it is for who backs up alone; its scan is too long for the outcome.
  const folders = join(scratch.path, "sources", "folders");
  for (let i = 0; i < 50; i++) fs.mkdirSync(join(folders, String(i)), { recursive: true });
  await count(storage, cache, (client) => client.backup([folders]));
  expect(await inlineScans(storage)).toEqual([false]);
  const counts = await count(storage, cache, (client) => client.backup([folders]));
  expect(counts).toEqual({ "get outcomes": 2, "putIfAbsent sessions": 1, "get log": 1, "putIfAbsent outcomes": 1 });
});

test("an unchanged backup with a cache whose parent is 20 snapshots back", async () => {
  const { storage, cache } = await upToDate();
  const counts = await count(storage, cache, (client) => client.backup([source]));
  expect(counts).toMatchObject({ "get outcomes": 3 });
  expect(sum(counts)).toBeLessThanOrEqual(7);
});

test("an unchanged backup without a cache reads each outcome once", async () => {
  const counts = await count(model.clone(), undefined, (client) => client.backup([source]));
  expect(counts["get outcomes"]).toBeLessThanOrEqual(SNAPSHOTS + 3);
  expect(counts["get index"]).toBe(2 * SNAPSHOTS);
  expect(counts["get sessions"]).toBeLessThan(20);
});

test("a changed backup with a cache", async () => {
  const { storage, cache } = await upToDate();
  fs.writeFileSync(join(source, "changing"), randomBytesOf("changed", 3_000));
  const counts = await count(storage, cache, (client) => client.backup([source]));
  expect(counts).toMatchObject({ "put packs": 2, "put index": 2 });
  expect(sum(counts)).toBeLessThanOrEqual(11);
});

test("a changed backup with a cache, by who backs up alone", async () => {
  const { storage, cache } = await upToDate();
  await count(storage, cache, (client) => client.backup([source]));
  fs.writeFileSync(join(source, "changing"), randomBytesOf("changed again", 3_000));
  const counts = await count(storage, cache, (client) => client.backup([source]));
  // Docs/decisions/0022: none of these can be done without.
  expect(counts).toEqual({
    ...{ "get outcomes": 2, "putIfAbsent sessions": 1, "get log": 1, "putIfAbsent outcomes": 1 },
    ...{ "put packs": 2, "put index": 2 },
  });
});

test("a change of a few bytes, by who backs up alone, stores no pack of data", async () => {
  const { storage, cache } = await upToDate();
  await count(storage, cache, (client) => client.backup([source]));
  fs.writeFileSync(join(source, "changing"), randomBytesOf("changed a little", 512));
  const counts = await count(storage, cache, (client) => client.backup([source]));
  expect(sum(counts)).toBe(7);
});

test("snapshots with a cache", async () => {
  const { storage, cache } = await upToDate();
  const counts = await count(storage, cache, (client) => listSnapshots(client.repository));
  expect(counts).toEqual({ "get outcomes": 1, "get log": 1, "get sessions": 1 });
});

test("snapshots without a cache", async () => {
  const counts = await count(model, undefined, (client) => listSnapshots(client.repository));
  expect(counts["get index"]).toBeUndefined();
  expect(counts["get outcomes"]).toBe(SNAPSHOTS + 1);
  expect(sum(counts)).toBeLessThan(SNAPSHOTS + 20);
});

test("snapshots, the second time without an index ever read", async () => {
  const cache = fs.mkdtempSync(join(scratch.path, "cache-"));
  await count(model, cache, (client) => listSnapshots(client.repository));
  const counts = await count(model, cache, (client) => listSnapshots(client.repository));
  expect(sum(counts)).toBe(3);
});

const ls = async ({ repository }: Client) => {
  const entries: unknown[] = [];
  for await (const entry of listEntries(repository, await findSnapshot(repository, "latest"), undefined)) {
    entries.push(entry);
  }
  expect(entries).toHaveLength(4);
};
const restoreTo = (path: "all" | string) => async (client: Client) => {
  const info = await findSnapshot(client.repository, "latest");
  const root = sourceOf(HOSTS - 1);
  const what = path === "all" ? path : Buffer.from(join(root, path));
  const target = Buffer.from(join(scratch.path, `out ${path} ${Math.random()}`));
  expect((await restore(client.repository, client.posix, info, what, target, {})).errors).toBe(0);
};

test.each<[string, (client: Client) => Promise<unknown>, number]>([
  ["ls", ls, 6],
  ["restore of one file", restoreTo("a"), 7],
  ["restore of all", restoreTo("all"), 8],
])("%s with a cache", async (_, act, most) => {
  const { storage, cache } = await upToDate();
  expect(sum(await count(storage, cache, act))).toBeLessThanOrEqual(most);
});

test.each<[string, (client: Client) => Promise<unknown>]>([
  ["ls", ls],
  ["restore of one file", restoreTo("a")],
  ["restore of all", restoreTo("all")],
])("%s without a cache reads each outcome and each segment once", async (_, act) => {
  const counts = await count(model, undefined, act);
  expect(counts["get outcomes"]).toBe(SNAPSHOTS + 1);
  expect(counts["get index"]).toBe(2 * SNAPSHOTS);
  expect(sum(counts)).toBeLessThan(3 * SNAPSHOTS + 30);
});

test("check reads what there is once, and registers and segments once more than its client knows", async () => {
  const { storage, cache } = await upToDate();
  const counts = await count(storage, cache, ({ repository }) => check(repository, { readData: true }));
  expect(counts["get sessions"]).toBeLessThanOrEqual(SNAPSHOTS + 3);
  expect(counts["get outcomes"]).toBeLessThanOrEqual(SNAPSHOTS + 3);
  expect(counts["get index"]).toBe(2 * SNAPSHOTS);
});
