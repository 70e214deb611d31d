import { createFaultyStorage, createMemoryStorage, type Storage } from "@bcat/storage";
import { expect, test } from "vitest";
import { decideAndReadBack, decideRegister, findHead, refuseHole, registerName } from "./registers.js";

const bytes = (text: string) => Buffer.from(text);

test("decideRegister() is true for our own bytes, also when the acknowledgement was lost", async () => {
  const storage = createMemoryStorage();
  expect(await decideRegister(storage, "log/0000000001", bytes("mine"))).toBe(true);
  expect(await decideRegister(storage, "log/0000000001", bytes("mine"))).toBe(true);
  expect(await decideRegister(storage, "log/0000000001", bytes("theirs"))).toBe(false);
});

test("decideRegister() does not guess when the outcome is not known", async () => {
  const inner = createMemoryStorage();
  const storage = createFaultyStorage(inner, { stop: { at: 1, way: "unanswered" } });
  await expect(decideRegister(storage, "log/0000000001", bytes("mine"))).rejects.toMatchObject({
    code: "storage-failed",
  });
  expect(inner.objects.has("log/0000000001")).toBe(true);
});

test("decideRegister() leaves no hole where a register was there a moment ago, and is not any more", async () => {
  const storage = createMemoryStorage();
  await storage.putIfAbsent("log/0000000001", bytes("theirs"));
  const forgetting: Storage = {
    location: "memory",
    async get(name) {
      await storage.delete(name);
      return undefined;
    },
    put: storage.put.bind(storage),
    putIfAbsent: storage.putIfAbsent.bind(storage),
  };
  await expect(decideRegister(forgetting, "log/0000000001", bytes("mine"))).rejects.toMatchObject({
    code: "storage-failed",
    message: expect.stringContaining("does not give it back"),
  });
});

test("decideAndReadBack() is false when somebody else's bytes are there after all", async () => {
  const inner = createMemoryStorage();
  /** Takes a second value, as a storage does whose put-if-absent is none. */
  const storage: Storage = {
    location: "memory",
    get: (name) => inner.get(name),
    put: (name, value) => inner.put(name, value),
    async putIfAbsent(name) {
      await inner.delete(name);
      await inner.put(name, bytes("theirs"));
    },
  };
  expect(await decideAndReadBack(storage, "log/0000000001", bytes("mine"))).toBe(false);
  expect(await decideAndReadBack(inner, "log/0000000002", bytes("mine"))).toBe(true);
});

test("decideAndReadBack() does not take a bit that flipped on the way for somebody else's bytes", async () => {
  const inner = createMemoryStorage();
  let isFirst = true;
  const storage: Storage = {
    location: "memory",
    async get(name) {
      const value = (await inner.get(name))?.slice();
      if (isFirst && value !== undefined) value[0]! ^= 1;
      isFirst = false;
      return value;
    },
    put: inner.put.bind(inner),
    putIfAbsent: inner.putIfAbsent.bind(inner),
  };
  expect(await decideAndReadBack(storage, "outcomes/0000000001", bytes("mine"))).toBe(true);
});

test("decideAndReadBack() says that it was put when it cannot be read back", async () => {
  const inner = createMemoryStorage();
  const storage = createFaultyStorage(inner, { stop: { at: 2, way: "before" } });
  await expect(decideAndReadBack(storage, "log/0000000001", bytes("mine"))).rejects.toThrow(
    /it was put and could not be read back/,
  );
  expect(inner.objects.has("log/0000000001")).toBe(true);
});

test("decideAndReadBack() does not believe a storage that does not give back what it took", async () => {
  const inner = createMemoryStorage();
  const storage: Storage = {
    location: "memory",
    get: async () => undefined,
    put: inner.put.bind(inner),
    putIfAbsent: inner.putIfAbsent.bind(inner),
  };
  await expect(decideAndReadBack(storage, "log/0000000001", bytes("mine"))).rejects.toMatchObject({ isFinal: true });
});

test("findHead() finds the head of dense sequences of any length, from nothing and from what is known", async () => {
  const storage = createMemoryStorage();
  for (let head = 0; head <= 70; head++) {
    if (head > 0) await storage.putIfAbsent(registerName("sessions", head), bytes("x"));
    expect(await findHead(storage, "sessions", 0)).toBe(head);
    expect(await findHead(storage, "sessions", Math.max(0, head - 3))).toBe(head);
  }
});

test("findHead() costs about 2 log2 n requests", async () => {
  const inner = createMemoryStorage();
  for (let n = 1; n <= 1000; n++) await inner.putIfAbsent(registerName("sessions", n), bytes("x"));
  const storage = createFaultyStorage(inner);
  await findHead(storage, "sessions", 0);
  expect(storage.operations.length).toBeLessThan(24);
});

test("refuseHole() takes sessions that begin while it looks for no hole", async () => {
  const inner = createMemoryStorage();
  await inner.putIfAbsent(registerName("sessions", 1), bytes("x"));
  const begin = async (number: number) => {
    await inner.putIfAbsent(registerName("sessions", number), bytes("x")).catch(() => {});
  };
  const storage: Storage = {
    location: "memory",
    // Between the search for the head and this, two others have begun.
    get: async (name) => {
      await begin(2);
      await begin(3);
      return await inner.get(name);
    },
    put: (name, value) => inner.put(name, value),
    putIfAbsent: (name, value) => inner.putIfAbsent(name, value),
  };
  await refuseHole(storage, 1);
});

test("refuseHole() notices a session that was removed", async () => {
  const storage = createMemoryStorage();
  await storage.putIfAbsent(registerName("sessions", 1), bytes("x"));
  await refuseHole(storage, 1);
  await storage.putIfAbsent(registerName("outcomes", 2), bytes("x"));
  await expect(refuseHole(storage, 1)).rejects.toMatchObject({ code: "identity-changed" });
  const later = createMemoryStorage();
  await later.putIfAbsent(registerName("sessions", 3), bytes("x"));
  await expect(refuseHole(later, 1)).rejects.toMatchObject({ code: "identity-changed" });
});
