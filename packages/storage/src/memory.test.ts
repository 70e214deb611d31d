import { expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createMemoryStorage } from "./memory.js";

describeStorage("memory storage", async () => ({ storage: createMemoryStorage(), dispose: async () => {} }));

test("objects is a live view of what is stored", async () => {
  const storage = createMemoryStorage();
  const { objects } = storage;
  await storage.put("a", Uint8Array.of(1));
  expect([...objects]).toEqual([["a", Uint8Array.of(1)]]);
});

test("clone() shares nothing with its origin", async () => {
  const storage = createMemoryStorage();
  await storage.put("a", Uint8Array.of(1));
  const clone = storage.clone();
  await storage.put("b", Uint8Array.of(2));
  storage.objects.get("a")?.fill(9);
  expect([...clone.objects]).toEqual([["a", Uint8Array.of(1)]]);
});
