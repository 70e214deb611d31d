import { BcatError, StorageError } from "@bcat/errors";
import { describe, expect, test } from "vitest";
import { createFaultyStorage } from "../faulty.js";
import { createMemoryStorage, type MemoryStorage } from "../memory.js";
import { createMulberry32 } from "../mulberry32.js";
import type { Storage } from "../storage.js";
import { type ProbeOptions, probeStorage } from "./probe.js";

/** A clock that goes on by a millisecond each time it is read. */
function options(form: ProbeOptions["form"], stepMs = 1): ProbeOptions {
  const next = createMulberry32(1);
  let time = 0;
  return {
    form,
    id: "0f",
    random: (length) => {
      const bytes = new Uint8Array(length);
      // Different from the first bytes on is different enough.
      for (let i = 0; i < Math.min(length, 16); i++) bytes[i] = next() * 256;
      return bytes;
    },
    now: () => {
      time += stepMs;
      return time;
    },
  };
}

/** A memory storage with some other ways. */
function withWays(ways: (inner: MemoryStorage) => Partial<Storage>): { storage: Storage; inner: MemoryStorage } {
  const inner = createMemoryStorage();
  const storage: Storage = {
    location: "odd",
    get: (name, given) => inner.get(name, given),
    put: (name, bytes) => inner.put(name, bytes),
    putIfAbsent: (name, bytes) => inner.putIfAbsent(name, bytes),
    list: (prefix) => inner.list(prefix),
    delete: (name) => inner.delete(name),
    ...ways(inner),
  };
  return { storage, inner };
}

const replace = async (inner: MemoryStorage, name: string, bytes: Uint8Array) => {
  await inner.delete(name);
  await inner.put(name, bytes);
};
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Looks, and then writes: right when calm, as s3s-fs is. `every`: of so many names only one shows it. */
const notAtomic = (every = 1) =>
  withWays((inner) => {
    const names: string[] = [];
    return {
      async putIfAbsent(name, bytes) {
        if (!names.includes(name)) names.push(name);
        if (inner.objects.has(name)) throw new BcatError("exists", "it has a value");
        if (names.indexOf(name) % every === every - 1) await turn();
        await replace(inner, name, bytes);
      },
    };
  });

/** Takes the condition for granted, as s3rver does. */
const unconditional = () => withWays((inner) => ({ putIfAbsent: (name, bytes) => replace(inner, name, bytes) }));

describe.each(["quick", "full"] as const)("the %s form", (form) => {
  test("finds a sound storage good, and leaves nothing behind", async () => {
    const storage = createMemoryStorage();
    await storage.put("config", new Uint8Array(3));
    const report = await probeStorage(storage, options(form));
    expect(report).toMatchObject({ keepsWritersApart: true, isUsable: true, left: 0 });
    expect(report.findings.every(({ verdict }) => verdict === "good")).toBe(true);
    expect([...storage.objects.keys()]).toEqual(["config"]);
  });

  test("catches a put-if-absent that is none", async () => {
    const { storage, inner } = unconditional();
    const report = await probeStorage(storage, options(form));
    expect(report).toMatchObject({ keepsWritersApart: false, isUsable: true, left: 0 });
    expect(report.findings).toContainEqual({
      ...{ check: "put-if-absent, one after the other", verdict: "bad" },
      found: "a second value is taken for the same name",
    });
    expect(inner.objects.size).toBe(0);
  });

  test.each([1, 2, 4])("catches one that is right when calm and not atomic, in one race of %i", async (every) => {
    const report = await probeStorage(notAtomic(every).storage, options(form));
    expect(report).toMatchObject({ keepsWritersApart: false, isUsable: true });
    const finding = report.findings.find(({ check }) => check === "put-if-absent, many at once");
    expect(finding?.verdict).toBe("bad");
    expect(finding?.found).toMatch(/^round \d: \d+ of 16 writers were told that they had won$/);
  });

  test("catches one whose winner does not stand", async () => {
    const { storage } = withWays((inner) => ({
      async putIfAbsent(name, bytes) {
        try {
          await inner.putIfAbsent(name, bytes);
        } catch (error) {
          if (name.includes("race")) await replace(inner, name, bytes);
          throw error;
        }
      },
    }));
    const report = await probeStorage(storage, options(form));
    expect(report.findings).toContainEqual(
      expect.objectContaining({ verdict: "bad", found: "round 1: what the winner wrote does not stand" }),
    );
  });

  test("takes a put-if-absent that is refused for none", async () => {
    const { storage } = withWays(() => ({
      async putIfAbsent() {
        throw new StorageError("Cannot put: the service cannot do this (501)", { isFinal: true });
      },
    }));
    const report = await probeStorage(storage, options(form));
    expect(report).toMatchObject({ keepsWritersApart: false, isUsable: true });
    expect(report.findings.find(({ verdict }) => verdict === "bad")?.found).toContain("501");
  });

  test("finds a storage unusable that does not give back what it took", async () => {
    const { storage } = withWays((inner) => ({
      get: async (name, given) => (name.endsWith("written-1") ? undefined : await inner.get(name, given)),
    }));
    expect(await probeStorage(storage, options(form))).toMatchObject({ keepsWritersApart: false, isUsable: false });
  });

  test("a racer whose answer is lost may have won", async () => {
    const { storage } = withWays((inner) => ({
      async putIfAbsent(name, bytes) {
        await inner.putIfAbsent(name, bytes);
        if (name.includes("race")) throw new StorageError("answer lost");
      },
    }));
    expect(await probeStorage(storage, options(form))).toMatchObject({ keepsWritersApart: true });
  });

  test("judges nothing where the storage fails, and removes what it put", async () => {
    const inner = createMemoryStorage();
    const faulty = createFaultyStorage(inner, { random: { seed: 4, before: 0.1, unanswered: 0.1 } });
    const storage: Storage = { ...faulty, location: "faulty", get: faulty.get, delete: (name) => inner.delete(name) };
    await expect(probeStorage(storage, options(form))).rejects.toBeInstanceOf(StorageError);
    expect(inner.objects.size).toBe(0);
  });
});

test("the quick form makes about a hundred requests", async () => {
  const storage = createFaultyStorage(createMemoryStorage());
  await probeStorage(storage, options("quick"));
  expect(storage.operations.length).toBeLessThan(110);
  expect(storage.operations.every(({ name }) => name.startsWith("probe/0f/"))).toBe(true);
});

test("ranges that are wrong are bad; what nothing depends on is a note", async () => {
  const { storage } = withWays((inner) => ({
    // As a server that takes a range past the end for none.
    get: async (name, given) => {
      const whole = await inner.get(name);
      const { offset = 0, length = 0 } = given?.range ?? {};
      return whole === undefined || offset + length > whole.length ? whole : await inner.get(name, given);
    },
    put: (name, bytes) => replace(inner, name, bytes),
    async *list() {
      yield { name: "probe/0f/list/0000", size: 1 };
    },
  }));
  const report = await probeStorage(storage, options("full"));
  const verdicts = Object.fromEntries(report.findings.map(({ check, verdict }) => [check, verdict]));
  expect(verdicts).toMatchObject({ ranges: "bad", overwriting: "note", listing: "note", removing: "good" });
  expect(report.isUsable).toBe(false);
});

test("a storage that cannot remove says what is left", async () => {
  const inner = createMemoryStorage();
  const bound: Storage = {
    location: "no removal",
    get: inner.get.bind(inner),
    put: inner.put.bind(inner),
    putIfAbsent: inner.putIfAbsent.bind(inner),
  };
  const full = await probeStorage(bound, options("full"));
  expect(full.left).toBeGreaterThan(20);
  expect(full.keepsWritersApart).toBe(true);
});

test("a thousand keys are put only where that is cheap", async () => {
  const count = async (stepMs: number) => {
    const storage = createFaultyStorage(createMemoryStorage());
    const { findings } = await probeStorage(storage, options("full", stepMs));
    return { puts: storage.operations.filter(({ kind }) => kind === "put").length, findings };
  };
  expect((await count(1)).puts).toBeGreaterThan(1005);
  expect((await count(50)).puts).toBeLessThan(50);
});

test("speed is measured with the clock that is given", async () => {
  const { speed } = await probeStorage(createMemoryStorage(), options("full", 10));
  expect(speed).toMatchObject({ putMs: 10, getMs: 10, bytesPerSecondSent: 1600 * 2 ** 20 });
});
