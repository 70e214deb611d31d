import type { Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { withoutCache } from "../test-repository.js";
import { PruneWorld } from "./test-world.js";

const HOUR_MS = 3_600_000;

/** A world with files that never got their name, by name: when they were written to last. */
async function createLittered(files: Map<string, number>) {
  let now = 100 * HOUR_MS;
  const world = await PruneWorld.create({ now: () => now });
  await world.backup([world.chunk(1)]);
  const { storage } = world.made;
  const littered: Storage = {
    ...{ location: "memory", get: storage.get.bind(storage), put: storage.put.bind(storage) },
    ...{ list: storage.list.bind(storage), delete: storage.delete.bind(storage) },
    putIfAbsent: storage.putIfAbsent.bind(storage),
    async *listTemporary() {
      for (const [name, modifiedAt] of files) yield { name, size: 1000, modifiedAt };
    },
    deleteTemporary: async (name) => void files.delete(name),
  };
  const prune = async (isDryRun = false) => {
    await using repository = await world.open(withoutCache, littered);
    return (await world.prune({ isDryRun }, repository)).leftovers;
  };
  const wait = (hours: number) => {
    now += hours * HOUR_MS;
  };
  return { world, prune, wait };
}

const at = 100 * HOUR_MS;

test("what writers of packs have left goes when no session is open; what is not a session's after a day", async () => {
  const files = new Map([
    ["packs/ab/.tmp-1", at],
    ["log/.tmp-2", at],
    [".tmp-3", at - 24 * HOUR_MS],
  ]);
  const { prune, wait } = await createLittered(files);
  const told = await prune(true);
  expect(told).toMatchObject({ temporary: { count: 2, bytes: 2000 }, young: { count: 1, first: "log/.tmp-2" } });
  expect(files.size).toBe(3);
  expect(await prune()).toEqual(told);
  expect([...files.keys()]).toEqual(["log/.tmp-2"]);
  wait(23.9);
  expect(await prune()).toMatchObject({ temporary: { count: 0 }, young: { count: 1 } });
  wait(0.1);
  expect(await prune()).toMatchObject({ temporary: { count: 1 }, young: { count: 0 } });
  expect(files.size).toBe(0);
});

test("beside an open session, what was written to within a day stays", async () => {
  const files = new Map([["packs/ab/.tmp-1", at]]);
  const { world, prune, wait } = await createLittered(files);
  await using backing = await world.open();
  const writing = await world.begin(backing, [world.chunk(2)]);
  expect(await prune()).toMatchObject({ temporary: { count: 0 }, young: { count: 1, bytes: 1000 } });
  await writing.commit();
  expect(await prune()).toMatchObject({ temporary: { count: 1 }, young: { count: 0 } });
  files.set("index/.tmp-4", at);
  await using other = await world.open();
  await (await world.begin(other, [world.chunk(3)])).abandon();
  wait(24);
  expect(await prune()).toMatchObject({ temporary: { count: 1 }, young: { count: 0 } });
});
