import { StorageError } from "@bcat/errors";
import type { MemoryStorage, Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { appendToLog } from "../log-writer.js";
import { withoutCache } from "../test-repository.js";
import { putReserve, RESERVE, withReserve } from "./reserve.js";
import { PruneWorld } from "./test-world.js";

/** As much room as is used now, and `more`. */
function limited(storage: MemoryStorage, more: number): Storage {
  const sizeOf = () => [...storage.objects.values()].reduce((sum, { length }) => sum + length, 0);
  const limit = sizeOf() + more;
  const reserve = (name: string, { length }: Uint8Array) => {
    if (sizeOf() + length <= limit) return;
    const cause = Object.assign(new Error("no space left"), { code: "ENOSPC" });
    throw new StorageError(`Cannot write "${name}"`, { cause, isFinal: true });
  };
  return {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    list: (prefix) => storage.list(prefix),
    delete: (name) => storage.delete(name),
    async put(name, bytes) {
      reserve(name, bytes);
      await storage.put(name, bytes);
    },
    async putIfAbsent(name, bytes) {
      reserve(name, bytes);
      await storage.putIfAbsent(name, bytes);
    },
  };
}

async function createFull(reserved: number): Promise<PruneWorld> {
  const world = await PruneWorld.create();
  await using repository = await world.open();
  if (reserved > 0) await putReserve(repository, reserved);
  const first = await world.backup([1, 2, 3].map((i) => world.chunk(i)));
  const second = await world.backup([4, 5].map((i) => world.chunk(i)));
  await world.backup([5, 6].map((i) => world.chunk(i)));
  await world.forget(first, second);
  return world;
}

test("on a full disk the registers come out of the reserve, and what holds nothing live goes", async () => {
  const world = await createFull(3000);
  await using full = await world.open(withoutCache, limited(world.made.storage, 0));
  const summary = await world.prune({ isAtOnce: true }, full);
  expect(summary).toMatchObject({ freed: { packs: 1 }, condemned: { dead: { packs: 1 }, mixed: { packs: 0 } } });
  expect(summary.neededBytes).toBe(3008);
  expect(world.made.storage.objects.get(RESERVE)).toHaveLength(3000);
  expect(await world.restoreAll()).toBe(2);
  expect(await world.prune({ isAtOnce: true })).toMatchObject({
    condemned: { mixed: { packs: 1 } },
    freed: { packs: 1 },
  });
  expect(await world.restoreAll()).toBe(2);
  expect(await world.surplus()).toEqual([]);
});

test("what was condemned while there was room, and became live, stays until there is room for a copy", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2, 3].map((i) => world.chunk(i)));
  await world.backup([world.chunk(9)]);
  await using backing = await world.open();
  const writing = await world.begin(backing, [world.chunk(2)]);
  await world.forget(first);
  await world.prune();
  await writing.commit();
  await using full = await world.open(withoutCache, limited(world.made.storage, 2000));
  const summary = await world.prune({}, full);
  expect(summary).toMatchObject({ freed: { packs: 0 }, neededBytes: 3005 });
  expect(await world.restoreAll()).toBe(2);
  await world.prune();
  expect(await world.restoreAll()).toBe(2);
  expect(await world.surplus()).toEqual([]);
});

test("a record of the log comes out of the reserve, and what fits of that is put back", async () => {
  const world = await createFull(3000);
  await using full = await world.open(withoutCache, limited(world.made.storage, 0));
  await withReserve(full, (reserved) => appendToLog(reserved, { kind: "forget", snapshots: [3] }));
  expect(world.names("log/")).toHaveLength(2);
  const left = world.made.storage.objects.get(RESERVE)!.length;
  expect(left).toBeGreaterThan(2000);
  expect(left).toBeLessThan(3000);
  expect(await world.prune({ isAtOnce: true }, full)).toMatchObject({ freed: { packs: 3 }, reserveLost: 0 });
  expect(world.made.storage.objects.get(RESERVE)).toHaveLength(left);
});

test("without a reserve, and without room for a register, it says that the disk is full", async () => {
  const world = await createFull(0);
  await using full = await world.open(withoutCache, limited(world.made.storage, 0));
  await expect(world.prune({}, full)).rejects.toMatchObject({ code: "storage-failed" });
  expect(await world.restoreAll()).toBe(2);
});
