/** Keys that are added and removed, by one and by several at a time, and interrupted anywhere. */
import type { Secret } from "@bcat/crypto";
import { createFaultyStorage, createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { initRepository, openRepository, unlockRepository } from "../open.js";
import type { Repository } from "../repository.js";
import { createTestEnvironment } from "../test-environment.js";
import { commitChunk } from "../test-repository.js";
import { addKeySlot, removeKeySlot } from "./change-keys.js";
import { describeKeySlots, type KeySlot, keySlotOf } from "./key-slots.js";

const [first, second, third] = [1, 2, 3].map((byte) => ({ keyFile: new Uint8Array(32).fill(byte) })) as [
  Secret,
  Secret,
  Secret,
];
const owner = { user: "ada", host: "elsewhere" };
const environment = await createTestEnvironment();

interface Opened extends AsyncDisposable {
  readonly repository: Repository;
  readonly slot: KeySlot;
}

async function open(storage: Storage, secret: Secret): Promise<Opened> {
  const { rootKey, slot, slotName } = await unlockRepository(storage, secret, environment);
  const repository = await openRepository(storage, rootKey, environment);
  await repository.refresh();
  return {
    repository,
    slot: keySlotOf(slotName, slot),
    [Symbol.asyncDispose]: () => repository[Symbol.asyncDispose](),
  };
}

/** With keys 1 and 2. */
async function createWithTwo(options: { isForOneWriter?: boolean } = {}): Promise<MemoryStorage> {
  const storage = createMemoryStorage();
  await using repository = await initRepository(storage, { secret: first, ...options }, environment);
  await addKeySlot(repository, { secret: second, owner });
  return storage;
}

async function remove(storage: Storage, number: number, secret: Secret): Promise<void> {
  await using opened = await open(storage, secret);
  await removeKeySlot(opened.repository, number, opened.slot);
}

async function opens(storage: Storage, secret: Secret): Promise<boolean> {
  return await unlockRepository(storage, secret, environment).then(
    () => true,
    () => false,
  );
}

test("a key that is added opens, and is known by its owner; one that is removed opens nothing", async () => {
  const storage = await createWithTwo();
  await using opened = await open(storage, second);
  expect(opened.slot.number).toBe(2);
  expect(await describeKeySlots(opened.repository)).toMatchObject([
    { number: 1, secret: { kind: "key-file" }, addition: undefined, isRemoved: false },
    { number: 2, addition: { owner, time: 1 }, isRemoved: false, problem: undefined },
  ]);
  await removeKeySlot(opened.repository, 1, opened.slot);
  expect([await opens(storage, first), await opens(storage, second)]).toEqual([false, true]);
  expect(await describeKeySlots(opened.repository)).toHaveLength(1);
});

test("a number is used again only when all above are taken, and at most 20 are", async () => {
  const storage = await createWithTwo();
  await remove(storage, 1, second);
  await using opened = await open(storage, second);
  const numbers: number[] = [];
  for (let i = 0; i < 19; i++) numbers.push((await addKeySlot(opened.repository, { secret: third, owner })).number);
  expect(numbers).toEqual([...Array.from({ length: 18 }, (_, i) => i + 3), 1]);
  await expect(addKeySlot(opened.repository, { secret: third, owner })).rejects.toMatchObject({ code: "refused" });
});

test("the key that has opened the repository is not removed, nor one that is not there", async () => {
  const storage = await createWithTwo();
  await expect(remove(storage, 2, second)).rejects.toThrow("it is the one that has opened the repository");
  await expect(remove(storage, 3, second)).rejects.toMatchObject({ code: "not-found" });
});

test("a copy of a slot is the same key: removed with it, and not by who opens with it", async () => {
  const storage = await createWithTwo();
  const copy = async (from: string, to: string) => void (await storage.put(to, (await storage.get(from))!));
  await copy("keys/1", "keys/3");
  await expect(remove(storage, 3, first)).rejects.toThrow("it is a copy of key 1");
  await copy("keys/2", "keys/5");
  await remove(storage, 2, first);
  expect([await opens(storage, first), await opens(storage, second)]).toEqual([true, false]);
  await using opened = await open(storage, first);
  const added = await addKeySlot(opened.repository, { secret: third, owner });
  expect(await removeKeySlot(opened.repository, 3, added)).toEqual([3, 1]);
  for (const name of ["keys/7", "keys/8"]) await storage.put(name, Buffer.from(`no slot: ${name}`));
  expect(await removeKeySlot(opened.repository, 7, added)).toEqual([7]);
  expect([await opens(storage, first), await opens(storage, third)]).toEqual([false, true]);
});

test("a hint is tried first, whatever it is", async () => {
  const storage = await createWithTwo();
  const asked: string[] = [];
  const counting: Storage = {
    ...storage,
    get: (name) => {
      asked.push(name);
      return storage.get(name);
    },
  };
  const { slotName } = await unlockRepository(counting, second, environment, { keyHint: 2 });
  expect([slotName, ...asked]).toEqual(["keys/2", "config", "keys/2"]);
  expect((await unlockRepository(counting, second, environment, { keyHint: 9 })).slotName).toBe("keys/2");
});

test("two who remove each other's key at one moment leave one, whatever comes first", async () => {
  const left = new Set<string>();
  for (let moment = 0; ; moment++) {
    const storage = await createWithTwo();
    let calls = 0;
    let other: Promise<void> | undefined;
    const meanwhile = async () => {
      if (calls++ !== moment) return;
      other = remove(storage, 1, second).catch(() => undefined);
      await other;
    };
    await using opened = await open(storage, first);
    const disturbed = disturb(storage, meanwhile);
    await removeKeySlot(opened.repository.withStorage(disturbed), 2, opened.slot).catch(() => undefined);
    const still = [await opens(storage, first), await opens(storage, second)];
    expect(still, `moment ${moment}`).toContain(true);
    left.add(still.join());
    if (other === undefined) break;
  }
  expect([...left].sort()).toEqual(["false,true", "true,false"]);
});

/** Calls `before` ahead of every call. */
function disturb(storage: MemoryStorage, before: () => Promise<void>): Storage {
  const held =
    <Arguments extends unknown[], Result>(call: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      await before();
      return await call(...given);
    };
  return {
    location: storage.location,
    get: held(storage.get.bind(storage)),
    put: held(storage.put.bind(storage)),
    putIfAbsent: held(storage.putIfAbsent.bind(storage)),
    delete: held(storage.delete.bind(storage)),
  };
}

test("a removal that died is seen, still refused to who was removed, and finished by another", async () => {
  const storage = await createWithTwo();
  const { delete: _, ...dying } = disturb(storage, async () => undefined);
  const dead = { ...dying, delete: () => Promise.reject(new Error("dead")) };
  {
    await using opened = await open(storage, first);
    const removal = removeKeySlot(opened.repository.withStorage(dead), 2, opened.slot);
    await expect(removal).rejects.toThrow("dead");
  }
  // It opens still; but it is not one that stays.
  await expect(remove(storage, 1, second)).rejects.toThrow(/key 2, .* was removed from host h meanwhile/);
  await using opened = await open(storage, first);
  expect((await describeKeySlots(opened.repository))[1]).toMatchObject({ number: 2, isRemoved: true });
  await removeKeySlot(opened.repository, 2, opened.slot);
  expect([await opens(storage, first), await opens(storage, second)]).toEqual([true, false]);
});

test("the deleted slot comes back when the one that was to stay is deleted without a word", async () => {
  const storage = await createWithTwo();
  await using opened = await open(storage, first);
  const careless: Storage = {
    ...disturb(storage, async () => undefined),
    delete: async (name) => {
      await storage.delete(name);
      await storage.delete("keys/1");
    },
  };
  const removal = removeKeySlot(opened.repository.withStorage(careless), 2, opened.slot);
  await expect(removal).rejects.toThrow("it is there again as key 1");
  await using again = await open(storage, second);
  expect(await describeKeySlots(again.repository)).toMatchObject([
    { number: 1, isRemoved: false, addition: { owner } },
  ]);
});

test.each(["before", "unanswered"] as const)("killed %s any call, both open or one was removed", async (way) => {
  for (let at = 1; ; at++) {
    const inner = await createWithTwo();
    await using opened = await open(inner, first);
    const storage = createFaultyStorage(inner, { stop: { at, way } });
    await removeKeySlot(opened.repository.withStorage(storage), 2, opened.slot).catch(() => undefined);
    expect(await opens(inner, first)).toBe(true);
    if (!storage.stopped) break;
    if (await opens(inner, second)) await remove(inner, 2, first);
    expect(await opens(inner, second)).toBe(false);
  }
});

test("in a place for one writer it is done in a session, and backups go on", async () => {
  const storage = await createWithTwo({ isForOneWriter: true });
  await remove(storage, 1, second);
  await using opened = await open(storage, second);
  await commitChunk(opened.repository);
  expect(await opens(storage, first)).toBe(false);
});
