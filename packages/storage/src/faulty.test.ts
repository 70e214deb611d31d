import { isBcatError } from "@bcat/errors";
import { describe, expect, test } from "vitest";
import { describeStorage } from "./conformance.js";
import { createFaultyStorage, type FaultWay } from "./faulty.js";
import { createMemoryStorage } from "./memory.js";
import type { Storage } from "./storage.js";

const bytes = Uint8Array.of(1, 2, 3, 4, 5);
const other = Uint8Array.of(6);
const ways: readonly FaultWay[] = ["before", "unanswered", "late", "torn"];

describeStorage("faulty storage without faults", async () => ({
  storage: createFaultyStorage(createMemoryStorage()),
  dispose: async () => {},
}));

test("operations lists every kind of operation in order", async () => {
  const storage = createFaultyStorage(createMemoryStorage());
  await storage.put("a", bytes);
  await storage.putIfAbsent("b", bytes);
  await storage.get("c");
  for await (const _ of storage.list?.("d") ?? []);
  await storage.delete?.("e");
  const kinds = storage.operations.map(({ kind, name }) => `${kind} ${name}`);
  expect(kinds).toEqual(["put a", "putIfAbsent b", "get c", "list d", "delete e"]);
});

test("createFaultyStorage() offers list and delete only where its inner storage does", () => {
  const { location, get, put, putIfAbsent } = createFaultyStorage(createMemoryStorage());
  const faulty = createFaultyStorage({ location, get, put, putIfAbsent });
  expect(faulty).not.toHaveProperty("list");
  expect(faulty).not.toHaveProperty("delete");
});

describe("a stop", () => {
  /** Stops in the second operation and gives what is stored then. */
  async function stopIn(way: FaultWay, operate: (storage: Storage) => Promise<unknown> | undefined) {
    const inner = createMemoryStorage();
    const storage = createFaultyStorage(inner, { stop: { at: 2, way } });
    await storage.put("first", bytes);
    expect(storage.stopped).toBe(false);
    await expect(operate(storage)).rejects.toThrow(`in memory: injected fault "${way}"`);
    expect(storage.stopped).toBe(true);
    expect(storage.operations).toHaveLength(2);
    return { inner, storage };
  }

  test.each([
    ["before", undefined],
    ["unanswered", bytes],
    ["late", undefined],
    ["torn", Uint8Array.of(1, 2)],
  ] as const)("%s in put() leaves what that way says", async (way, expected) => {
    const { inner } = await stopIn(way, (storage) => storage.put("a", bytes));
    expect(inner.objects.get("a")).toEqual(expected);
  });

  test.each([
    ["before", undefined],
    ["unanswered", bytes],
    ["late", undefined],
    ["torn", undefined],
  ] as const)("%s in putIfAbsent() leaves all or nothing", async (way, expected) => {
    const { inner } = await stopIn(way, (storage) => storage.putIfAbsent("a", bytes));
    expect(inner.objects.get("a")).toEqual(expected);
  });

  test.each([
    ["before", true],
    ["unanswered", false],
    ["late", true],
    ["torn", true],
  ] as const)("%s in delete() leaves what that way says", async (way, expected) => {
    const { inner } = await stopIn(way, (storage) => storage.delete?.("first"));
    expect(inner.objects.has("first")).toBe(expected);
  });

  test.each(ways)("%s fails a read", async (way) => {
    await stopIn(way, (storage) => storage.get("first"));
    await stopIn(way, async (storage) => {
      for await (const _ of storage.list?.("") ?? []);
    });
  });

  test.each(ways)("%s refuses every operation after it, and does none", async (way) => {
    const { inner, storage } = await stopIn(way, (stopping) => stopping.get("first"));
    for (const operate of [
      () => storage.get("first"),
      () => storage.put("b", bytes),
      () => storage.putIfAbsent("b", bytes),
      () => storage.delete?.("first"),
    ]) {
      await expect(operate()).rejects.toThrow("after the stop");
    }
    expect([...inner.objects.keys()]).toEqual(["first"]);
    expect(storage.operations).toHaveLength(2);
  });

  test.each(["put", "putIfAbsent"] as const)(
    "late: settle() does the %s() with the bytes of the call, once",
    async (verb) => {
      const sent = bytes.slice();
      const { inner, storage } = await stopIn("late", (stopping) => stopping[verb]("a", sent));
      sent.fill(0);
      await storage.settle();
      expect(inner.objects.get("a")).toEqual(bytes);
      await inner.delete("a");
      await storage.settle();
      expect(inner.objects.has("a")).toBe(false);
    },
  );

  test("late: settle() changes nothing when another writer was faster", async () => {
    const { inner, storage } = await stopIn("late", (stopping) => stopping.putIfAbsent("a", bytes));
    await inner.putIfAbsent("a", other);
    await storage.settle();
    expect(inner.objects.get("a")).toEqual(other);
  });

  test("unanswered hides that the name was taken", async () => {
    const { inner } = await stopIn("unanswered", (storage) => storage.putIfAbsent("first", other));
    expect(inner.objects.get("first")).toEqual(bytes);
  });
});

describe("random faults", () => {
  /** Which of 1,000 puts succeeded, and which are stored. */
  async function run(seed: number) {
    const inner = createMemoryStorage();
    const storage = createFaultyStorage(inner, { random: { seed, before: 0.1, unanswered: 0.2 } });
    const outcomes: string[] = [];
    for (let index = 0; index < 1000; index++) {
      const answered = await storage.put(`a${index}`, bytes).then(
        () => true,
        (error: unknown) => !isBcatError(error, "storage-failed"),
      );
      outcomes.push(`${answered ? "answered" : "failed"} ${inner.objects.has(`a${index}`) ? "done" : "undone"}`);
    }
    return outcomes;
  }

  test("come at their rates, and go on working after", async () => {
    const outcomes = await run(1);
    const count = (outcome: string) => outcomes.filter((found) => found === outcome).length;
    expect(count("answered undone")).toBe(0);
    expect(Math.abs(count("failed undone") - 100)).toBeLessThan(40);
    expect(Math.abs(count("failed done") - 200)).toBeLessThan(50);
  });

  test("are the same for the same seed only", async () => {
    expect(await run(7)).toEqual(await run(7));
    expect(await run(7)).not.toEqual(await run(8));
  });
});

test.each([
  { stop: { at: 0, way: "before" } },
  { stop: { at: 1.5, way: "before" } },
  { random: { seed: 1, before: -0.1, unanswered: 0 } },
  { random: { seed: 1, before: 0.6, unanswered: 0.6 } },
  { random: { seed: 1, before: Number.NaN, unanswered: 0 } },
] as const)("createFaultyStorage() refuses the impossible plan %o", (plan) => {
  expect(() => createFaultyStorage(createMemoryStorage(), plan)).toThrow(RangeError);
});
