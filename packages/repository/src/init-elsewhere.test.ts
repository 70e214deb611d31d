/** Init with registers elsewhere, in a place that cannot keep two inits apart. */
import { StorageError } from "@bcat/errors";
import { createMemoryStorage, MemoryDatabase, type MemoryStorage, type Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { type Hook, hookedStorage, once, overwriting } from "./elsewhere/test-world.js";
import { initRepository, openRepository, unlockRepository } from "./open.js";
import { createTestEnvironment } from "./test-environment.js";
import { commitChunk } from "./test-repository.js";

const secret = { keyFile: new Uint8Array(32) };
const database = new MemoryDatabase();
const registers = {
  kind: "postgres",
  location: "database",
  open: async (id: Uint8Array) => database.open(id),
} as const;

/** As a service that does not know the condition: it refuses it, for good. */
function refusing(inner: MemoryStorage): Storage {
  const putIfAbsent = async () => {
    throw new StorageError("Cannot write: the service cannot do this (501)", { isFinal: true });
  };
  return { ...overwriting(inner), putIfAbsent };
}

/** A promise, and the way to fulfil it. */
function turn(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

test("a place that refuses the condition of put-if-absent takes a repository with registers elsewhere", async () => {
  const storage = refusing(createMemoryStorage());
  const environment = await createTestEnvironment();
  await using first = await initRepository(storage, { secret, registers }, environment);
  await commitChunk(first);
  const { rootKey } = await unlockRepository(storage, secret, environment);
  await using second = await openRepository(storage, rootKey, await createTestEnvironment({ seed: 2 }), { registers });
  await commitChunk(second);
  expect([...second.history.summaries.keys()]).toEqual([1, 2]);
  await expect(initRepository(storage, { secret, registers }, environment)).rejects.toMatchObject({ code: "exists" });
});

test("a place that refuses the condition takes none that keeps its registers itself", async () => {
  const storage = refusing(createMemoryStorage());
  await expect(initRepository(storage, { secret }, await createTestEnvironment())).rejects.toMatchObject({
    isFinal: true,
  });
});

test("an init that another one was faster than says so, and leaves the other's key slot, whose name is the same", async () => {
  const memory = createMemoryStorage();
  const storage = overwriting(memory);
  const [slotPut, faster] = [turn(), turn()];
  let slots = 0;
  // It has put its slot, and waits before it looks for a config.
  const slow: Hook = async (kind, name) => {
    if (kind === "objects.putIfAbsent") slots++;
    if (kind !== "objects.get" || name !== "config" || slots === 0) return;
    slotPut.resolve();
    await faster.promise;
  };
  let loser: Promise<unknown> | undefined;
  const hook = once(
    (kind) => kind === "objects.putIfAbsent",
    async () => {
      loser = initRepository(hookedStorage(storage, slow), { secret, registers }, await createTestEnvironment());
      loser.catch(() => {});
      await slotPut.promise;
    },
  );
  const environment = await createTestEnvironment({ seed: 2 });
  await initRepository(hookedStorage(storage, hook), { secret, registers }, environment);
  faster.resolve();
  await expect(loser).rejects.toMatchObject({ code: "exists" });
  expect([...memory.objects.keys()].filter((name) => name.startsWith("keys/"))).toEqual(["keys/1"]);
  await expect(unlockRepository(memory, secret, environment)).resolves.toBeDefined();
});

test("an init whose config another one overwrote before it was read back makes no repository", async () => {
  const memory = createMemoryStorage();
  let gets = 0;
  const readsBack = (kind: string, name: string) => {
    if (kind === "objects.get" && name === "config") gets++;
    return kind === "objects.get" && name === "config" && memory.objects.has("config") && gets > 1;
  };
  const replace = once(readsBack, () => overwriting(memory).put("config", new Uint8Array([1])));
  const storage = hookedStorage(overwriting(memory), replace);
  await expect(initRepository(storage, { secret, registers }, await createTestEnvironment())).rejects.toMatchObject({
    code: "exists",
  });
});

test("an init whose key slot another one overwrote makes none, and says what to do", async () => {
  const memory = createMemoryStorage();
  const replace = once(
    (kind, name) => kind === "objects.putIfAbsent" && name === "config",
    () => overwriting(memory).put("keys/1", new Uint8Array([1])),
  );
  const storage = hookedStorage(overwriting(memory), replace);
  const run = initRepository(storage, { secret, registers }, await createTestEnvironment());
  await expect(run).rejects.toMatchObject({ code: "refused", message: expect.stringMatching(/another init.*remove/) });
});
