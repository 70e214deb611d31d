/** What somebody's compaction costs a client that is up to date. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { DATA, segmentName } from "@bcat/pack";
import { createFaultyStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { SegmentReference } from "./bodies/references.js";
import { encodeSession } from "./bodies/session.js";
import { passOn } from "./elsewhere/copies.js";
import { registerName } from "./registers.js";
import { beginWriting, TestRepository, withoutCache } from "./test-repository.js";

let folder: string;
let world: TestRepository;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-compaction-"));
  world = await TestRepository.create({ cacheDirectory: join(folder, "cache") });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function addedBy(snapshot: number): Promise<readonly SegmentReference[]> {
  await using repository = await world.open(withoutCache);
  const outcome = await repository.readOutcome(snapshot);
  if (outcome?.kind !== "snapshot") throw new Error(`no snapshot ${snapshot}`);
  return outcome.added;
}

/** As a prune does it: session `number` adds nothing, and removes the segments of snapshot `removed`. */
async function compact(number: number, removed: number): Promise<void> {
  await beginPrune(number);
  await endPrune(number, removed);
}

async function put(type: typeof ObjectType.SESSION | typeof ObjectType.OUTCOME, name: string, body: Uint8Array) {
  await using repository = await world.open(withoutCache);
  const sealed = sealObject(repository.context, { type, name, epoch: 0, domain: 0 }, body);
  await world.storage.putIfAbsent(name, sealed);
}

async function beginPrune(number: number): Promise<void> {
  const { clientId } = world.environment;
  const session = { start: 1, host: "h", user: "u", clientId, version: "t" };
  await put(ObjectType.SESSION, registerName("sessions", number), encodeSession({ kind: "prune", ...session }));
}

async function endPrune(number: number, removed: number): Promise<void> {
  const outcome: Outcome = {
    kind: "compaction",
    added: [],
    removed: (await addedBy(removed)).map(({ session, unique }) => ({ session, unique })),
    base: { segments: [], snapshots: [] },
  };
  await put(ObjectType.OUTCOME, registerName("outcomes", number), encodeOutcome(outcome));
}

test("a client with a cache reads the compaction, and no outcome or segment again", async () => {
  const ids = await world.commit(40);
  await compact(41, 20);
  const counting = createFaultyStorage(world.storage);
  await using repository = await world.open({}, counting);
  const writing = await beginWriting(repository);
  const read = counting.operations.filter(({ kind, name }) => kind === "get" && /^(outcomes|index)/.test(name));
  expect(read.map(({ name }) => name)).toEqual(["outcomes/0000000040", "outcomes/0000000041"]);
  for (const id of ids) expect(writing.has(id)).toBe(true);
  await writing.abandon();
});

test("a client without a cache does not read what a compaction removed", async () => {
  const ids = await world.commit(10);
  await compact(11, 5);
  const counting = createFaultyStorage(world.storage);
  await using repository = await world.open(withoutCache, counting);
  const writing = await beginWriting(repository);
  expect(counting.operations.filter(({ name }) => name.startsWith("index/"))).toHaveLength(9);
  expect(ids.map((id) => writing.has(id))).toEqual(ids.map((_, i) => i !== 4));
  await writing.abandon();
});

test("segments that were removed before they were taken up are not taken up", async () => {
  const [first] = await world.commit(1);
  {
    await using behind = await world.open();
    await behind.refresh();
    const [second] = await world.commit(1, withoutCache);
    await compact(3, 2);
    const writing = await beginWriting(behind);
    expect([first!, second!].map((id) => writing.has(id))).toEqual([true, false]);
    await writing.abandon();
  }
  await using repository = await world.open();
  await repository.refresh();
  expect(await repository.readChunk(DATA, first!)).toBeDefined();
});

test("segments that a compaction removes while they are read are nothing that is missing", async () => {
  const ids = await world.commit(3);
  const { storage } = world;
  const remove = async () => {
    await compact(5, 2);
    for (const segment of await addedBy(2)) await storage.delete(segmentName(segment));
  };
  let removed: Promise<void> | undefined;
  const get = async (name: string) => {
    if (name.startsWith("index/")) {
      removed ??= remove();
      await removed;
    }
    return await storage.get(name);
  };
  await using repository = await world.open(withoutCache, {
    location: storage.location,
    get,
    put: (name, bytes) => storage.put(name, bytes),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
  });
  const writing = await beginWriting(repository);
  expect(ids.map((id) => writing.has(id))).toEqual([true, false, true]);
  await writing.abandon();
});

test("what a compaction removes of a session that began after the head was looked for is not taken up later", async () => {
  await world.commit(1);
  await beginPrune(2);
  const [gone] = await world.commit(1, withoutCache);
  await endPrune(2, 3);
  for (const { session, unique } of await addedBy(3)) await world.storage.delete(segmentName({ session, unique }));
  let isBegun = false;
  const before: Storage = {
    ...passOn(world.storage),
    get: async (name, options) => {
      isBegun ||= name === "outcomes/0000000002";
      return !isBegun && /^(sessions|outcomes)\/0000000003$/.test(name)
        ? undefined
        : await world.storage.get(name, options);
    },
  };
  await using repository = await world.open(withoutCache, before);
  await repository.refresh();
  const writing = await beginWriting(repository);
  expect(writing.has(gone!)).toBe(false);
  await writing.abandon();
});
