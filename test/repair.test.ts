/** Damage, then check, then repair: what can be healed is, what cannot is named, and nothing else is lost. */
import * as fs from "node:fs";
import { join } from "node:path";
import { findBadPacks, repairIndex, repairPacks, repairParity } from "@bcat/repository";
import { check, type Finding, forgetSnapshots, healFrom, listSnapshots, prune, repairSnapshots } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const sizes = { packSize: 40_000 };
const chunker = { kind: "cdc", minimum: 2_048, average: 4_096, maximum: 16_384 } as const;
const level = 3;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(async () => {
  scratch = makeScratch(2 ** 24)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "folder", "inner"), { recursive: true });
  for (let i = 0; i < 20; i++) write(`folder/${i}`, 3_000 + i);
  write("folder/inner/large", 100_000);
  storage = createMemoryStorage();
  await backUp();
  write("later", 50_000);
  await backUp();
});
afterEach(() => scratch[Symbol.asyncDispose]());

function write(name: string, size: number): void {
  fs.writeFileSync(join(source, name), randomBytesOf(name, size));
}

async function using<T>(use: (client: Client) => Promise<T>): Promise<T> {
  await using client = await openClient(storage, { sizes, chunker });
  client.time = Date.now() + 3_600_000;
  return await use(client);
}

const backUp = () => using((client) => client.backup([source]));
const names = (start: string) => [...storage.objects.keys()].filter((name) => name.startsWith(start));
const packsOf = (session: number) => names("packs/").filter((name) => name.includes(`/000000000${session}-`));
const damage = (name: string, offset = 5) => {
  storage.objects.get(name)![offset]! ^= 1;
};

async function findings(): Promise<Finding[]> {
  const found: Finding[] = [];
  await using(({ repository }) => check(repository, { readData: true, onFinding: (finding) => found.push(finding) }));
  return found.filter(({ kind }) => kind === "damage");
}

async function expectRestored(selector: string): Promise<void> {
  await using(async (client) => {
    const target = join(scratch.path, `restored ${selector}`);
    await client.restore("all", target, { selector });
    expect(client.warnings).toEqual([]);
    expect(describeDifferences(await compareTrees(source, target, { ignoreTopTime: true }))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  });
}

describe("repair index", () => {
  const repair = (dryRun = false) => using(({ repository }) => repairIndex(repository, { dryRun }));

  test("does nothing to a whole index, and reserves no number", async () => {
    const before = storage.objects.size;
    expect(await repair()).toMatchObject({ bad: [], written: 0, session: undefined });
    expect(storage.objects.size).toBe(before);
  });

  test.each(["missing", "damaged"])("makes all %s segments anew", async (how) => {
    const segments = names("index/");
    for (const name of segments) {
      if (how === "missing") await storage.delete(name);
      else damage(name, 100);
    }
    const before = storage.clone();
    await expect(backUp()).rejects.toMatchObject({ code: "corrupt" });
    const wouldDo = await repair(true);
    expect([...storage.objects.keys()].filter((name) => name.startsWith("sessions/")).length).toBeLessThanOrEqual(3);
    storage = before;
    const done = await repair();
    expect(done).toMatchObject({ good: 0, packs: wouldDo.packs, chunks: wouldDo.chunks, unreadable: [], written: 2 });
    expect(done.bad.map(({ name }) => name).sort()).toEqual([...segments].sort());
    expect(await findings()).toEqual([]);
    await expectRestored("2");
    expect(await backUp()).toMatchObject({ dataChunks: 0, treeChunks: 0 });
  });

  test("keeps what good segments name, and names packs whose directory is damaged as well", async () => {
    const [lost] = packsOf(2);
    damage(lost!, storage.objects.get(lost!)!.length - 200);
    for (const name of names("index/0000000002-")) await storage.delete(name);
    const done = await repair();
    expect(done).toMatchObject({ good: 2, packs: packsOf(2).length - 1 });
    expect(done.unreadable.map(({ name }) => name)).toEqual([lost]);
    await using(async (client) => {
      const { errors } = await client.restore("all", join(scratch.path, "first"), { selector: "1" });
      expect(errors).toBe(0);
    });
    // It was condemned: a backup looks up what it takes over, and reads again what has no place any more.
    expect((await backUp()).dataChunks).toBeGreaterThan(0);
    expect(await findings()).toEqual([]);
    await expectRestored("2");
  });

  test("takes up condemned packs too, and none of a session that has not ended", async () => {
    await storage.delete("outcomes/0000000002");
    const running = packsOf(2);
    for (const name of names("index/0000000001-")) await storage.delete(name);
    expect(await repair()).toMatchObject({ packs: packsOf(1).length });
    expect(running.length).toBeGreaterThan(0);
  });

  test("takes up nothing of a session that has begun since the index was read", async () => {
    const later = storage.clone();
    const before = storage;
    storage = later;
    write("new", 50_000);
    await backUp();
    const begun = packsOf(3);
    storage = before;
    for (const name of names("index/0000000001-")) await storage.delete(name);
    const { get } = storage;
    storage.get = async (name, ...rest) => {
      if (name.startsWith("index/"))
        for (const [key, bytes] of later.objects)
          if (key.endsWith("/0000000003") ? key.startsWith("sessions/") : begun.includes(key))
            await storage.put(key, bytes);
      return await get.call(storage, name, ...rest);
    };
    expect(await repair()).toMatchObject({ packs: packsOf(1).length, session: 4 });
    expect(packsOf(3)).toEqual(begun);
    expect(begun.length).toBeGreaterThan(0);
  });

  test("is refused when an outcome is damaged", async () => {
    damage("outcomes/0000000001", 100);
    await expect(repair()).rejects.toMatchObject({ code: "corrupt", object: "outcomes/0000000001" });
  });
});

describe("repair packs", () => {
  const repair = async (options: { dryRun?: boolean; names?: readonly string[] } = {}) =>
    using(async ({ repository }) => {
      const given = options.names === undefined ? {} : { names: new Set(options.names) };
      const bad = await findBadPacks(repository, { readData: true, ...given });
      return await repairPacks(repository, bad, { level, dryRun: options.dryRun === true });
    });

  test("condemns nothing in a whole repository", async () => {
    const before = storage.objects.size;
    expect(await repair()).toMatchObject({ condemned: [], saved: 0 });
    expect(storage.objects.size).toBe(before);
  });

  test("a missing pack is condemned, and the next backup heals its chunks from the source", async () => {
    // One of data and one of trees, of each backup.
    const bySize = (a: string, b: string) => storage.objects.get(b)!.length - storage.objects.get(a)!.length;
    for (const pack of [1, 2].flatMap((session) => [
      packsOf(session).sort(bySize)[0]!,
      packsOf(session).sort(bySize).at(-1)!,
    ])) {
      const original = storage;
      storage = original.clone();
      await storage.delete(pack);
      expect((await findings()).length).toBeGreaterThan(0);
      // Without a repair nothing is healed: what the parent refers to is taken over.
      expect((await repair()).condemned.map(({ name }) => name)).toEqual([pack]);
      expect(names("log/")).toHaveLength(1);
      const summary = await backUp();
      expect(summary.healedChunks).toBeGreaterThan(0);
      // A folder as it was before the source changed is in no later backup.
      for (const { snapshots } of await findings()) expect(snapshots).toEqual([1]);
      await expectRestored("2");
      expect((await backUp()).healedChunks).toBe(0);
      storage = original;
    }
  });

  test("chunks of a damaged pack that still open are saved, the others are lost", async () => {
    const pack = names("packs/").sort((a, b) => storage.objects.get(b)!.length - storage.objects.get(a)!.length)[0]!;
    damage(pack, 100);
    const would = await repair({ dryRun: true });
    expect(names("log/")).toEqual([]);
    const done = await repair({ names: [pack] });
    expect(done).toMatchObject({ saved: would.saved, lost: would.lost, opened: would.opened });
    expect(done.lost).toBeGreaterThan(0);
    // Twice the same.
    expect(await repair()).toMatchObject({ condemned: [], saved: 0 });
    const left = await findings();
    expect(left.map(({ object, remedy }) => [object, remedy])).toEqual([
      [pack, expect.stringMatching(/^bcat backup,/)],
    ]);
    expect((await backUp()).healedChunks).toBe(done.lost);
    expect(await findings()).toEqual([]);
    await storage.delete(pack);
    await expectRestored("2");
  });

  test("a pack of which only the trailer is damaged loses nothing", async () => {
    const before = names("packs/");
    for (const pack of before) damage(pack, storage.objects.get(pack)!.length - 40);
    const done = await repair();
    expect(done).toMatchObject({ lost: 0, saved: done.opened });
    expect(done.condemned).toHaveLength(before.length);
    expect(await findings()).toEqual([]);
    for (const pack of before) await storage.delete(pack);
    await expectRestored("2");
  });

  test("refuses a name that is no pack's, and wants the index whole", async () => {
    await expect(repair({ names: ["packs/aa/0000000001-aa"] })).rejects.toMatchObject({ code: "not-found" });
    await storage.delete(names("index/")[0]!);
    await expect(repair()).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining("bcat repair index"),
    });
  });
});

describe("repair snapshots", () => {
  const repair = (options: { dryRun?: boolean; forget?: boolean; numbers?: readonly number[] } = {}) =>
    using(async ({ repository }) => {
      const bad = await findBadPacks(repository, { readData: true });
      const { numbers, ...others } = options;
      const chosen = numbers === undefined ? {} : { numbers: new Set(numbers) };
      return await repairSnapshots(repository, { ...others, ...chosen, badPacks: [...bad.keys()] });
    });
  const numbers = () => using(async ({ repository }) => (await listSnapshots(repository)).map(({ number }) => number));
  const paths = (lost: readonly { path: Uint8Array; what: string }[]) =>
    lost.map(({ path, what }) => `${what} ${Buffer.from(path).toString().slice(source.length)}`).sort();

  /** Damages the pack of data that "later" lies in, so that the file cannot be had any more. */
  const loseLater = async (): Promise<string> => {
    const pack = packsOf(2).sort((a, b) => storage.objects.get(b)!.length - storage.objects.get(a)!.length)[0]!;
    damage(pack, 100);
    return pack;
  };

  test("makes nothing anew where nothing is lost", async () => {
    const before = storage.objects.size;
    expect(await repair()).toEqual([]);
    expect(storage.objects.size).toBe(before);
  });

  test("makes a snapshot anew without a file that is lost, lists it, and leaves the old one", async () => {
    const pack = await loseLater();
    const [would] = await repair({ dryRun: true });
    expect(would).toMatchObject({ number: 2, by: undefined, lostCount: 1 });
    const [done, ...others] = await repair();
    expect(others).toEqual([]);
    expect(done).toMatchObject({ number: 2, by: 3, lostCount: 1 });
    expect(paths(done!.lost)).toEqual(["file /later"]);
    expect(await numbers()).toEqual([1, 2, 3]);
    // Nothing of the new one lies in the bad pack.
    await storage.delete(pack);
    fs.renameSync(join(source, "later"), join(scratch.path, "later"));
    await expectRestored("3");
    fs.renameSync(join(scratch.path, "later"), join(source, "later"));
    await using(async (client) => {
      const { snapshot } = await client.find("3");
      expect(snapshot).toMatchObject({ tags: ["repaired"], original: { number: 2 }, errors: { total: 1 } });
      expect(snapshot.counts.files).toBe((await client.find("2")).snapshot.counts.files - 1);
    });
    // Twice does it once, and says so.
    for (const dryRun of [true, false])
      expect(await repair({ dryRun })).toMatchObject([{ number: 2, by: 3, wasDone: true, lostCount: 1 }]);
    expect(await numbers()).toEqual([1, 2, 3]);
    // The new one is no parent, and what the old one has lost is read again.
    await using(({ repository }) =>
      findBadPacks(repository, {}).then((bad) => repairPacks(repository, bad, { level })),
    );
    expect(await backUp()).toMatchObject({ errors: 0 });
    await expectRestored("latest");
  });

  test("forgets the old one only when told to, and looks at no others than those named", async () => {
    await loseLater();
    expect(await repair({ numbers: [1] })).toEqual([]);
    // Also one that an earlier run has made anew, and could not forget any more.
    expect(await repair({ numbers: [2] })).toMatchObject([{ number: 2, by: 3 }]);
    expect(await repair({ numbers: [2], forget: true })).toMatchObject([{ number: 2, by: 3 }]);
    expect(await numbers()).toEqual([1, 3]);
    expect((await findings()).flatMap(({ snapshots = [] }) => snapshots)).toEqual([]);
  });

  test("takes one that an earlier run has made only where it lacks no more than is lost now", async () => {
    await loseLater();
    const [other] = packsOf(1);
    damage(other!, 100);
    expect(await repair()).toMatchObject([
      { number: 1, by: 3 },
      { number: 2, by: 4 },
    ]);
    damage(other!, 100);
    expect(await repair({ forget: true })).toMatchObject([{ number: 2, by: 5, wasDone: false, lostCount: 1 }]);
    expect(await numbers()).toEqual([1, 3, 4, 5]);
    fs.renameSync(join(source, "later"), join(scratch.path, "later"));
    await expectRestored("5");
    expect(await repair({ forget: true })).toEqual([]);
  });

  test("says of a damaged outcome what is damaged, and nothing of packs", async () => {
    damage("outcomes/0000000001");
    await expect(repair()).rejects.toThrow(/^Cannot repair: .*outcomes\/0000000001.*; first: put it back/);
  });

  test("tells a folder that is lost as a whole, and a snapshot of which nothing is left", async () => {
    const trees = names("packs/").filter((name) => storage.objects.get(name)!.length < 20_000);
    const all = new Set<string>();
    for (const pack of trees) {
      const original = storage;
      storage = original.clone();
      await storage.delete(pack);
      for (const { by, lost, lostCount } of await repair()) {
        expect(lostCount).toBeGreaterThan(0);
        for (const line of paths(lost)) all.add(line);
        if (by !== undefined) continue;
        expect(paths(lost)).toContain("folder ");
      }
      storage = original;
    }
    expect([...all]).toEqual(expect.arrayContaining(["folder "]));
  });

  test("stores what lies in condemned packs alone again, and loses nothing of it", async () => {
    const before = names("packs/");
    await loseLater();
    await using(async ({ repository }) => {
      const bad = new Map(before.map((name) => [name, { message: "", isCondemned: false, isGone: false }]));
      // As a prune would, which knows nothing of damage: all are condemned, none is saved.
      const { appendToLog } = await import("@bcat/repository");
      const packs = [...bad.keys()].map((name) => ({
        session: Number(name.slice(9, 19)),
        unique: new Uint8Array(Buffer.from(name.slice(20), "hex")),
      }));
      await appendToLog(repository, { kind: "condemn", packs });
    });
    expect(await repair()).toMatchObject([{ number: 2, by: 3, lostCount: 1 }]);
    for (const name of before) await storage.delete(name);
    fs.rmSync(join(source, "later"));
    await using(async (client) => {
      const target = join(scratch.path, "third");
      await client.restore("all", target, { selector: "3" });
      expect(client.warnings).toEqual([]);
      expect(describeDifferences(await compareTrees(source, target, { ignoreTopTime: true }))).toEqual([]);
    });
  });
});

describe("repair --from", () => {
  let other: MemoryStorage;

  /** Has other keys, and another chunker. */
  const otherClient = () =>
    openClient(other, { chunker: { kind: "fixed", minimum: 7_000, average: 7_000, maximum: 7_000 }, host: "other" });

  beforeEach(async () => {
    other = createMemoryStorage();
    await using client = await otherClient();
    await client.backup([source]);
  });

  const heal = async (dryRun = false) => {
    await using from = await otherClient();
    return await using(async ({ repository }) => {
      const bad = await findBadPacks(repository, { readData: true });
      return await healFrom(repository, from.repository, { badPacks: [...bad.keys()], dryRun });
    });
  };

  test("brings back exactly the chunks that are missing, by the paths of the files", async () => {
    const pack = packsOf(1).sort((a, b) => storage.objects.get(b)!.length - storage.objects.get(a)!.length)[0]!;
    await storage.delete(pack);
    const lost = await using(({ repository }) => repairSnapshots(repository, { badPacks: [pack], dryRun: true }));
    const chunks = new Set(names("packs/"));
    expect(await heal(true)).toMatchObject({ unhealedCount: 0, sessions: [] });
    expect(new Set(names("packs/"))).toEqual(chunks);
    const healed = await heal();
    expect(healed).toMatchObject({ folders: 0, unhealed: [], sessions: [3] });
    expect(healed.files).toBe(lost[0]!.lostCount);
    await using(({ repository }) =>
      findBadPacks(repository, {}).then((bad) => repairPacks(repository, bad, { level })),
    );
    expect(await findings()).toEqual([]);
    await expectRestored("2");
    expect(await backUp()).toMatchObject({ dataChunks: 0, healedChunks: 0 });
    expect(await heal()).toMatchObject({ files: 0, chunks: 0, sessions: [] });
  });

  test("brings back folders, too, when they are what they were", async () => {
    const trees = packsOf(2)
      .concat(packsOf(1))
      .filter((name) => storage.objects.get(name)!.length < 20_000);
    let folders = 0;
    for (const pack of trees) {
      const original = storage;
      storage = original.clone();
      await storage.delete(pack);
      folders += (await heal()).folders;
      storage = original;
    }
    expect(folders).toBeGreaterThan(0);
  });

  test("names a file of which only a part comes back", async () => {
    const bytes = randomBytesOf("later", 50_000);
    // Times that Node can set wholly.
    fs.utimesSync(join(source, "later"), 1e9, 1e9);
    await backUp();
    fs.writeFileSync(join(source, "later"), Buffer.concat([bytes.subarray(0, 25_000), randomBytesOf("other", 25_000)]));
    fs.utimesSync(join(source, "later"), 1e9, 1e9);
    other = createMemoryStorage();
    {
      await using client = await otherClient();
      await client.backup([source]);
    }
    const pack = packsOf(2).sort((a, b) => storage.objects.get(b)!.length - storage.objects.get(a)!.length)[0]!;
    await storage.delete(pack);
    const healed = await heal();
    expect(healed.chunks).toBeGreaterThan(0);
    expect(healed).toMatchObject({ files: 0, unhealedCount: 1 });
  });

  test("names what the other has not, or has another content of, and stores nothing for it", async () => {
    const stat = fs.statSync(join(source, "later"));
    fs.writeFileSync(join(source, "later"), randomBytesOf("other content", 50_000));
    fs.utimesSync(join(source, "later"), stat.atime, stat.mtime);
    other = createMemoryStorage();
    {
      await using client = await otherClient();
      await client.backup([source]);
    }
    const pack = packsOf(2).sort((a, b) => storage.objects.get(b)!.length - storage.objects.get(a)!.length)[0]!;
    await storage.delete(pack);
    const before = names("packs/").length;
    const healed = await heal();
    expect(healed).toMatchObject({ files: 0, chunks: 0, unhealedCount: 1 });
    expect(Buffer.from(healed.unhealed[0]!.path).toString()).toBe(join(source, "later"));
    expect(names("packs/")).toHaveLength(before);
  });
});

describe("a repair beside a prune that deletes at once", () => {
  /** Prunes when it is asked for the first object of this beginning, after the repository was opened. */
  function pruning(first: RegExp): Storage {
    let hasBegun = false;
    let pruned: Promise<void> | undefined;
    return {
      location: storage.location,
      put: (name, bytes) => storage.put(name, bytes),
      putIfAbsent: (name, bytes) => storage.putIfAbsent(name, bytes),
      list: (prefix) => storage.list(prefix),
      async get(name, options) {
        hasBegun ||= name === "sessions/0000000001";
        if (hasBegun && first.test(name)) {
          pruned ??= forgetAndPrune();
          await pruned;
        }
        return await storage.get(name, options);
      },
    };
  }

  async function forgetAndPrune(): Promise<void> {
    await using(async ({ repository }) => {
      await repository.refresh();
      await forgetSnapshots(repository, [1]);
      const options = { maxUnused: { bytes: 0 }, level: 0, voidAfterMs: 0, isAtOnce: true };
      expect((await prune(repository, options)).freed.packs).toBeGreaterThan(1);
    });
  }

  beforeEach(async () => {
    for (let i = 0; i < 20; i += 2) fs.rmSync(join(source, "folder", String(i)));
    await backUp();
    await using(async ({ repository }) => {
      await repository.refresh();
      await forgetSnapshots(repository, [2]);
    });
  });

  test("gives no parity to what is gone, and does not call it bad", async () => {
    await using client = await openClient(pruning(/^packs\//), { sizes, chunker, parity: 5 });
    expect(await repairParity(client.repository, {})).toMatchObject({ bad: [] });
    expect(names("parity/").length).toBeGreaterThan(0);
  });

  test.each([/^index\//, /^packs\//])("finds no bad pack, and no bad segment (from %s on)", async (first) => {
    for (const repair of ["packs", "index"]) {
      const original = storage;
      storage = original.clone();
      await using client = await openClient(pruning(first), { sizes, chunker });
      const { repository } = client;
      if (repair === "packs") expect([...(await findBadPacks(repository, { readData: true }))]).toEqual([]);
      else expect(await repairIndex(repository)).toMatchObject({ bad: [], unreadable: [], session: undefined });
      storage = original;
    }
  });
});
