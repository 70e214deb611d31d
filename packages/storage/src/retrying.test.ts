import { ArchivedError, BcatError, StorageError } from "@bcat/errors";
import { describe, expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createFaultyStorage } from "./faulty.js";
import { createMemoryStorage } from "./memory.js";
import { Meter } from "./meter.js";
import { createMeteredStorage } from "./metered.js";
import { createRetryingStorage, type RetryOptions } from "./retrying.js";
import type { ListedObject, Storage } from "./storage.js";
import type { Trouble } from "./trouble.js";

const bytes = Uint8Array.of(1, 2, 3);
const other = Uint8Array.of(4);

/** A clock that only waiting moves, and draws that are the same every time. */
function simulated(given: Partial<RetryOptions> = {}) {
  const waits: number[] = [];
  let time = 1000;
  const options: RetryOptions = {
    now: () => time,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
      time += milliseconds;
    },
    random: () => 0.5,
    retryForMs: 60_000,
    ...given,
  };
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { options, waits, pass };
}

describeStorage("retrying storage", async () => ({
  storage: createRetryingStorage(createMemoryStorage(), simulated().options),
  dispose: async () => {},
}));

type Fate = "fails" | "unanswered" | "works" | "final";

/** A memory storage whose operations meet these fates in turn, and a retrying storage over it. */
function create(fates: readonly Fate[], given: Partial<RetryOptions> = {}) {
  const inner = createMemoryStorage();
  const remaining = [...fates];
  async function meet<T>(run: () => Promise<T>): Promise<T> {
    const fate = remaining.shift() ?? "works";
    if (fate === "fails") throw new StorageError("injected");
    if (fate === "final") throw new StorageError("no permission", { isFinal: true });
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
  const { options, waits } = simulated(given);
  return { inner, waits, storage: createRetryingStorage(flaky, options) };
}

const dead = () => createFaultyStorage(createMemoryStorage(), { random: { seed: 1, before: 1, unanswered: 0 } });

describe("get(), put() and delete()", () => {
  test("try again after a StorageError, and wait up to twice as long each time", async () => {
    const { inner, storage, waits } = create(["fails", "fails", "unanswered", "works", "fails", "works", "fails"]);
    await storage.put("a", bytes);
    expect(await storage.get("a")).toEqual(bytes);
    await storage.delete?.("a");
    expect(inner.objects.size).toBe(0);
    expect(waits).toEqual([100, 200, 400, 100, 100]);
  });

  test("give up at the deadline, after a last attempt then, and say how often they tried", async () => {
    const { options, waits } = simulated({ retryForMs: 100_000 });
    await expect(createRetryingStorage(dead(), options).get("a")).rejects.toThrow(
      /injected.*; tried 14 times in 100 s/,
    );
    expect(waits.slice(-4, -1)).toEqual([15_000, 15_000, 15_000]);
    expect(waits.reduce((sum, wait) => sum + wait)).toBe(100_000);
  });

  test("never try again when told so", async () => {
    const inner = dead();
    await expect(createRetryingStorage(inner, simulated({ retryForMs: 0 }).options).get("a")).rejects.toThrow();
    expect(inner.operations).toHaveLength(1);
  });

  test("do not repeat what will not change", async () => {
    const { inner, storage, waits } = create(["works", "fails", "final"]);
    await inner.put("a", other);
    await expect(storage.put("a", bytes)).rejects.toMatchObject({ code: "exists" });
    await expect(storage.get("A")).rejects.toBeInstanceOf(StorageError);
    expect(waits).toEqual([100]);
    await expect(storage.get("A")).rejects.toBeInstanceOf(RangeError);
    expect(waits).toEqual([100]);
  });

  test("stop between attempts when aborted", async () => {
    const controller = new AbortController();
    const inner = dead();
    const { options } = simulated({ sleep: async () => controller.abort(new Error("enough")) });
    const storage = createRetryingStorage(inner, options);
    await expect(storage.put("a", bytes, { signal: controller.signal })).rejects.toThrow("enough");
    expect(inner.operations).toHaveLength(1);
  });

  test("hand the wait the call's signal, or that of the storage", async () => {
    const own = new AbortController().signal;
    const { signal } = new AbortController();
    const given: unknown[] = [];
    const sleep = async (_: number, signal: AbortSignal | undefined) => void given.push(signal);
    const { storage } = create(["fails", "works", "fails"], { signal, sleep });
    await storage.get("a", { signal: own });
    await storage.delete?.("a");
    expect(given[0]).toBe(own);
    expect(given[1]).toBe(signal);
  });

  test("say of a refusal whether an earlier try got no answer, which may have been done", async () => {
    const faults = [
      new StorageError("no answer"),
      new StorageError("full", { isFinal: true }),
      new StorageError("full", { isFinal: true }),
    ];
    const put = async () => {
      throw faults.shift();
    };
    const storage = createRetryingStorage({ ...createMemoryStorage(), put }, simulated({}).options);
    await expect(storage.put("a", bytes)).rejects.toMatchObject({ message: "full", isFinal: true, mayBeDone: true });
    await expect(storage.put("a", bytes)).rejects.toMatchObject({ message: "full", isFinal: true, mayBeDone: false });
  });

  test("count what they do again", async () => {
    const meter = new Meter();
    const inner = createFaultyStorage(createMemoryStorage(), { random: { seed: 3, before: 0.3, unanswered: 0.2 } });
    const { options } = simulated({ onRetry: () => meter.retried() });
    const storage = createRetryingStorage(createMeteredStorage(inner, meter), options);
    for (let i = 0; i < 50; i++) await storage.put(`a${i}`, bytes);
    expect(meter.requests.put).toBe(inner.operations.length);
    expect(meter.retries).toBe(inner.operations.length - 50);
    expect(meter.retries).toBeGreaterThan(10);
  });
});

describe("putIfAbsent()", () => {
  test.each([
    ["lost requests", ["fails", "fails"]],
    ["a lost acknowledgement", ["unanswered"]],
    ["a lost acknowledgement and a lost reading", ["unanswered", "works", "fails"]],
    ["all of them", ["fails", "unanswered", "works", "fails"]],
  ] as const)("decides in spite of %s", async (_, fates) => {
    const { inner, storage } = create(fates);
    await storage.putIfAbsent("a", bytes);
    expect(inner.objects.get("a")).toEqual(bytes);
  });

  test("throws exists when another writer decided while its own request was lost", async () => {
    const { inner, storage } = create(["fails"]);
    await inner.putIfAbsent("a", other);
    await expect(storage.putIfAbsent("a", bytes)).rejects.toMatchObject({ code: "exists" });
    expect(inner.objects.get("a")).toEqual(other);
  });

  test("throws exists at once when no attempt is in doubt, even for equal bytes", async () => {
    const { inner, storage, waits } = create([]);
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
        return createRetryingStorage(faulty, simulated({ retryForMs: 3_600_000 }).options).putIfAbsent(
          "a",
          Uint8Array.of(racer),
        );
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

describe("list()", () => {
  /** Gives `names`, and fails before the name at each of these places, once. */
  function listing(names: readonly string[], breaks: readonly number[]): Storage {
    const remaining = new Set(breaks);
    return {
      ...createMemoryStorage(),
      location: "breaking",
      async *list() {
        for (const [place, name] of names.entries()) {
          if (remaining.delete(place)) throw new StorageError("broken off");
          yield { name, size: place };
        }
      },
    } as unknown as Storage;
  }

  async function namesOf(storage: Storage): Promise<string[]> {
    const found: ListedObject[] = [];
    for await (const object of storage.list!("")) found.push(object);
    return found.map(({ name }) => name);
  }

  const names = ["a", "b", "b-c", "d", "e"];

  test("goes on where it broke off, and gives every name once", async () => {
    const storage = createRetryingStorage(listing(names, [0, 2, 3, 4]), simulated().options);
    expect(await namesOf(storage)).toEqual(names);
  });

  test("gives names that do not ascend too, unless it breaks off among them", async () => {
    const mixed = ["d", "a", "e"];
    expect(await namesOf(createRetryingStorage(listing(mixed, [0]), simulated().options))).toEqual(mixed);
    const { options, waits } = simulated();
    await expect(namesOf(createRetryingStorage(listing(mixed, [2]), options))).rejects.toThrow("broken off");
    expect(waits).toEqual([]);
  });
});

describe("trouble", () => {
  test("is told once for many calls, with the time that is left", async () => {
    const told: Trouble[] = [];
    const { options } = simulated({ retryForMs: 60_000, onTrouble: (trouble) => told.push(trouble) });
    const storage = createRetryingStorage(dead(), options);
    await Promise.allSettled(Array.from({ length: 16 }, () => storage.get("a")));
    expect(told).toHaveLength(1);
    expect(told[0]?.error.message).toContain("injected");
    expect(told[0]?.leftMs).toBeGreaterThan(40_000);
    expect(told[0]?.leftMs).toBeLessThan(60_000);
  });

  test("is told before a long wait, not after it", async () => {
    const told: Trouble[] = [];
    const { options, waits } = simulated({ random: () => 0.99 });
    let waitsWhenTold = 0;
    const onTrouble = (trouble: Trouble) => {
      told.push(trouble);
      waitsWhenTold = waits.length;
    };
    await expect(createRetryingStorage(dead(), { ...options, onTrouble }).get("a")).rejects.toThrow();
    expect(told).toHaveLength(1);
    const before = waits.slice(0, waitsWhenTold).reduce((sum, wait) => sum + wait, 0);
    expect(before).toBeLessThan(5_000);
    expect(before + waits[waitsWhenTold]!).toBeGreaterThanOrEqual(5_000);
  });

  test("is not told while others get their answers", async () => {
    const told: Trouble[] = [];
    const inner = createFaultyStorage(createMemoryStorage(), { random: { seed: 5, before: 0.5, unanswered: 0 } });
    const { options, pass } = simulated({ onTrouble: (trouble) => told.push(trouble) });
    const storage = createRetryingStorage(inner, options);
    for (let i = 0; i < 100; i++) {
      pass(1000);
      await storage.get("a");
    }
    expect(told).toEqual([]);
  });
});

test.each([-1, Number.NaN])("createRetryingStorage() refuses to retry for %d ms", (retryForMs) => {
  expect(() => createRetryingStorage(createMemoryStorage(), simulated({ retryForMs }).options)).toThrow(RangeError);
});

test("what is archived stays known as that, also after a fault that passed", async () => {
  const archived = new ArchivedError("it is archived", { object: "packs/00", remedy: "thaw OBJECT" });
  const faults = [new StorageError("no answer"), archived];
  const inner: Storage = {
    ...createMemoryStorage(),
    get: async () => {
      throw faults.shift();
    },
  };
  const storage = createRetryingStorage(inner, simulated().options);
  await expect(storage.get("packs/00")).rejects.toBe(archived);
});

describe("when the user has asked for the end", () => {
  const failing = () => new Array<Fate>(100).fill("fails");

  test("a call that goes on is tried again for 10 s at most, and no longer than it would be", async () => {
    const stop = new AbortController();
    const { storage, waits } = create(failing(), { retryForMs: 900_000, stop: stop.signal });
    stop.abort();
    await expect(storage.get("name")).rejects.toThrow(/injected; tried \d+ times in 10 s$/);
    expect(waits.reduce((a, b) => a + b)).toBe(10_000);
    await expect(storage.get("name")).rejects.toThrow(/^injected$/);
  });

  test("one that waits for its next try is tried at once", async () => {
    const stop = new AbortController();
    const woken: string[] = [];
    const sleep: RetryOptions["sleep"] = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal!.addEventListener("abort", () => {
          woken.push("woken");
          reject(signal!.reason as Error);
        });
        stop.abort();
      });
    const { storage } = create(["fails", "works"], { retryForMs: 900_000, stop: stop.signal, sleep });
    expect(await storage.get("name")).toBeUndefined();
    expect(woken).toEqual(["woken"]);
  });
});
