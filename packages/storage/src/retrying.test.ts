import { BcatError, StorageError } from "@bcat/errors";
import { describe, expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createFaultyStorage } from "./faulty.js";
import { createMemoryStorage } from "./memory.js";
import { attemptsMaxDefault, createRetryingStorage } from "./retrying.js";
import type { Storage } from "./storage.js";

const bytes = Uint8Array.of(1, 2, 3);
const other = Uint8Array.of(4);
const sleep = async () => {};

describeStorage("retrying storage", async () => ({
  storage: createRetryingStorage(createMemoryStorage(), { sleep }),
  dispose: async () => {},
}));

/** A memory storage whose operations meet these fates in turn, and a retrying storage over it. */
function create(...fates: readonly ("fails" | "unanswered" | "works")[]) {
  const inner = createMemoryStorage();
  const waits: number[] = [];
  const remaining = [...fates];
  async function meet<T>(run: () => Promise<T>): Promise<T> {
    const fate = remaining.shift() ?? "works";
    if (fate === "fails") throw new StorageError("injected");
    const result = await run();
    if (fate === "unanswered") throw new StorageError("injected");
    return result;
  }
  const flaky: Storage = {
    location: "flaky",
    get: (name, options) => meet(() => inner.get(name, options)),
    put: (name, sent, options) => meet(() => inner.put(name, sent, options)),
    putIfAbsent: (name, sent, options) => meet(() => inner.putIfAbsent(name, sent, options)),
    delete: (name) => meet(() => inner.delete(name)),
  };
  const storage = createRetryingStorage(flaky, {
    sleep: async (attempt) => {
      waits.push(attempt);
    },
  });
  return { inner, storage, waits };
}

describe("get(), put() and delete()", () => {
  test("try again after a StorageError, and wait with the number of failed attempts", async () => {
    const { inner, storage, waits } = create("fails", "unanswered", "works", "fails", "works", "fails");
    await storage.put("a", bytes);
    expect(await storage.get("a")).toEqual(bytes);
    await storage.delete?.("a");
    expect(inner.objects.size).toBe(0);
    expect(waits).toEqual([1, 2, 1, 1]);
  });

  test("throw the last error when the attempts are used up", async () => {
    const inner = createFaultyStorage(createMemoryStorage(), { random: { seed: 1, before: 1, unanswered: 0 } });
    const storage = createRetryingStorage(inner, { sleep });
    await expect(storage.get("a")).rejects.toBeInstanceOf(StorageError);
    expect(inner.operations).toHaveLength(attemptsMaxDefault);
    await expect(createRetryingStorage(inner, { sleep, attemptsMax: 1 }).get("a")).rejects.toThrow();
    expect(inner.operations).toHaveLength(attemptsMaxDefault + 1);
  });

  test("do not repeat what will not change", async () => {
    const { inner, storage, waits } = create();
    await inner.put("a", other);
    await expect(storage.put("a", bytes)).rejects.toMatchObject({ code: "exists" });
    await expect(storage.get("A")).rejects.toBeInstanceOf(RangeError);
    expect(waits).toEqual([]);
  });

  test("stop between attempts when aborted", async () => {
    const controller = new AbortController();
    const inner = createFaultyStorage(createMemoryStorage(), { random: { seed: 1, before: 1, unanswered: 0 } });
    const storage = createRetryingStorage(inner, { sleep: async () => controller.abort(new Error("enough")) });
    await expect(storage.put("a", bytes, { signal: controller.signal })).rejects.toThrow("enough");
    expect(inner.operations).toHaveLength(1);
  });
});

describe("putIfAbsent()", () => {
  test.each([
    ["lost requests", ["fails", "fails"]],
    ["a lost acknowledgement", ["unanswered"]],
    ["a lost acknowledgement and a lost reading", ["unanswered", "works", "fails"]],
    ["all of them", ["fails", "unanswered", "works", "fails"]],
  ] as const)("decides in spite of %s", async (_, fates) => {
    const { inner, storage } = create(...fates);
    await storage.putIfAbsent("a", bytes);
    expect(inner.objects.get("a")).toEqual(bytes);
  });

  test("throws exists when another writer decided while its own request was lost", async () => {
    const { inner, storage } = create("fails");
    await inner.putIfAbsent("a", other);
    await expect(storage.putIfAbsent("a", bytes)).rejects.toMatchObject({ code: "exists" });
    expect(inner.objects.get("a")).toEqual(other);
  });

  test("throws exists at once when no attempt is in doubt, even for equal bytes", async () => {
    const { inner, storage, waits } = create();
    await inner.putIfAbsent("a", bytes);
    await expect(storage.putIfAbsent("a", bytes)).rejects.toBeInstanceOf(BcatError);
    expect(waits).toEqual([]);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "lets one of many win under random faults (%i)",
    async (seed) => {
      const inner = createMemoryStorage();
      const racers = Array.from({ length: 8 }, (_, racer) => {
        const faulty = createFaultyStorage(inner, { random: { seed: seed * 8 + racer, before: 0.2, unanswered: 0.2 } });
        return createRetryingStorage(faulty, { sleep, attemptsMax: 50 }).putIfAbsent("a", Uint8Array.of(racer));
      });
      const results = await Promise.allSettled(racers);
      const winners = results.flatMap(({ status }, racer) => (status === "fulfilled" ? [racer] : []));
      expect(winners).toEqual([inner.objects.get("a")?.[0]]);
      for (const result of results) {
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "exists" });
      }
    },
  );
});

test.each([0, -1, 1.5, Number.NaN])("createRetryingStorage() refuses %d attempts", (attemptsMax) => {
  expect(() => createRetryingStorage(createMemoryStorage(), { sleep, attemptsMax })).toThrow(RangeError);
});
