/** What a check says of damage that many snapshots share, and of what the damage leaves without an owner. */
import fs from "node:fs";
import { join } from "node:path";
import { check, type Finding, forgetSnapshots, listSnapshots, prune } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const ALL = [1, 2, 3, 4, 5];

function passOn(inner: MemoryStorage): Storage {
  return {
    location: inner.location,
    get: (name, options) => inner.get(name, options),
    put: (name, bytes) => inner.put(name, bytes),
    putIfAbsent: (name, bytes) => inner.putIfAbsent(name, bytes),
    list: (prefix) => inner.list(prefix),
  };
}

/** A storage whose objects of these beginnings arrive with a flipped bit the first time. */
function flippingOnce(inner: MemoryStorage, beginnings: RegExp, seen = new Set<string>()): Storage {
  return {
    ...passOn(inner),
    async get(name, options) {
      const bytes = await inner.get(name, options);
      if (bytes === undefined || seen.has(name) || !beginnings.test(name)) return bytes;
      seen.add(name);
      const wrong = bytes.slice();
      wrong[wrong.length >> 1]! ^= 1;
      return wrong;
    },
  };
}
/** Something that is waited for. */
function signal(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}

const TRAILER_RESERVED = -96 + 52;

let scratch: Scratch;
let model: MemoryStorage;
let storage: MemoryStorage;

beforeAll(async () => {
  scratch = makeScratch(2 ** 20)!;
  const source = join(scratch.path, "source");
  model = createMemoryStorage();
  for (const number of ALL) {
    fs.mkdirSync(join(source, `folder ${number}`), { recursive: true });
    fs.writeFileSync(join(source, `folder ${number}`, "file"), randomBytesOf(`file ${number}`, 3_000));
    await using client = await openClient(model);
    await client.backup([source]);
  }
});
afterAll(async () => await scratch[Symbol.asyncDispose]());

beforeEach(() => {
  storage = model.clone();
});
afterEach(() => {
  const source = join(scratch.path, "source");
  for (const name of fs.readdirSync(source)) if (!name.startsWith("folder ")) fs.rmSync(join(source, name));
});

function names(start: string): string[] {
  return [...storage.objects.keys()].filter((name) => name.startsWith(start));
}

async function edit(name: string, change: (bytes: Uint8Array) => void): Promise<void> {
  const bytes = (await storage.get(name))!.slice();
  change(bytes);
  await storage.delete(name);
  await storage.putIfAbsent(name, bytes);
}

async function findings(of: Storage = storage, readData = false): Promise<Finding[]> {
  const found: Finding[] = [];
  await using client = await openClient(of);
  await check(client.repository, { readData, onFinding: (finding) => found.push(finding) });
  return found;
}

/** All but the last, in runs of their own: what the first condemns goes in the second. */
async function forgetAndPrune(): Promise<void> {
  for (const snapshots of [ALL.slice(0, 2), ALL.slice(2, 4)]) {
    await using client = await openClient(storage);
    await listSnapshots(client.repository);
    await forgetSnapshots(client.repository, snapshots);
    for (let run = 0; run < 2; run++)
      await prune(client.repository, { maxUnused: { bytes: 0 }, level: 3, voidAfterMs: 7 * 86_400_000 });
  }
}

/** Damage only, of all kinds. */
async function damage(): Promise<Finding[]> {
  return (await findings()).filter(({ kind }) => kind === "damage");
}

describe("check", () => {
  test.each([false, true])(
    "takes a pack that is right when it is read again for whole (with its data: %s)",
    async (readData) => {
      const seen = new Set<string>();
      const flipping = flippingOnce(storage, /^packs\//, seen);
      const found = await findings(flipping, readData);
      expect(found.map(({ kind }) => kind)).toEqual(found.map(() => "note"));
      expect(found.map(({ object }) => object).sort()).toEqual([...seen].sort());
      expect(found[0]?.message).toMatch(/wrong when it was read first, and right when it was read again/);
    },
  );

  test("takes registers and segments that are right when they are read again for whole", async () => {
    const seen = new Set<string>();
    const found = await findings(flippingOnce(storage, /^(?:sessions|outcomes|index)\//, seen));
    expect(found.filter(({ kind }) => kind === "damage")).toEqual([]);
    expect(seen.size).toBeGreaterThanOrEqual(3 * ALL.length);
    // Others were read before, to open the repository.
    expect(found.map(({ object }) => object)).toEqual(expect.arrayContaining(["sessions/0000000002"]));
  });

  test("names all snapshots that need a pack of which only the trailer is damaged", async () => {
    const first = new Set<string>();
    const original = storage;
    for (const pack of names("packs/")) {
      storage = original.clone();
      await edit(pack, (bytes) => {
        bytes[bytes.length + TRAILER_RESERVED]! ^= 1;
      });
      const found = await damage();
      expect(found.map(({ object }) => object)).toEqual([pack]);
      expect(found[0]!.message).toMatch(/; needed by "\/.*"/);
      expect(found[0]!.message).not.toContain("no snapshot needs it");
      first.add(found[0]!.snapshots!.join());
    }
    // Data of the first backup is in all, trees of the last in one.
    expect(first).toContain(ALL.join());
  });

  test("names all snapshots that need what a lost index segment named, the segment once", async () => {
    const segments = names("index/0000000001-");
    for (const segment of segments) await storage.delete(segment);
    const found = await damage();
    expect(found.some(({ snapshots }) => snapshots?.join() === ALL.join())).toBe(true);
    for (const { message, snapshots } of found) {
      if (snapshots === undefined) continue;
      expect(message).toMatch(/; needed by "\/.*"( and \d+ more)?$/);
    }
    const messages = found.map(({ message }) => message);
    expect(new Set(messages).size).toBe(messages.length);
  });

  test("takes no backup that ends while it runs for damage", async () => {
    const source = join(scratch.path, "source");
    fs.writeFileSync(join(source, "new"), randomBytesOf("new", 3_000));
    const begun = signal();
    const looked = signal();
    const slow: Storage = {
      ...passOn(storage),
      async putIfAbsent(name, bytes) {
        if (name.startsWith("outcomes/")) {
          begun.resolve();
          await looked.promise;
        }
        await storage.putIfAbsent(name, bytes);
      },
    };
    const ending = (async () => {
      await using client = await openClient(slow, { host: "slow" });
      await client.backup([source]);
    })();
    await begun.promise;
    // The repository is read to its end by now, and this is the first thing that the check itself looks at.
    const watched: Storage = {
      ...passOn(storage),
      async get(name, options) {
        if (name === "keys/2") {
          looked.resolve();
          await ending;
        }
        return await storage.get(name, options);
      },
    };
    expect((await findings(watched, true)).filter(({ kind }) => kind === "damage")).toEqual([]);
    expect(names("outcomes/")).toHaveLength(ALL.length + 1);
  });

  test.each([/^outcomes\//, /^index\//, /^packs\//])(
    "takes nothing that prunes replace and remove while it runs for damage (%s)",
    async (first) => {
      let pruning: Promise<void> | undefined;
      let isLooking = false;
      const watched: Storage = {
        ...passOn(storage),
        async get(name, options) {
          // The repository is read to its end before that.
          isLooking ||= name === "keys/2";
          if (isLooking && first.test(name)) {
            pruning ??= forgetAndPrune();
            await pruning;
          }
          return await storage.get(name, options);
        },
      };
      const found = await findings(watched, true);
      expect(pruning).toBeDefined();
      expect(found.filter(({ kind }) => kind !== "detail")).toEqual([]);
    },
  );

  test.each([
    [/^keys\/2/, false],
    [/^keys\/2/, true],
    [/^index\//, true],
    [/^packs\//, true],
  ])(
    "takes nothing that a prune removes at once when it reads %s for damage (all data: %s)",
    async (first, readData) => {
      let pruned: Promise<void> | undefined;
      const forgetAndPrune = async () => {
        await using client = await openClient(storage);
        await client.repository.refresh();
        await forgetSnapshots(client.repository, [1, 2, 3]);
        const options = { maxUnused: { bytes: 0 }, level: 0, voidAfterMs: 0, isAtOnce: true };
        expect((await prune(client.repository, options)).freed.packs).toBeGreaterThan(0);
      };
      let hasBegun = false;
      const watched: Storage = {
        ...passOn(storage),
        async get(name, options) {
          // All before that opens the repository.
          hasBegun ||= name === "keys/2";
          if (hasBegun && first.test(name)) {
            pruned ??= forgetAndPrune();
            await pruned;
          }
          return await storage.get(name, options);
        },
      };
      expect(await findings(watched, readData)).toEqual([]);
      expect(pruned).toBeDefined();
    },
  );

  test("reads the data of packs whose segment a prune has replaced before it came to them", async () => {
    const source = join(scratch.path, "several");
    fs.mkdirSync(source);
    for (const name of ["a", "b", "c", "d"]) fs.writeFileSync(join(source, name), randomBytesOf(name, 15_000));
    storage = createMemoryStorage();
    await using client = await openClient(storage, { sizes: { packSize: 20_000 } });
    await client.backup([source]);
    fs.rmSync(join(source, "b"));
    await client.backup([source]);
    let pruned: Promise<void> | undefined;
    const pruneAndDamage = async () => {
      await forgetSnapshots(client.repository, [1]);
      await prune(client.repository, { maxUnused: { bytes: 0 }, level: 0, voidAfterMs: 0, isAtOnce: true });
      const [left] = names("packs/").filter((name) => storage.objects.get(name)!.length > 15_000);
      await edit(left!, (bytes) => {
        bytes[5_000]! ^= 1;
      });
    };
    let hasBegun = false;
    const watched: Storage = {
      ...passOn(storage),
      async get(name, options) {
        hasBegun ||= name === "keys/2";
        if (hasBegun && name.startsWith("index/")) {
          pruned ??= pruneAndDamage();
          await pruned;
        }
        return await storage.get(name, options);
      },
    };
    await using checking = await openClient(watched);
    const found: Finding[] = [];
    const summary = await check(checking.repository, { readData: true, onFinding: (finding) => found.push(finding) });
    expect(pruned).toBeDefined();
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining("its hash is not that of its bytes")]);
    expect(summary).toMatchObject({ packsRead: summary.packs - 1, neverRead: 0 });
  });

  test("calls nothing a leftover while an index segment is lost that may name it", async () => {
    for (const segment of names("index/0000000001-")) await storage.delete(segment);
    const notes = (await findings()).filter(({ kind }) => kind === "note").map(({ message }) => message);
    expect(notes.join("\n")).toMatch(
      /^2 objects \(\d+ bytes\) may belong to what is damaged; do not remove them: "packs\//m,
    );
    expect(notes.join("\n")).not.toContain("did not finish");
  });

  test("calls nothing a leftover while an outcome is damaged", async () => {
    await edit("outcomes/0000000002", (bytes) => {
      bytes[100]! ^= 1;
    });
    const found = await findings();
    expect(found.map(({ message }) => message).join("\n")).toMatch(
      /^\d+ objects \(\d+ bytes\) may belong to what is damaged/m,
    );
  });

  test("names a lost outcome once, and not as a session that has not finished", async () => {
    await storage.delete("outcomes/0000000002");
    const found = await findings();
    const named = found.filter(({ message }) => /session 2|^Cannot trust/.test(message));
    expect(named.map(({ kind, message }) => `${kind} ${message}`)).toEqual([
      expect.stringMatching(/^damage Cannot trust "outcomes\/0000000002": it is missing, but snapshot \d has seen it$/),
    ]);
  });

  test("tells of sessions without an outcome in one line that is no note", async () => {
    await storage.delete("outcomes/0000000004");
    await storage.delete("outcomes/0000000005");
    const found = await findings();
    expect(found.map(({ kind }) => kind)).toEqual(["detail"]);
    expect(found[0]!.message).toMatch(/^sessions 4, 5 have not finished; stored so far: \d objects \(\d+ bytes\)$/);
    for (const name of [...names("index/0000000004"), ...names("index/0000000005")]) await storage.delete(name);
    for (const name of names("packs/").filter((pack) => /\/000000000[45]-/.test(pack))) await storage.delete(name);
    expect((await findings()).map(({ message }) => message)).toEqual(["sessions 4, 5 have not finished"]);
  });

  test("counts a path once that several snapshots have", async () => {
    const source = join(scratch.path, "source");
    for (const name of ["beside", "beside too"]) {
      fs.writeFileSync(join(source, name), randomBytesOf(name, 3_000));
      await using client = await openClient(storage);
      await client.backup([source]);
    }
    for (const name of names("packs/").filter((pack) => pack.includes("/0000000006-"))) {
      if (storage.objects.get(name)!.length < 4_000) continue;
      const original = storage;
      storage = original.clone();
      await storage.delete(name);
      for (const { paths = [], pathCount } of await damage()) {
        expect(new Set(paths.map((path) => Buffer.from(path).toString())).size).toBe(paths.length);
        expect(pathCount).toBe(paths.length);
      }
      storage = original;
    }
  });

  test("names kind, snapshots, first paths and their number, and what heals it", async () => {
    for (const name of names("packs/").filter((pack) => pack.includes("/0000000003-"))) await storage.delete(name);
    const ofPacks = await damage();
    const needed = ofPacks.filter(({ snapshots }) => snapshots !== undefined);
    expect(needed.length).toBeGreaterThan(0);
    for (const finding of needed) {
      expect(finding.objectKind).toBe("pack");
      expect(finding.snapshots!.length).toBeGreaterThan(0);
      expect(finding.paths!.length).toBe(Math.min(3, finding.pathCount!));
      const named = finding.paths!.map((path) => Buffer.from(path).toString());
      expect(new Set(named).size).toBe(named.length);
      expect(finding.remedy).toBe(`bcat repair packs ${finding.object}`);
    }
    const segment = names("index/0000000002-")[0]!;
    await storage.delete(segment);
    expect(await damage()).toContainEqual(expect.objectContaining({ object: segment, remedy: "bcat repair index" }));
    const outcome = "outcomes/0000000002";
    await storage.delete(outcome);
    expect((await damage()).find(({ object }) => object === outcome)?.remedy).toMatch(/^put it back from a copy/);
  });
});

test("a backup and what lists its repository read again what arrives wrong", async () => {
  await using client = await openClient(flippingOnce(storage, /^(?:outcomes|index|log)\//));
  await client.backup([join(scratch.path, "source")]);
  expect([...client.repository.history.summaries.keys()]).toEqual([...ALL, 6]);
  expect(client.repository.history.problems).toEqual([]);
});
