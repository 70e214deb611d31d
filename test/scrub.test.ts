/** What a scrub sees without a key. */
import * as fs from "node:fs";
import { join } from "node:path";
import { loadBlake3 } from "@bcat/crypto";
import { type Finding, scrub } from "@bcat/repository";
import { check, forgetSnapshots, prune } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

describe("scrub", () => {
  let scratch: Scratch;
  let storage: MemoryStorage;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 20)!;
    storage = createMemoryStorage();
    for (const number of [1, 2]) {
      fs.mkdirSync(join(scratch.path, "source", String(number)), { recursive: true });
      fs.writeFileSync(join(scratch.path, "source", String(number), "file"), randomBytesOf(`${number}`, 3_000));
      await using client = await openClient(storage);
      await client.backup([join(scratch.path, "source")]);
    }
  });
  afterEach(() => scratch[Symbol.asyncDispose]());

  const run = async (of: Storage = storage) => {
    const findings: Finding[] = [];
    const blake3 = await loadBlake3("auto");
    const summary = await scrub(of, { blake3, onFinding: (finding) => findings.push(finding) });
    return { summary, findings };
  };
  const names = (start: string) => [...storage.objects.keys()].filter((name) => name.startsWith(start));

  test("finds nothing in a whole repository, and has read every byte", async () => {
    const { summary, findings } = await run();
    expect(findings).toEqual([]);
    const bytes = [...storage.objects.values()].reduce((sum, { length }) => sum + length, 0);
    expect(summary).toMatchObject({
      damage: 0,
      objects: storage.objects.size,
      packs: names("packs/").length,
      bytesRead: bytes,
    });
  });

  test("takes nothing that a prune removes meanwhile for damage, and registers that are removed", async () => {
    let pruned: Promise<void> | undefined;
    const forgetAndPrune = async () => {
      await using client = await openClient(storage);
      await client.repository.refresh();
      await forgetSnapshots(client.repository, [1]);
      const options = { maxUnused: { bytes: 0 }, level: 0, voidAfterMs: 0, isAtOnce: true };
      expect((await prune(client.repository, options)).freed.packs).toBeGreaterThan(0);
      await storage.delete("sessions/0000000002");
    };
    const pruning: Storage = {
      location: storage.location,
      put: (name, bytes) => storage.put(name, bytes),
      putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
      list: (prefix) => storage.list(prefix),
      async get(name, options) {
        pruned ??= forgetAndPrune();
        await pruned;
        return await storage.get(name, options);
      },
    };
    const { summary, findings } = await run(pruning);
    expect(findings.filter(({ kind }) => kind !== "detail").map(({ object }) => object)).toEqual([
      "sessions/0000000002",
    ]);
    expect(findings.find(({ kind }) => kind === "detail")?.message).toMatch(/^\d objects were removed meanwhile/);
    expect(summary.damage).toBe(1);
  });

  test("finds every flipped bit of a pack", async () => {
    const pack = names("packs/")[0]!;
    const { length } = storage.objects.get(pack)!;
    // Nobody can tell without keys that it was condemned already.
    const remedy = `bcat repair packs ${pack}; where that was done, bcat prune removes it`;
    for (let offset = 0; offset < length; offset += 97) {
      const original = storage;
      storage = original.clone();
      storage.objects.get(pack)![offset]! ^= 1 << (offset % 8);
      const { findings } = await run();
      expect(findings.map(({ object }) => object)).toEqual([pack]);
      expect(findings[0]).toMatchObject({ kind: "damage", objectKind: "pack", remedy });
      storage = original;
    }
  });

  test.each(["config", "keys/1", "sessions/0000000001", "outcomes/0000000002", "index/"])(
    "finds %s cut short or of another kind",
    async (start) => {
      const name = names(start)[0]!;
      const whole = storage.objects.get(name)!;
      for (const bytes of [whole.subarray(0, 10), Buffer.concat([Buffer.from("other"), whole.subarray(5)])]) {
        const damaged = storage.clone();
        await damaged.delete(name);
        await damaged.put(name, bytes);
        expect((await run(damaged)).findings.map(({ object }) => object)).toEqual([name]);
      }
    },
  );

  test("finds numbers that are missing below others, and a config that is gone", async () => {
    await storage.delete("sessions/0000000001");
    await storage.delete("config");
    const { findings } = await run();
    expect(findings.map(({ object, code }) => [object, code])).toEqual([
      ["sessions/0000000001", "missing"],
      ["config", "missing"],
    ]);
  });

  test("notes strangers, and what is right only when it is read again", async () => {
    await storage.put("packs/notes", new Uint8Array(3));
    const wrong = new Set([names("packs/")[0]!]);
    const flipping: Storage = {
      ...{ location: "memory", put: async () => {}, putIfAbsent: async () => {} },
      list: (prefix) => storage.list(prefix),
      get: async (name) => {
        const bytes = (await storage.get(name))!;
        if (wrong.delete(name)) bytes[7]! ^= 1;
        return bytes;
      },
    };
    const { findings } = await run(flipping);
    expect(findings.map(({ kind, code }) => `${kind} ${code}`).sort()).toEqual(["note misread", "note stray-object"]);
  });

  test("notes many strangers, and what a doctor has left, in few lines, as check does", async () => {
    for (let i = 0; i < 30; i++) {
      await storage.put(`probe/1/${i}`, new Uint8Array(3));
      await storage.put(`photos/${i}`, new Uint8Array(3));
    }
    const { findings } = await run();
    const checked: Finding[] = [];
    await using client = await openClient(storage);
    await check(client.repository, { onFinding: (finding) => checked.push(finding) });
    for (const found of [findings, checked]) {
      expect(found.filter(({ kind }) => kind === "note")).toHaveLength(22);
      expect(found.slice(-2)).toMatchObject([
        { code: "stray-object", message: "10 more are no objects of a repository" },
        {
          code: "probe-leftovers",
          message: expect.stringMatching(/^30 objects below "probe\/" are left of a bcat doctor/),
        },
      ]);
    }
  });

  test("needs a place that can list", async () => {
    const mute: Storage = {
      location: "m",
      get: async () => undefined,
      put: async () => {},
      putIfAbsent: async () => {},
    };
    await expect(run(mute)).rejects.toMatchObject({ code: "refused" });
  });
});
