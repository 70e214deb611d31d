/** What a client knows, when the cache, the storage or the log is not as it should be. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { DATA } from "@bcat/pack";
import { createFaultyStorage, createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeLogRecord } from "./bodies/log.js";
import type { Environment } from "./environment.js";
import { initRepository, openRepository, unlockRepository } from "./open.js";
import { registerName } from "./registers.js";
import type { Repository } from "./repository.js";
import { createTestEnvironment } from "./test-environment.js";
import { WriteSession } from "./write-session.js";

const SECRET = { keyFile: new Uint8Array(32) };
const CHUNK_SIZE = 3000;

let folder: string;
let storage: MemoryStorage;
let environment: Environment;
let rootKey: Uint8Array;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-state-"));
  storage = createMemoryStorage();
  environment = await createTestEnvironment({ cacheDirectory: join(folder, "cache") });
  await using _ = await initRepository(storage, { secret: SECRET }, environment);
  ({ rootKey } = await unlockRepository(storage, SECRET, environment));
});

afterEach(() => rmSync(folder, { recursive: true }));

const open = (from: Storage = storage, changes: Partial<Environment> = {}): Promise<Repository> =>
  openRepository(from, rootKey, { ...environment, ...changes });
const withoutCache = { cacheDirectory: undefined };

/** A snapshot without roots, of one new chunk; its id. */
async function commit(repository: Repository): Promise<Uint8Array> {
  const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
  const id = session.store(DATA, environment.random(CHUNK_SIZE));
  await session.commit({
    ...{ roots: [], start: 1, end: 1, zone: "UTC", host: "h", user: "u" },
    ...{ clientId: new Uint8Array(16), version: "test", tags: [], excludes: [], options: [] },
    counts: COUNTS,
    errors: { total: 0, first: [] },
  });
  return id;
}

const COUNTS = {
  ...{ files: 0, directories: 0, symlinks: 0, others: 0, bytes: 0, filesNew: 0, filesChanged: 0, filesUnmodified: 0 },
  ...{ directoriesNew: 0, directoriesChanged: 0, directoriesUnmodified: 0 },
  ...{ dataChunksAdded: 0, treeChunksAdded: 0, plainBytesAdded: 0, storedBytesAdded: 0 },
};

/** The folder of the cache that is of this repository. */
function cacheFolder(): string {
  const [name] = readdirSync(join(folder, "cache")).filter((entry) => /^[0-9a-f]{32}$/.test(entry));
  const [place] = readdirSync(join(folder, "cache", name!));
  return join(folder, "cache", name!, place!);
}

test("a damaged cache is given up: one run says so, the next reads the repository", async () => {
  let id: Uint8Array;
  {
    await using repository = await open();
    id = await commit(repository);
  }
  for (const name of readdirSync(join(cacheFolder(), "index"))) {
    const path = join(cacheFolder(), "index", name);
    const bytes = readFileSync(path);
    bytes[60]! ^= 1;
    writeFileSync(path, bytes);
  }
  {
    await using repository = await open();
    const index = await repository.index();
    expect(() => index.has(DATA, id)).toThrow(/cache in ".*" is damaged|it is damaged; it was given up/);
  }
  await using repository = await open();
  await repository.refresh();
  expect((await repository.index()).has(DATA, id)).toBe(true);
});

test("a repository that lost sessions this client has seen is read, and not written to", async () => {
  {
    await using repository = await open();
    await commit(repository);
  }
  const copy = storage.clone();
  {
    await using repository = await open();
    for (let i = 0; i < 3; i++) await (await WriteSession.begin(repository, { level: 0, dryRun: false })).abandon();
    await repository.refresh();
  }
  await using rolledBack = await open(copy);
  expect(rolledBack.standing).toMatchObject({ kind: "gone-back", name: "sessions/0000000004", change: "missing" });
  const begin = WriteSession.begin(rolledBack, { level: 0, dryRun: false });
  await expect(begin).rejects.toMatchObject({ code: "identity-changed" });
});

test("a refresh that failed leaves nothing out: the next one begins anew", async () => {
  let id: Uint8Array;
  {
    await using repository = await open(storage, withoutCache);
    id = await commit(repository);
  }
  const counting = createFaultyStorage(storage);
  {
    await using repository = await open(counting, withoutCache);
    await repository.refresh();
  }
  // The first is the config.
  for (let at = 2; at <= counting.operations.length; at++) {
    rmSync(join(folder, "cache"), { recursive: true });
    const source = { current: createFaultyStorage(storage, { stop: { at, way: "before" } }) as Storage };
    const switched: Storage = { ...storage, get: (...args) => source.current.get(...args) };
    await using repository = await open(switched);
    await expect(repository.refresh()).rejects.toMatchObject({ code: "storage-failed" });
    await using other = await open();
    await other.refresh();
    expect((await other.index()).has(DATA, id)).toBe(true);
    source.current = storage;
    await repository.refresh();
    expect((await repository.index()).has(DATA, id)).toBe(true);
  }
});

test("what a reader tolerated, a writer of the same process does not", async () => {
  {
    await using repository = await open(storage, withoutCache);
    await commit(repository);
  }
  const damaged = storage.clone();
  const name = registerName("outcomes", 1);
  const bytes = damaged.objects.get(name)!.with(100, 0).with(101, 0);
  await damaged.delete(name);
  await damaged.putIfAbsent(name, bytes);
  await using repository = await open(damaged, withoutCache);
  await repository.refresh();
  expect(repository.history.problems).toHaveLength(1);
  const beginning = WriteSession.begin(repository, { level: 0, dryRun: false });
  await expect(beginning).rejects.toMatchObject({ code: "corrupt" });
});

test("a log too long for the cache is read anew each time", async () => {
  await using repository = await open();
  const note = "x".repeat(12 * 2 ** 20);
  const body = encodeLogRecord({ kind: "pin", time: 1, host: "h", snapshots: [1], note });
  for (const number of [1, 2, 3]) {
    const name = registerName("log", number);
    const object = { type: ObjectType.LOG, name, epoch: 0, domain: 0 } as const;
    await storage.putIfAbsent(name, sealObject(repository.context, object, body));
  }
  const id = await commit(repository);
  await using again = await open();
  await again.refresh();
  expect((await again.index()).has(DATA, id)).toBe(true);
  expect(again.history.logHead).toBe(3);
});

test("a client without a cache has few segments open at once, however many there are", async () => {
  const ids: Uint8Array[] = [];
  {
    await using repository = await open(storage, withoutCache);
    for (let i = 0; i < 40; i++) ids.push(await commit(repository));
  }
  await using repository = await open(storage, withoutCache);
  await repository.refresh();
  expect((await repository.index()).segments(DATA).length).toBeLessThan(10);
  for (const id of ids) expect((await repository.index()).has(DATA, id)).toBe(true);
  expect(repository.history.seen.map(({ number }) => number)).toEqual([40, 39, 38]);
});

test("a slot that an init left that came second opens nothing and hides nothing", async () => {
  const other = createMemoryStorage();
  const elsewhere = { ...environment, ...withoutCache };
  await using _ = await initRepository(other, { secret: { keyFile: new Uint8Array(33) } }, elsewhere);
  await storage.putIfAbsent("keys/2", other.objects.get("keys/1")!);
  expect((await unlockRepository(storage, SECRET, environment)).rootKey).toEqual(rootKey);
  const opening = unlockRepository(storage, { keyFile: new Uint8Array(34) }, environment);
  await expect(opening).rejects.toMatchObject({ code: "wrong-passphrase" });
  await storage.delete("keys/1");
  await expect(unlockRepository(storage, SECRET, environment)).rejects.toMatchObject({
    code: "corrupt",
    object: "keys/2",
  });
});

test("a passphrase opens however its letters are made up, and another one does not", async () => {
  const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
  const elsewhere = { ...environment, ...withoutCache };
  for (const [made, typed] of [
    [composed, decomposed],
    [decomposed, composed],
  ] as const) {
    const place = createMemoryStorage();
    await using _ = await initRepository(place, { secret: { passphrase: made } }, elsewhere);
    const opening = unlockRepository(place, { passphrase: typed }, elsewhere);
    await expect(opening).resolves.toMatchObject({ slotName: "keys/1" });
    const wrong = unlockRepository(place, { passphrase: "cafe" }, elsewhere);
    await expect(wrong).rejects.toMatchObject({ code: "wrong-passphrase" });
  }
});

test("of two inits at once one makes the repository, and the other takes its key slot away", async () => {
  const place = createMemoryStorage();
  const elsewhere = { ...environment, ...withoutCache };
  const inits = await Promise.allSettled([1, 2].map(() => initRepository(place, { secret: SECRET }, elsewhere)));
  expect(inits.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect([...place.objects.keys()].sort()).toEqual(["config", expect.stringMatching(/^keys\/[12]$/)]);
});
