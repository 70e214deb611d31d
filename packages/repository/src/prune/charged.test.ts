/** Packs of a class of storage that is charged for a minimum of time. */
import type { Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { withoutCache } from "../test-repository.js";
import { PruneWorld } from "./test-world.js";

const DAY_MS = 86_400_000;

/** A storage in which packs are charged for 30 days from time 0 on. */
async function createCharged() {
  let now = 1;
  const world = await PruneWorld.create({ now: () => now });
  const { storage } = world.made;
  const charged: Storage = {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    put: (name, bytes) => storage.put(name, bytes),
    putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
    delete: (name) => storage.delete(name),
    async *list(prefix) {
      for await (const object of storage.list(prefix)) yield { ...object, chargedUntil: 30 * DAY_MS };
    },
  };
  const open = () => world.open(withoutCache, charged);
  return { world, open, wait: (days: number) => (now += days * DAY_MS) };
}

test("neither given up nor copied before that time, and told when", async () => {
  const { world, open, wait } = await createCharged();
  const first = await world.backup([1, 2, 3].map((i) => world.chunk(i)));
  await world.backup([3, 4].map((i) => world.chunk(i)));
  await world.forget(first);
  const packs = world.names("packs/");
  await using repository = await open();
  const early = await world.prune({ isAtOnce: true }, repository);
  expect(early).toMatchObject({
    freed: { packs: 0 },
    later: { packs: 0 },
    condemned: { dead: { packs: 0 }, mixed: { packs: 0 } },
    postponed: { packs: packs.length - 1, until: 30 * DAY_MS },
  });
  expect(early.postponed.bytes).toBeGreaterThan(6000);
  expect(world.names("packs/")).toEqual(packs);
  expect(world.names("log/")).toHaveLength(1);
  wait(30);
  expect(await world.prune({ isAtOnce: true }, repository)).toMatchObject({
    freed: { packs: packs.length - 1 },
    postponed: { packs: 0, bytes: 0, until: 0 },
  });
  expect(await world.restoreAll()).toBe(2);
  expect(await world.surplus()).toEqual([]);
});

test("all the same, if asked to", async () => {
  const { world, open } = await createCharged();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await using repository = await open();
  expect(await world.prune({ isAtOnce: true, isEarly: true }, repository)).toMatchObject({
    freed: { packs: 1 },
    postponed: { packs: 0 },
  });
});

test("what was condemned before stays as long, and what backups that did not finish have left", async () => {
  const { world, open, wait } = await createCharged();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await world.prune();
  await using dying = await world.open();
  await (await world.begin(dying, [world.chunk(7)])).abandon();
  await using repository = await open();
  const options = { isAtOnce: true, voidAfterMs: -1 };
  expect(await world.prune(options, repository)).toMatchObject({ freed: { packs: 0 }, postponed: { packs: 2 } });
  wait(30);
  expect(await world.prune(options, repository)).toMatchObject({ freed: { packs: 2 }, postponed: { packs: 0 } });
  expect(await world.surplus()).toEqual([]);
});
