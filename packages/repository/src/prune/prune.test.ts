import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@bcat/errors";
import { DATA, parseObjectName } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { condemnPacks } from "../log-writer.js";
import { Session } from "../session.js";
import { withoutCache } from "../test-repository.js";
import type { PruneSummary } from "./options.js";
import { PruneWorld } from "./test-world.js";

const DAY_MS = 86_400_000;

test("one run condemns, the next deletes: packs of forgotten snapshots, and their segments", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2, 3].map((i) => world.chunk(i)));
  await world.backup([4, 5].map((i) => world.chunk(i)));
  const before = world.names("packs/");
  await world.forget(first);
  const condemning = await world.prune();
  expect(condemning).toMatchObject({ freed: { packs: 0 }, waitsFor: [], condemned: { dead: { packs: 1 } } });
  expect(condemning.later.bytes).toBeGreaterThan(9000);
  expect(world.names("packs/")).toEqual(before);
  const deleting = await world.prune();
  expect(deleting).toMatchObject({ freed: condemning.later, later: { packs: 0, bytes: 0 } });
  expect(world.names("packs/")).toHaveLength(1);
  expect(world.names("index/")).toHaveLength(1);
  expect(await world.restoreAll()).toBe(2);
});

test("who has known the repository before a prune looks for chunks where the others do after it", async () => {
  const world = await PruneWorld.create();
  const [gone, ...stays] = Array.from({ length: 60 }, (_, i) => world.chunk(i));
  // In one pack with one that stays, which is not a quarter of a run in the cache.
  const first = await world.backup([gone!, ...stays]);
  await using knowing = await world.open();
  await knowing.refresh();
  await knowing.index();
  await world.backup(stays);
  await world.forget(first);
  await world.prune();
  await world.prune();
  await using fresh = await world.open();
  for (const repository of [knowing, fresh]) await repository.refresh();
  const [known, found] = await Promise.all([knowing.index(), fresh.index()]);
  const places = (index: typeof known, id: string) =>
    new Set(index.locate(DATA, Buffer.from(id, "hex")).map(({ pack }) => pack.name));
  const ids = [...world.contents.keys()];
  expect(ids.map((id) => places(known, id))).toEqual(ids.map((id) => places(found, id)));
});

test("many small segments become one, also those that name what is condemned and not yet free", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1000)]);
  for (let i = 0; i < 70; i++) await world.backup([world.chunk(i, 400)]);
  await world.forget(first);
  await using backing = await world.open();
  const writing = await world.begin(backing, [world.chunk(1000)]);
  expect(await world.prune({ maxUnused: "unlimited" })).toMatchObject({ waitsFor: [{}] });
  // That of the backup which runs, too.
  expect(world.names("index/").length).toBeLessThanOrEqual(2);
  await writing.commit();
  expect(await world.restoreAll()).toBe(71);
  expect(await world.prune()).toMatchObject({ freed: { packs: 1 } });
  expect(await world.restoreAll()).toBe(71);
});

test("a base is written when all lower numbers have ended, and only then", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await using backing = await world.open();
  const writing = await world.begin(backing, []);
  await world.prune();
  await using reader = await world.open();
  const early = await reader.readOutcome(4);
  expect(early).toMatchObject({ kind: "compaction" });
  expect(early).not.toHaveProperty("base");
  await writing.commit();
  await world.prune();
  expect(await reader.readOutcome(5)).toMatchObject({ kind: "compaction", base: { snapshots: [2, 3] } });
  expect(world.names("index/")).toHaveLength(1);
});

test("at once, where nothing has to be waited for", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  expect(await world.prune({ isAtOnce: true })).toMatchObject({ freed: { packs: 1 }, later: { packs: 0 } });
  expect(world.names("packs/")).toHaveLength(1);
  expect(await world.prune()).toMatchObject({ freed: { packs: 0 }, later: { packs: 0 } });
});

test("what is gone is not freed again, also by a client whose runs still name it", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  for (let i = 2; i < 8; i++) await world.backup([world.chunk(i)]);
  await world.forget(first);
  await using repository = await world.open();
  await world.prune({ isAtOnce: true }, repository);
  const sessions = world.names("sessions/").length;
  expect(await world.prune({}, repository)).toMatchObject({ freed: { packs: 0 }, later: { packs: 0 } });
  expect(world.names("sessions/")).toHaveLength(sessions);
});

test("a prune with nothing to do takes no number", async () => {
  const world = await PruneWorld.create();
  await world.backup([world.chunk(1)]);
  await world.prune();
  expect(world.names("sessions/")).toHaveLength(1);
});

test("what is used of packs that go is copied into own packs, before they are condemned", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  await world.backup([2, 3].map((i) => world.chunk(i)));
  await world.forget(first);
  expect(await world.prune({ isAtOnce: true })).toMatchObject({
    condemned: { mixed: { packs: 1 } },
    freed: { packs: 1 },
    later: { packs: 0 },
  });
  expect(await world.restoreAll()).toBe(2);
});

test("backups find what was copied before its pack is deleted", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await world.prune();
  const packs = world.names("packs/").length;
  await world.backup([world.chunk(2)]);
  expect(world.names("packs/")).toHaveLength(packs);
});

test("a backup that began before is waited for, and what it refers to is rescued", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await using backing = await world.open();
  const writing = await world.begin(backing, [world.chunk(1)]);
  const waiting = await world.prune({ isAtOnce: true });
  expect(waiting).toMatchObject({ freed: { packs: 0 }, later: { packs: 1 }, waitsFor: [{ number: writing.number }] });
  await writing.commit();
  expect(await world.prune()).toMatchObject({ freed: { packs: 1 }, waitsFor: [] });
  expect(await world.restoreAll()).toBe(2);
});

test("prunes are not waited for", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await using dead = await world.open();
  (await Session.begin(dead, { kind: "prune" })).abandon();
  expect(await world.prune({ isAtOnce: true })).toMatchObject({ freed: { packs: 1 }, waitsFor: [] });
});

test("a session without a sign of life is decided after the patience, and what it left goes", async () => {
  let now = 1;
  const world = await PruneWorld.create({ now: () => now });
  await world.backup([world.chunk(1)]);
  await using dying = await world.open();
  const writing = await world.begin(dying, [world.chunk(7), world.chunk(8)]);
  await writing.abandon();
  const [orphan] = world.names("packs/").filter((name) => name.includes("/0000000002-"));
  expect(await world.prune({ isAtOnce: true })).toMatchObject({ decided: [], freed: { packs: 0 } });
  now += 7 * DAY_MS;
  expect(await world.prune({ isAtOnce: true })).toMatchObject({
    decided: [{ number: 2 }],
    condemned: { orphans: { packs: 1 } },
    freed: { packs: 1 },
  });
  expect(world.names("packs/")).not.toContain(orphan);
  expect(world.names("index/")).toHaveLength(1);
  expect(await world.restoreAll()).toBe(1);
});

test("of a dead session the newest checkpoint is kept, and is a sign of life", async () => {
  let now = 1;
  const world = await PruneWorld.create({ now: () => now });
  await world.backup([world.chunk(1)]);
  await using dying = await world.open();
  const writing = await world.begin(dying, [world.chunk(7), world.chunk(8)]);
  now += 5 * DAY_MS;
  await writing.checkpoint();
  await writing.abandon();
  now += 5 * DAY_MS;
  expect(await world.prune({ isAtOnce: true })).toMatchObject({ decided: [] });
  now += 2 * DAY_MS;
  expect(await world.prune({ isAtOnce: true })).toMatchObject({ decided: [{ number: 2 }], freed: { packs: 0 } });
  await using repository = await world.open();
  expect(await repository.readOutcome(2)).toMatchObject({ kind: "snapshot", snapshot: { complete: false } });
  expect(await world.restoreAll(repository)).toBe(3);
  expect(await world.surplus()).toEqual([]);
});

test("one of a machine whose clock is ahead is silent since it was met first", async () => {
  let now = 1;
  const folder = mkdtempSync(join(tmpdir(), "bcat-prune-"));
  try {
    const world = await PruneWorld.create({ now: () => now, cacheDirectory: folder });
    await world.backup([world.chunk(1)]);
    now = 3650 * DAY_MS;
    await using dying = await world.open();
    await (await world.begin(dying, [world.chunk(7)])).abandon();
    for (const [day, decided] of [
      [1, 0],
      [7, 0],
      [8, 1],
    ] as const) {
      now = day * DAY_MS;
      await using repository = await world.open({});
      expect((await world.prune({ isAtOnce: true }, repository)).decided).toHaveLength(decided);
    }
    expect(await world.surplus()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("one that was taken for dead and lives is told so, and commits nothing", async () => {
  const world = await PruneWorld.create();
  await world.backup([world.chunk(1)]);
  await using sleeping = await world.open();
  const writing = await world.begin(sleeping, [world.chunk(7)]);
  await world.prune({ voidAfterMs: 0, isAtOnce: true });
  await expect(writing.commit()).rejects.toMatchObject({ code: "refused" });
  expect(await world.restoreAll()).toBe(1);
});

test("of two at the same time none deletes what the other has just condemned, unless at once", async () => {
  for (const isAtOnce of [false, true]) {
    const world = await PruneWorld.create();
    const first = await world.backup([world.chunk(1)]);
    await world.backup([world.chunk(2)]);
    await world.forget(first);
    const { storage } = world.made;
    let other: PruneSummary | undefined;
    await using slow = await world.open(withoutCache, {
      ...{ location: "memory", get: storage.get.bind(storage), put: storage.put.bind(storage) },
      ...{ putIfAbsent: storage.putIfAbsent.bind(storage), delete: storage.delete.bind(storage) },
      async *list(prefix) {
        other ??= await world.prune();
        yield* storage.list(prefix);
      },
    });
    const { freed } = await world.prune({ isAtOnce }, slow);
    expect({ freed: freed.packs, before: other?.later.packs }).toEqual({ freed: isAtOnce ? 1 : 0, before: 1 });
    expect(await world.prune()).toMatchObject({ freed: { packs: isAtOnce ? 0 : 1 }, later: { packs: 0 } });
  }
});

test("a prune of which another has condemned what it stored deletes nothing, and the next one does", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1), world.chunk(2)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  const { storage } = world.made;
  let own: string | undefined;
  await using slow = await world.open(withoutCache, {
    ...{ location: "memory", get: storage.get.bind(storage), list: storage.list.bind(storage) },
    ...{ put: storage.put.bind(storage), delete: storage.delete.bind(storage) },
    async putIfAbsent(name, bytes) {
      if (name.startsWith("log/") && own === undefined) {
        own = world.names("packs/").find((pack) => pack.includes("/0000000003-"))!;
        await using other = await world.open();
        await condemnPacks(other, [parseObjectName(own)!], undefined);
      }
      await storage.putIfAbsent(name, bytes);
    },
  });
  const before = world.names("packs/").length;
  const error = await world.prune({ isAtOnce: true }, slow).catch((thrown: unknown) => thrown);
  const message = expect.stringContaining(`"${own}", which this run has stored`);
  expect(error).toMatchObject({ code: "conditions-not-met", message });
  expect(world.names("packs/")).toHaveLength(before + 1);
  expect(await world.restoreAll()).toBe(1);
  await world.prune({ isAtOnce: true, voidAfterMs: 0 });
  expect(await world.restoreAll()).toBe(1);
  expect(await world.surplus()).toEqual([]);
});

test("a prune that was decided by another deletes nothing", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await world.prune();
  const { storage } = world.made;
  await using slow = await world.open(withoutCache, {
    ...{ location: "memory", get: storage.get.bind(storage), list: storage.list.bind(storage) },
    ...{ put: storage.put.bind(storage), delete: storage.delete.bind(storage) },
    async putIfAbsent(name, bytes) {
      if (name.startsWith("outcomes/")) await voidSession(Number(name.slice(9)));
      await storage.putIfAbsent(name, bytes);
    },
  });
  async function voidSession(number: number) {
    const { decideOutcomeOf } = await import("../log-writer.js");
    await using other = await world.open();
    const session = await Session.begin(other, { kind: "prune" });
    await decideOutcomeOf(session, number, { kind: "void", reason: "slow" });
    session.abandon();
  }
  const before = world.names("packs/");
  await expect(world.prune({}, slow)).rejects.toMatchObject({ code: "refused" });
  expect(world.names("packs/")).toEqual(before);
  expect(await world.restoreAll()).toBe(1);
});

test("what a prune that was killed has dropped and not deleted goes also where the storage cannot list", async () => {
  const world = await PruneWorld.create();
  const { storage } = world.made;
  const unlisted: Storage = {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    put: (name, bytes) => storage.put(name, bytes),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    delete: (name) => storage.delete(name),
  };
  const dying: Storage = { ...unlisted, delete: () => Promise.reject(new StorageError("killed")) };
  for (const fill of [1, 2]) {
    const number = await world.backup([world.chunk(fill)]);
    await world.backup([world.chunk(9)]);
    await world.forget(number);
    await using killed = await world.open(withoutCache, dying);
    await expect(world.prune({ isAtOnce: true }, killed)).rejects.toMatchObject({ code: "storage-failed" });
    expect(world.names("packs/")).toHaveLength(2);
    await using next = await world.open(withoutCache, unlisted);
    expect(await world.prune({}, next)).toMatchObject({ isUnlisted: true, later: { packs: 0 } });
    expect(world.names("packs/")).toHaveLength(1);
  }
  expect(await world.restoreAll()).toBe(2);
});

test("all were forgotten: everything goes; none ever was: nothing does", async () => {
  const world = await PruneWorld.create();
  await expect(world.prune()).rejects.toMatchObject({ code: "conditions-not-met" });
  const only = await world.backup([world.chunk(1)]);
  await world.forget(only);
  await world.prune({ isAtOnce: true });
  expect([...world.names("packs/"), ...world.names("index/")]).toEqual([]);
});

test("a live chunk without a place stops it", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  world.chunksOf.set(2, ["00".repeat(32)]);
  await expect(world.prune()).rejects.toThrow(/bcat check.*bcat repair/);
  expect(world.names("log/")).toHaveLength(1);
});

test("a dry run says what would be, and changes nothing", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  await world.backup([2, 3].map((i) => world.chunk(i)));
  await world.forget(first);
  const before = [...world.made.storage.objects.keys()];
  expect(await world.prune({ isDryRun: true })).toMatchObject({ condemned: { mixed: { packs: 1 } } });
  expect([...world.made.storage.objects.keys()]).toEqual(before);
});

test("a dry run takes snapshots as forgotten that are not", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  const forgotten = new Set([first]);
  expect(await world.prune({ isDryRun: true, forgotten })).toMatchObject({ condemned: { dead: { packs: 1 } } });
  await expect(world.prune({ forgotten })).rejects.toThrow(RangeError);
  expect(world.names("log/")).toEqual([]);
});

test("in a place for one writer no session is decided for another, and nothing is condemned beside it", async () => {
  const world = await PruneWorld.create();
  await world.backup([world.chunk(1)]);
  await using dying = await world.open();
  const writing = await world.begin(dying, [world.chunk(7)]);
  await writing.abandon();
  await using repository = await world.open();
  Object.defineProperty(repository.config, "isForOneWriter", { value: true });
  await expect(world.prune({ voidAfterMs: 0 }, repository)).rejects.toMatchObject({ code: "conditions-not-met" });
  expect(world.names("outcomes/")).toHaveLength(1);
  expect(world.names("log/")).toEqual([]);
});

test("clients with what they knew before go on", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  await world.backup([2, 3].map((i) => world.chunk(i)));
  await using reader = await world.open();
  expect(await world.restoreAll(reader)).toBe(4);
  await world.forget(first);
  await world.prune({ isAtOnce: true });
  expect(await world.restoreAll(reader)).toBe(2);
  expect(await world.backup([world.chunk(3)], reader)).toBeGreaterThan(2);
});

test("a reader that meets a pack which is gone looks again before it calls it damage", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  const second = await world.backup([2, 3].map((i) => world.chunk(i)));
  await using reader = await world.open();
  await reader.refresh();
  await reader.index();
  await world.forget(first);
  await world.prune({ isAtOnce: true });
  for (const id of world.chunksOf.get(second)!) await reader.readChunk(DATA, Buffer.from(id, "hex"));
});

test("parity goes with its pack, and when that is gone; that of a lost pack which is named stays", async () => {
  const world = await PruneWorld.create({ parity: 100 });
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  const gone = world.names("parity/").find((name) => name.includes(`/000000000${first}-`))!;
  const [kept] = world.names("parity/").filter((name) => name !== gone);
  await world.forget(first);
  const freedParity = world.made.storage.objects.get(gone)!.length;
  expect(await world.prune({ isAtOnce: true })).toMatchObject({ freed: { packs: 1 }, freedParity });
  expect(world.names("parity/")).toEqual([kept]);
  await world.made.storage.put(gone, new Uint8Array(10));
  await world.made.storage.delete(kept!.replace("parity", "packs"));
  expect(await world.prune()).toMatchObject({ leftovers: { parity: 1, segments: 0 } });
  expect(world.names("parity/")).toEqual([kept]);
});
