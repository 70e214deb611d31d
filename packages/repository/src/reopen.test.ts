import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { createFaultyStorage, createMemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeLogRecord } from "./bodies/log.js";
import type { Environment } from "./environment.js";
import { keepOpening, openingAgeMax } from "./kept-opening.js";
import { initRepository, openRepository, reopenRepository, unlockRepository } from "./open.js";
import type { Repository } from "./repository.js";
import { createTestEnvironment } from "./test-environment.js";
import { commitChunk } from "./test-repository.js";

const secret = { keyFile: new Uint8Array(32) };
const wrong = { keyFile: new Uint8Array(32).fill(1) };
const give = async () => secret;

let cacheDirectory: string;
let time: number;
let environment: Environment;
beforeEach(async () => {
  cacheDirectory = mkdtempSync(join(tmpdir(), "bcat-reopen-"));
  time = 1_000_000;
  environment = await createTestEnvironment({ cacheDirectory, now: () => time });
});
afterEach(() => rmSync(cacheDirectory, { recursive: true }));

/** A repository with a snapshot, opened in the ordinary way, which keeps what that took. */
async function prepare() {
  const storage = createMemoryStorage();
  await using made = await initRepository(storage, { secret }, environment);
  await commitChunk(made);
  await openAndKeep(storage);
  return storage;
}

/** How what was opened stands to what is remembered. */
async function openAndKeep(storage: Storage): Promise<string> {
  const config = await storage.get("config");
  const { rootKey, slot, slotName } = await unlockRepository(storage, secret, environment, { config });
  await using repository = await openRepository(storage, rootKey, environment, { config });
  keepOpening(environment, { config: config!, slot, slotName, logHead: repository.history.logHead });
  return repository.standing.kind;
}

async function reopens(storage: Storage, given = give): Promise<boolean> {
  await using repository = await reopenRepository(storage, given, environment);
  return repository !== undefined;
}

test("reopenRepository() asks for the newest outcome only", async () => {
  const storage = createFaultyStorage(await prepare());
  await using repository = await reopenRepository(storage, give, environment);
  expect(repository?.history.summaries.size).toBe(1);
  expect(storage.operations.map(({ name }) => name)).toEqual(["outcomes/0000000001"]);
});

test("a reopened repository takes snapshots, after which it is reopened again", async () => {
  const storage = await prepare();
  for (let i = 0; i < 2; i++) {
    await using repository = await reopenRepository(storage, give, environment);
    await commitChunk(repository as Repository);
  }
  expect(storage.objects.has("outcomes/0000000003")).toBe(true);
});

test("another secret does not reopen it", async () => {
  const storage = await prepare();
  expect(await reopens(storage, async () => wrong)).toBe(false);
  expect(await reopens(storage)).toBe(true);
});

test("a repository that is not what it was is not reopened, and the ordinary way says why", async () => {
  const storage = await prepare();
  const missing = storage.clone();
  await missing.delete("outcomes/0000000001");
  const damaged = storage.clone();
  damaged.objects.get("outcomes/0000000001")![100]! ^= 1;
  const empty = createMemoryStorage();
  const another = createMemoryStorage();
  await using _ = await initRepository(another, { secret }, await createTestEnvironment({ seed: 2 }));
  for (const place of [missing, damaged, empty, another]) expect(await reopens(place)).toBe(false);
  expect(await openAndKeep(missing)).toBe("gone-back");
  await expect(openAndKeep(another)).rejects.toMatchObject({ code: "identity-changed" });
});

test("a storage that fails is no reason to ask it more", async () => {
  const storage = createFaultyStorage(await prepare(), { stop: { at: 1, way: "before" } });
  await expect(reopens(storage)).rejects.toMatchObject({ code: "storage-failed" });
  expect(storage.operations).toHaveLength(1);
});

test("it is read anew after a week, and when the clock has gone back", async () => {
  const storage = await prepare();
  time += openingAgeMax;
  expect(await reopens(storage)).toBe(true);
  time += 1;
  expect(await reopens(storage)).toBe(false);
  time = 0;
  expect(await reopens(storage)).toBe(false);
});

test("a new record of the log makes it read anew, once", async () => {
  const storage = await prepare();
  {
    await using repository = await reopenRepository(storage, give, environment);
    const object = { type: ObjectType.LOG, name: "log/0000000001", epoch: 0, domain: 0 } as const;
    const body = encodeLogRecord({ kind: "forget", snapshots: [9], time: 1, host: "h" });
    await storage.putIfAbsent(object.name, sealObject(repository!.context, object, body));
    await repository!.refresh();
  }
  expect(await reopens(storage)).toBe(false);
  await openAndKeep(storage);
  expect(await reopens(storage)).toBe(true);
});

test("without a cache nothing is kept", async () => {
  const storage = await prepare();
  environment = { ...environment, cacheDirectory: undefined };
  await openAndKeep(storage);
  expect(await reopens(storage)).toBe(false);
});
