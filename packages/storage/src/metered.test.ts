import { expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createFaultyStorage } from "./faulty.js";
import { createMemoryStorage } from "./memory.js";
import { countingAs, Meter } from "./meter.js";
import { createMeteredStorage } from "./metered.js";

describeStorage("metered storage", async () => ({
  storage: createMeteredStorage(createMemoryStorage(), new Meter()),
  dispose: async () => {},
}));

test("counts every call by kind, and the bytes of objects each way", async () => {
  const meter = new Meter();
  const storage = createMeteredStorage(createMemoryStorage(), meter);
  await storage.put("a", new Uint8Array(10));
  await storage.putIfAbsent("b", new Uint8Array(5));
  await storage.putIfAbsent("b", new Uint8Array(5)).catch(() => {});
  await storage.get("a", { range: { offset: 8, length: 100 } });
  await storage.get("missing");
  for await (const _ of storage.list!("")) {
    // Only counted.
  }
  await storage.delete!("a");
  expect(meter.requests).toEqual({ get: 2, put: 1, putIfAbsent: 2, list: 1, delete: 1, registers: 0 });
  expect(meter).toMatchObject({ total: 7, bytesSent: 20, bytesReceived: 2, retries: 0 });
});

test("counts requests that fail", async () => {
  const meter = new Meter();
  const storage = createMeteredStorage(
    createFaultyStorage(createMemoryStorage(), { stop: { at: 1, way: "before" } }),
    meter,
  );
  await expect(storage.get("a")).rejects.toThrow();
  expect(meter.requests.get).toBe(1);
});

test("countingAs() counts every call as one kind, in the same meter", async () => {
  const meter = new Meter();
  const storage = createMeteredStorage(createMemoryStorage(), countingAs(meter, "registers"));
  await storage.putIfAbsent("b", new Uint8Array(5));
  await storage.get("b");
  expect(meter.requests).toMatchObject({ get: 0, putIfAbsent: 0, registers: 2 });
  expect(meter).toMatchObject({ total: 2, bytesSent: 5, bytesReceived: 5 });
});
