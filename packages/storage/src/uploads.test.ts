import { expect, test } from "vitest";
import { createAbortableStorage, createFaultyStorage, createMemoryStorage, type Storage } from "./index.js";

test("decorators pass on how many uploads a storage is glad of, and what is put", async () => {
  const kinds: unknown[] = [];
  const memory = createMemoryStorage();
  const inner: Storage = {
    location: "memory",
    uploads: 3,
    get: (name, options) => memory.get(name, options),
    putIfAbsent: (name, bytes, options) => memory.putIfAbsent(name, bytes, options),
    put: async (_name, _bytes, options) => void kinds.push(options?.kind),
  };
  const { signal } = new AbortController();
  for (const storage of [createAbortableStorage(inner, signal), createFaultyStorage(inner)]) {
    expect(storage.uploads).toBe(3);
    await storage.put("packs/ab/1", new Uint8Array(1), { kind: "data" });
  }
  expect(kinds).toEqual(["data", "data"]);
});
