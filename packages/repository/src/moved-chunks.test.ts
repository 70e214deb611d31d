/** Readers that go on while a prune moves what they read. */
import { DATA } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { PruneWorld } from "./prune/test-world.js";
import { withoutCache } from "./test-repository.js";

test("chunks that a prune has moved are found by all who ask for them at the same time", async () => {
  const world = await PruneWorld.create();
  const chunks = [1, 2, 3, 4, 5, 6, 7, 8].map((fill) => world.chunk(fill));
  await world.backup(chunks);
  const kept = await world.backup(chunks.filter((_, i) => i % 2 === 0));
  await using reader = await world.open(withoutCache);
  await reader.refresh();
  await reader.index();
  await world.forget(1);
  expect((await world.prune({ isAtOnce: true })).freed.packs).toBeGreaterThan(1);
  const ids = world.chunksOf.get(kept)!;
  const read = ids.map(async (id) => await reader.readChunk(DATA, Buffer.from(id, "hex")));
  expect((await Promise.allSettled(read)).map(({ status }) => status)).toEqual(ids.map(() => "fulfilled"));
});

test.each([1, 2])(
  "a prune looks again for what another one has moved before it could copy it (get %s of a pack)",
  async (get) => {
    const world = await PruneWorld.create();
    const first = await world.backup([1, 2, 3, 4, 5, 6].map((i) => world.chunk(i)));
    await world.backup([1, 3, 5].map((i) => world.chunk(i)));
    await world.forget(first);
    const { storage } = world.made;
    let gets = 0;
    const overtaken: Storage = {
      location: storage.location,
      put: (name, bytes) => storage.put(name, bytes),
      putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
      list: (prefix) => storage.list(prefix),
      delete: (name) => storage.delete(name),
      async get(name, options) {
        if (name.startsWith("packs/") && ++gets === get)
          expect((await world.prune({ isAtOnce: true })).freed.packs).toBeGreaterThan(1);
        return await storage.get(name, options);
      },
    };
    await using slower = await world.open(withoutCache, overtaken);
    await world.prune({ isAtOnce: true }, slower);
    expect(gets).toBeGreaterThanOrEqual(get);
    expect(await world.restoreAll()).toBe(3);
    await world.prune({ isAtOnce: true });
    expect(await world.surplus()).toEqual([]);
  },
);
