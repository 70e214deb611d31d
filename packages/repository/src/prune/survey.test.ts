import { DATA } from "@bcat/pack";
import { expect, test } from "vitest";
import { withoutCache } from "../test-repository.js";
import { prune } from "./prune.js";
import type { Roots } from "./survey.js";
import { PruneWorld, thorough } from "./test-world.js";

test("what another prune has moved while snapshots were walked through is no damage", async () => {
  const world = await PruneWorld.create();
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await using backing = await world.open();
  const writing = await world.begin(backing, [world.chunk(1)]);
  const { storage } = world.made;
  await using slow = await world.open(withoutCache, {
    ...{ location: "memory", get: storage.get.bind(storage), list: storage.list.bind(storage) },
    ...{ put: storage.put.bind(storage), delete: storage.delete.bind(storage) },
    async putIfAbsent(name, bytes) {
      await storage.putIfAbsent(name, bytes);
      // What was condemned just now becomes live again.
      if (name.startsWith("log/")) await writing.commit();
    },
  });
  let isMoved = false;
  const roots: Roots = {
    async walk(snapshots, visit) {
      if (snapshots.includes(writing.number) && !isMoved) {
        isMoved = true;
        await world.prune({ isAtOnce: true });
      }
      for (const number of snapshots) {
        for (const hex of world.chunksOf.get(number)!) {
          const id = Buffer.from(hex, "hex");
          await slow.readChunk(DATA, id);
          visit(DATA, id);
        }
      }
    },
  };
  await prune(slow, roots, { ...thorough, isAtOnce: true });
  expect(isMoved).toBe(true);
  expect(await world.restoreAll()).toBe(2);
  expect(await world.surplus()).toEqual([]);
});
