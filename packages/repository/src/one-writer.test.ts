import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { initRepository, openRepository, unlockRepository } from "./open.js";
import { createTestEnvironment } from "./test-environment.js";
import { commitChunk } from "./test-repository.js";

const secret = { keyFile: new Uint8Array(32) };

/** Overwrites where it should refuse, as a server that does not know the condition. */
function createOverwriting(): { storage: Storage; inner: MemoryStorage } {
  const inner = createMemoryStorage();
  const storage: Storage = {
    location: "overwriting",
    get: (name, options) => inner.get(name, options),
    put: (name, bytes) => inner.put(name, bytes),
    async putIfAbsent(name, bytes) {
      await inner.delete(name);
      await inner.put(name, bytes);
    },
  };
  return { storage, inner };
}

/** Snapshots after two clients have taken turns, each without looking first at what the other did. */
async function takeTurns(isForOneWriter: boolean): Promise<number> {
  const { storage, inner } = createOverwriting();
  const environment = await createTestEnvironment();
  await using first = await initRepository(storage, { secret, isForOneWriter }, environment);
  const { rootKey } = await unlockRepository(storage, secret, environment);
  await using second = await openRepository(storage, rootKey, await createTestEnvironment({ seed: 2 }));
  await commitChunk(first);
  await second.refresh();
  for (const client of [second, first, second]) await commitChunk(client);
  return [...inner.objects.keys()].filter((name) => name.startsWith("outcomes/")).length;
}

test("clients that take turns lose nothing in a place without put-if-absent, if it was made for one writer", async () => {
  expect(await takeTurns(true)).toBe(4);
});

test("in one that was not, they do", async () => {
  expect(await takeTurns(false)).toBeLessThan(4);
});
