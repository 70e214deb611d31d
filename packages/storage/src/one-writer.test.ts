import { StorageError } from "@bcat/errors";
import { expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createMemoryStorage, type MemoryStorage } from "./memory.js";
import { createOneWriterStorage } from "./one-writer.js";
import type { Storage } from "./storage.js";

describeStorage("one-writer storage", async () => ({
  storage: createOneWriterStorage(createMemoryStorage()),
  dispose: async () => {},
}));

const bytes = Uint8Array.of(1, 2, 3);

function withPutIfAbsent(inner: MemoryStorage, putIfAbsent: Storage["putIfAbsent"]): Storage {
  return createOneWriterStorage({
    location: "odd",
    get: (name) => inner.get(name),
    put: (name, value) => inner.put(name, value),
    putIfAbsent,
  });
}

test("what was written before is not overwritten, though the storage would", async () => {
  const inner = createMemoryStorage();
  const storage = withPutIfAbsent(inner, async (name, value) => {
    await inner.delete(name);
    await inner.put(name, value);
  });
  await storage.putIfAbsent("a", bytes);
  await expect(storage.putIfAbsent("a", Uint8Array.of(4))).rejects.toMatchObject({ code: "exists" });
  expect(inner.objects.get("a")).toEqual(bytes);
});

test("a condition that is refused for good is done without, a failure is not", async () => {
  const inner = createMemoryStorage();
  const refusing = (isFinal: boolean) =>
    withPutIfAbsent(inner, async () => {
      throw new StorageError("not implemented", { isFinal });
    });
  await expect(refusing(false).putIfAbsent("a", bytes)).rejects.toThrow("not implemented");
  expect(inner.objects.size).toBe(0);
  await refusing(true).putIfAbsent("a", bytes);
  expect(inner.objects.get("a")).toEqual(bytes);
});

test("a refusal after a try that got no answer stays in doubt", async () => {
  const inner = createMemoryStorage();
  const storage = createOneWriterStorage({
    location: "odd",
    get: (name) => inner.get(name),
    put: async () => {
      throw new StorageError("access denied", { isFinal: true });
    },
    putIfAbsent: async () => {
      throw new StorageError("access denied", { isFinal: true, mayBeDone: true });
    },
  });
  await expect(storage.putIfAbsent("a", bytes)).rejects.toMatchObject({ isFinal: true, mayBeDone: true });
});
