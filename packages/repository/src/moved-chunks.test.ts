/** Readers that go on while a prune moves what they read. */
import { DATA } from "@bcat/pack";
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
