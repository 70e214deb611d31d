import { expect, test } from "vitest";
import { describeStorage } from "../conformance.js";
import { createMemoryStorage } from "../memory.js";
import { createLimitedStorage } from "./limited.js";
import type { RateSchedule } from "./throttle.js";

function createClock() {
  const clock = {
    time: 0,
    now: () => clock.time,
    minuteOfDay: () => 0,
    wait: async (milliseconds: number) => {
      clock.time += milliseconds;
    },
  };
  return clock;
}

const perSecond = (bytesPerSecond: number): RateSchedule => [{ minute: 0, bytesPerSecond }];

describeStorage("a limited memory storage", async () => {
  const limits = { clock: createClock(), upload: perSecond(1_000_000), download: perSecond(1_000_000) };
  return { storage: createLimitedStorage(createMemoryStorage(), limits), dispose: async () => undefined };
});

test("createLimitedStorage() lets bytes pass at the rate of each direction", async () => {
  const clock = createClock();
  const limits = { clock, upload: perSecond(1_000), download: perSecond(10_000) };
  const storage = createLimitedStorage(createMemoryStorage(), limits);
  await storage.put("object", new Uint8Array(10_000));
  expect(clock.time).toBeGreaterThan(9_000);
  expect(clock.time).toBeLessThan(10_100);
  clock.time = 0;
  await storage.get("object", { range: { offset: 0, length: 5_000 } });
  expect(clock.time).toBeGreaterThan(400);
  expect(clock.time).toBeLessThan(510);
});

test("createLimitedStorage() ends the wait of an aborted call, and writes nothing", async () => {
  const inner = createMemoryStorage();
  const controller = new AbortController();
  const clock = { ...createClock(), wait: async () => controller.abort(new Error("enough")) };
  const storage = createLimitedStorage(inner, { clock, upload: perSecond(1_000) });
  const { signal } = controller;
  await expect(storage.put("object", new Uint8Array(10_000), { signal })).rejects.toThrow("enough");
  expect(inner.objects.size).toBe(0);
});
