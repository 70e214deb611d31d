/** Snapshots that are copied into another repository are there what they are in the first. */
import * as fs from "node:fs";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { isBcatError, StorageError } from "@bcat/errors";
import { encodeLogRecord, registerName } from "@bcat/repository";
import {
  type CopiedSnapshot,
  type CopyOptions,
  check,
  copySnapshots,
  type Finding,
  findSnapshot,
  forgetSnapshots,
  listSnapshots,
  pinSnapshots,
  planCopy,
  planForget,
  rewriteSnapshot,
  tagSnapshot,
  type Warning,
} from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { makeSource, openStoppable } from "./kit/interrupted.js";
import { isLongRun } from "./kit/long-run.js";
import { makeOddTree } from "./kit/odd-tree.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences, type WalkOptions } from "./kit/walker.js";

const KIBIBYTE = 2 ** 10;
const small: ClientOptions = {
  sizes: { packSize: 64 * KIBIBYTE, packsPerSegment: 2 },
  chunker: { kind: "cdc", minimum: 1 * KIBIBYTE, average: 4 * KIBIBYTE, maximum: 16 * KIBIBYTE },
};
const smaller: ClientOptions = {
  ...small,
  chunker: { kind: "cdc", minimum: 2 * KIBIBYTE, average: 6 * KIBIBYTE, maximum: 12 * KIBIBYTE },
};
const exactness = (client: Client): WalkOptions => ({ timeUnit: client.posix.exactTimes ? 1n : 1_000n });

let scratch: Scratch;
let source: string;
let from: MemoryStorage;
let to: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 28)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  from = createMemoryStorage();
  to = createMemoryStorage();
});

afterEach(async () => await scratch[Symbol.asyncDispose]());

const write = (name: string, bytes: Uint8Array | string) => {
  fs.mkdirSync(join(source, name, ".."), { recursive: true });
  fs.writeFileSync(join(source, name), bytes);
};

async function backUp(storage: MemoryStorage, options: ClientOptions = small) {
  await using client = await openClient(storage, options);
  client.time = Date.now() + 3_600_000;
  const summary = await client.backup([source], { tags: ["a tag"] });
  return { ...summary, opened: [...client.opened] };
}

interface Copied {
  readonly copied: CopiedSnapshot[];
  /** Snapshots whose copies lack as much as before. */
  readonly incomplete: number[];
  readonly warnings: Warning[];
  readonly error: unknown;
}

/** As a process of its own copies all that is missing, or lacks something. */
async function copy(options: CopyOptions = {}, numbers?: readonly number[], into: Storage = to): Promise<Copied> {
  await using reader = await openClient(from, small);
  await using writer = await openClient(into, { ...smaller, host: "copier" });
  writer.time = Date.now() + 7_200_000;
  const between = { source: reader.repository, target: writer.repository };
  const all = (await listSnapshots(reader.repository)).filter(({ number }) => numbers?.includes(number) !== false);
  const plan = await planCopy(between, all);
  const copied: CopiedSnapshot[] = [];
  const incomplete: number[] = [];
  const warnings: Warning[] = [];
  let error: unknown;
  try {
    const onWarning = (warning: Warning) => warnings.push(warning);
    await copySnapshots(between, [...plan.missing, ...plan.incomplete], {
      ...options,
      onWarning,
      onCopied: (one) => copied.push(one),
      onStillIncomplete: (number) => incomplete.push(number),
    });
  } catch (thrown) {
    error = thrown;
  }
  return { copied, incomplete, warnings, error };
}

/** Numbers that are left when a policy keeps the last one. */
async function keepLast(storage: MemoryStorage): Promise<number[]> {
  await using client = await openClient(storage, { ...smaller, host: "copier" });
  client.time = Date.now() + 7_200_000;
  const policy = { counts: { last: 1 }, withinPeriods: {}, tags: [] };
  const [group] = await planForget(client.repository, { policy, groupBy: ["host", "paths"] });
  return group!.keep.map(({ number }) => number);
}

/** Has the log of the target condemn these packs, as record `number`. */
async function condemn(client: Client, names: readonly string[], number: number): Promise<void> {
  const packs = names.map((name) => {
    const [, session, unique] = /(\d{10})-([0-9a-f]{32})$/.exec(name)!;
    return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
  });
  const name = registerName("log", number);
  const body = encodeLogRecord({ kind: "condemn", time: 1, host: "by hand", packs });
  const object = { type: ObjectType.LOG, name, epoch: 0, domain: 0 };
  await to.putIfAbsent(name, sealObject(client.repository.context, object, body));
}

const packsOf = (storage: MemoryStorage) => [...storage.objects.keys()].filter((name) => name.startsWith("packs/"));

async function requireClean(storage: MemoryStorage): Promise<void> {
  await using client = await openClient(storage);
  const found: Finding[] = [];
  await check(client.repository, { readData: true, onFinding: (finding) => found.push(finding) });
  expect(found).toEqual([]);
}

/** What differs between the source as it is now and a snapshot of the target. */
async function differences(selector: string): Promise<string[]> {
  await using client = await openClient(to);
  const target = join(scratch.path, `restored ${selector}`);
  await client.restore("all", target, { selector });
  expect(client.warnings).toEqual([]);
  return describeDifferences(await compareTrees(source, target, exactness(client)));
}

const numbersOf = (copied: readonly CopiedSnapshot[]) => copied.map(({ from: first, number }) => [first, number]);

describe("a copy", () => {
  test("of a tree of everything restores equal, byte for byte, with all metadata", async () => {
    fs.rmdirSync(source);
    makeOddTree(source, { isDeep: isLongRun });
    await backUp(from);
    const { copied, warnings, error } = await copy();
    expect({ error, warnings, numbers: numbersOf(copied) }).toEqual({
      error: undefined,
      warnings: [],
      numbers: [[1, 1]],
    });
    expect(await differences("1")).toEqual([]);
    await requireClean(to);
  });

  test("stands in the order of the originals, whenever it came, and so does what was made from one", async () => {
    await using owner = await openClient(from, small);
    for (let day = 1; day <= 4; day++) {
      owner.time = day * 86_400_000;
      write("file", `${day}`);
      await owner.backup([source]);
    }
    await copy({}, [4]);
    await copy();
    await tagSnapshot(owner.repository, (await listSnapshots(owner.repository))[0]!, { add: ["x"], remove: [] });
    const { copied } = await copy();
    expect(copied.map(({ from }) => from)).toEqual([5]);
    expect(await keepLast(to)).toEqual([1]);
  });

  test("has the fields of its original, and names it", async () => {
    write("file", "content");
    await backUp(from, { ...small, host: "first" });
    await copy();
    await using reader = await openClient(from, small);
    await using writer = await openClient(to, smaller);
    const [{ snapshot: a }, { snapshot: b }] = [await reader.find("1"), await writer.find("1")];
    const { roots: _a, seen: _seenA, counts: countsA, ...fields } = a;
    const { roots: _b, seen: _seenB, counts: countsB, original, ...copiedFields } = b;
    expect(copiedFields).toEqual(fields);
    expect(b).toMatchObject({ host: "first", tags: ["a tag"], counts: { files: countsA.files, bytes: countsA.bytes } });
    expect(countsB.dataChunksAdded).toBe(0);
    expect(original).toEqual({ number: 1, time: a.start, repository: reader.repository.id });
  });

  test("is found as a parent by the next backup into the target, which reads no file again", async () => {
    write("folder/large", randomBytesOf("large", 200 * KIBIBYTE));
    for (let i = 0; i < 20; i++) write(`folder/inner ${i % 3}/${i}`, randomBytesOf(String(i), 3_000));
    fs.linkSync(join(source, "folder/large"), join(source, "another name"));
    await backUp(from);
    await copy();
    const next = await backUp(to, smaller);
    expect(next).toMatchObject({ parent: 1, filesNew: 0, filesChanged: 0, filesUnmodified: 22, dataChunks: 0 });
    expect(next.opened).toEqual([]);
    expect(await differences("2")).toEqual([]);
    const after = await backUp(to, smaller);
    expect(after).toMatchObject({ parent: 2, dataChunks: 0, treeChunks: 0, dirsUnmodified: 5 });
  });

  test("of all snapshots reads what is the same only once, in one run and in a later one", async () => {
    write("folder/large", randomBytesOf("large", 200 * KIBIBYTE));
    write("folder/small", randomBytesOf("small", 3_000));
    write("same", randomBytesOf("same", 5_000));
    await backUp(from);
    write("folder/small", randomBytesOf("changed", 4_000));
    await backUp(from);
    fs.renameSync(join(source, "folder"), join(source, "renamed"));
    await backUp(from);
    const first = await copy({}, [1, 2, 3]);
    expect(first.copied.map(({ bytesRead }) => bytesRead)).toEqual([200 * KIBIBYTE + 8_000, 4_000, 0]);
    write("new", randomBytesOf("new", 6_000));
    await backUp(from);
    const later = await copy();
    expect(numbersOf(later.copied)).toEqual([[4, 4]]);
    expect(later.copied[0]!.bytesRead).toBe(6_000);
    expect(await differences("4")).toEqual([]);
    await requireClean(to);
    const next = await backUp(to, smaller);
    expect(next).toMatchObject({ parent: 4, filesUnmodified: 4 });
    expect(next.opened).toEqual([]);
  });

  test("that is there already is nothing to do, also of a copy of it", async () => {
    write("file", "content");
    await backUp(from);
    write("file", "changed");
    await backUp(from);
    await copy();
    const before = [...to.objects.keys()];
    expect(await copy()).toEqual({ copied: [], incomplete: [], warnings: [], error: undefined });
    expect([...to.objects.keys()]).toEqual(before);
    const third = createMemoryStorage();
    [from, to] = [to, third];
    expect(numbersOf((await copy()).copied)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("that was rewritten in the target is there, but nothing is taken over from it", async () => {
    write("folder/secret", randomBytesOf("secret", 4_000));
    // Two names of one file: to leave out one changes no count of files.
    fs.linkSync(join(source, "folder/secret"), join(source, "folder/other name"));
    write("folder/public", randomBytesOf("public", 3_000));
    await backUp(from);
    await copy();
    {
      await using client = await openClient(to, smaller);
      await client.repository.refresh();
      const made = await rewriteSnapshot(client.repository, 1, { excludes: ["secret"], forget: true });
      expect(made).toMatchObject({ number: 2, leftOut: 1 });
    }
    write("beside it", randomBytesOf("new", 3_000));
    await backUp(from);
    const { copied } = await copy();
    expect(numbersOf(copied)).toEqual([[2, 3]]);
    expect(await differences("3")).toEqual([]);
  });

  test("whose tags were changed in the target is there", async () => {
    write("file", "content");
    await backUp(from);
    await copy();
    {
      await using client = await openClient(to, smaller);
      const [only] = await listSnapshots(client.repository);
      expect(await tagSnapshot(client.repository, only!, { add: ["another"] })).toBe(2);
    }
    expect((await copy()).copied).toEqual([]);
    {
      await using client = await openClient(to, smaller);
      await client.repository.refresh();
      await forgetSnapshots(client.repository, [2]);
      await using reader = await openClient(from, small);
      const between = { source: reader.repository, target: client.repository };
      const { missing, present, forgotten } = await planCopy(between, await listSnapshots(reader.repository));
      expect({ missing, present, forgotten: forgotten.map(({ number }) => number) }).toEqual({
        missing: [],
        present: [],
        forgotten: [1],
      });
    }
  });

  test("of a large file is stored by all threads as by one", async () => {
    // As much as other threads are started for.
    write("large", randomBytesOf("large", 20 * 2 ** 20));
    write("small", randomBytesOf("small", 3_000));
    await backUp(from, {});
    await using reader = await openClient(from);
    const all = await listSnapshots(reader.repository);
    const copyWith = async (storage: MemoryStorage, threads: number) => {
      await using writer = await openClient(storage);
      await copySnapshots({ source: reader.repository, target: writer.repository }, all, { threads });
      return (await writer.find("1")).snapshot.roots[0]!.node;
    };
    await using _ = await openClient(to);
    const other = to.clone();
    expect(await copyWith(to, 3)).toEqual(await copyWith(other, 1));
    expect(await differences("1")).toEqual([]);
  });

  test("of a file with holes reads none of its zeros", async () => {
    const file = fs.openSync(join(source, "sparse"), "w");
    fs.writeSync(file, randomBytesOf("head", 3_000), 0, 3_000, 0);
    fs.writeSync(file, randomBytesOf("tail", 3_000), 0, 3_000, 2 ** 26);
    fs.closeSync(file);
    await backUp(from);
    await copy();
    expect(await differences("1")).toEqual([]);
    await using client = await openClient(to);
    const target = join(scratch.path, "sparse");
    await client.restore(Buffer.from("sparse"), target);
    expect(fs.statSync(join(target, "sparse")).blocks * 512).toBeLessThan(2 ** 20);
  });

  test("waits for little, and remembers little, however small that is", async () => {
    for (let i = 0; i < 60; i++) write(`folder ${i % 7}/${i}`, randomBytesOf(String(i % 40), 2_000));
    await backUp(from);
    write("folder 3/new", "new");
    await backUp(from);
    const { copied, error } = await copy({ memorySize: 4_000, waitingMax: 3 });
    expect(error).toBeUndefined();
    expect(copied).toHaveLength(2);
    expect(copied[1]!.bytesRead).toBe(0);
    expect(await differences("2")).toEqual([]);
    expect((await backUp(to, smaller)).opened).toEqual([]);
  });

  test("refuses to copy a repository into itself", async () => {
    write("file", "content");
    await backUp(from);
    to = from.clone();
    await expect(copy()).rejects.toThrow("Cannot copy: both are the same repository");
  });
});

test("an error of the target is none of the source, and ends the copy", async () => {
  for (let i = 0; i < 10; i++) write(`file ${i}`, randomBytesOf(String(i), 100 * KIBIBYTE));
  await backUp(from);
  let puts = 0;
  const failing: Storage = {
    location: to.location,
    get: (name, options) => to.get(name, options),
    list: (prefix) => to.list(prefix),
    putIfAbsent: (name, bytes, options) => to.putIfAbsent(name, bytes, options),
    async put(name, bytes, options) {
      if (++puts === 3) throw new StorageError(`Cannot write "${name}": once`);
      await to.put(name, bytes, options);
    },
  };
  await using reader = await openClient(from, small);
  await using writer = await openClient(failing, smaller);
  const between = { source: reader.repository, target: writer.repository };
  const onWarning = () => expect.unreachable("damage was reported");
  const all = await listSnapshots(reader.repository);
  await expect(copySnapshots(between, all, { onWarning, skipDamaged: true })).rejects.toThrow(
    /^Cannot write .*: once$/,
  );
  expect(numbersOf(await copySnapshots(between, all))).toEqual([[1, 2]]);
  expect(await differences("2")).toEqual([]);
});

describe("packs of the target that are condemned", () => {
  const backUpTwice = async () => {
    write("folder/large", randomBytesOf("large", 150 * KIBIBYTE));
    write("folder/small", randomBytesOf("small", 3_000));
    write("other/small", randomBytesOf("other", 3_000));
    await backUp(from);
    write("new", randomBytesOf("new", 5_000));
    await backUp(from);
  };

  test("are nothing that an earlier copy can give: what lies in them is read again", async () => {
    await backUpTwice();
    await copy({}, [1]);
    const old = packsOf(to);
    {
      await using client = await openClient(to, smaller);
      await condemn(client, old, 1);
    }
    const { copied } = await copy();
    expect(copied[0]).toMatchObject({ from: 2, bytesRead: 150 * KIBIBYTE + 11_000 });
    for (const name of old) await to.delete(name);
    expect(await differences("2")).toEqual([]);
  });

  test("cost no more than what lies in them", async () => {
    await backUpTwice();
    await copy({}, [1]);
    const sizeOf = (name: string) => to.objects.get(name)!.length;
    const name = packsOf(to).reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
    {
      await using client = await openClient(to, smaller);
      await condemn(client, [name], 1);
    }
    const { copied } = await copy();
    // The large file, and nothing of the folder beside it.
    expect(copied[0]).toMatchObject({ from: 2, bytesRead: 150 * KIBIBYTE + 5_000 });
    await to.delete(name);
    expect(await differences("2")).toEqual([]);
  });

  test("by somebody else between two snapshots are not referred to by the second", async () => {
    await backUpTwice();
    let old: string[] = [];
    await using reader = await openClient(from, small);
    const watched: Storage = {
      location: to.location,
      get: (name, options) => to.get(name, options),
      put: (name, bytes, options) => to.put(name, bytes, options),
      list: (prefix) => to.list(prefix),
      async putIfAbsent(name, bytes, options) {
        await to.putIfAbsent(name, bytes, options);
        if (name !== registerName("outcomes", 1)) return;
        old = packsOf(to);
        await using client = await openClient(to, smaller);
        await condemn(client, old, 1);
      },
    };
    await using writer = await openClient(watched, smaller);
    const between = { source: reader.repository, target: writer.repository };
    const { missing } = await planCopy(between, await listSnapshots(reader.repository));
    const copied = await copySnapshots(between, missing);
    expect(copied[1]).toMatchObject({ from: 2, bytesRead: 150 * KIBIBYTE + 11_000 });
    for (const name of old) await to.delete(name);
    expect(await differences("2")).toEqual([]);
  });
});

describe("damage in the source", () => {
  /** Puts the damaged pack right again. */
  let mend: () => Promise<void>;

  beforeEach(async () => {
    write("folder/bad", randomBytesOf("bad", 50 * KIBIBYTE));
    await backUp(from);
    const [name, bytes] = [...from.objects].find(([known]) => known.startsWith("packs/"))!;
    mend = async () => {
      await from.delete(name);
      await from.putIfAbsent(name, bytes);
    };
    const wrong = bytes.slice();
    wrong[100]! ^= 1;
    await from.delete(name);
    await from.putIfAbsent(name, wrong);
    write("good", randomBytesOf("good", 50 * KIBIBYTE));
    await backUp(from);
    fs.rmSync(join(source, "folder/bad"));
    await backUp(from);
  });
  const pathsOf = (warnings: readonly Warning[]) => warnings.map(({ path }) => Buffer.from(path).toString());

  test("is named, and the snapshot is not committed, nor any after it", async () => {
    const { copied, warnings, error } = await copy();
    expect(copied).toEqual([]);
    expect(pathsOf(warnings)).toEqual([join(source, "folder/bad")]);
    expect(isBcatError(error, "corrupt")).toBe(true);
    expect((error as Error).message).toMatch(/^Cannot copy snapshot 1: an entry of it is damaged; none of it was/);
    await using client = await openClient(to);
    expect(await listSnapshots(client.repository)).toEqual([]);
    expect(await client.repository.readOutcome(1)).toMatchObject({ kind: "void" });
  });

  test("of a folder is told of each snapshot that has it", async () => {
    [from, to] = [createMemoryStorage(), createMemoryStorage()];
    await backUp(from);
    const trees = packsOf(from).at(-1)!;
    await backUp(from);
    const bytes = (await from.get(trees))!.slice();
    bytes[10]! ^= 1;
    await from.delete(trees);
    await from.putIfAbsent(trees, bytes);
    const { copied, warnings } = await copy({ skipDamaged: true });
    expect(copied.map(({ errors }) => errors)).toEqual([1, 1]);
    expect(pathsOf(warnings)).toEqual([source, source]);
  });

  test("is left out with skipDamaged, named in the snapshot, and read from its files by the next backup", async () => {
    const { copied, warnings, error } = await copy({ skipDamaged: true });
    expect(error).toBeUndefined();
    expect(copied.map(({ errors }) => errors)).toEqual([1, 1, 0]);
    expect(pathsOf(warnings)).toEqual([join(source, "folder/bad"), join(source, "folder/bad")]);
    await using client = await openClient(to, smaller);
    const { snapshot } = await client.find("2");
    expect(snapshot.errors.total).toBe(1);
    expect(Buffer.from(snapshot.errors.first[0]!.path).toString()).toBe(join(source, "folder/bad"));
    expect(snapshot.roots[0]!.scan).toHaveLength(0);
    expect(await differences("3")).toEqual([]);
    await requireClean(to);
  });

  describe("that was left out", () => {
    const isThere = async () => {
      await using client = await openClient(to, smaller);
      const all = await listSnapshots(client.repository);
      const { history } = client.repository;
      return all.map(({ number, snapshot }) => [number, snapshot.errors.total, snapshot.tags, history.pinNote(number)]);
    };
    const change = async (act: (repository: Client["repository"]) => Promise<unknown>) => {
      await using client = await openClient(to, smaller);
      await client.repository.refresh();
      await act(client.repository);
    };
    const bad = () => join(source, "folder/bad");

    beforeEach(async () => {
      expect((await copy({ skipDamaged: true })).copied).toHaveLength(3);
    });

    test("is copied when the source can give it, into snapshots that stand in the place of the first ones", async () => {
      await change((repository) => pinSnapshots(repository, [2], { note: "why" }));
      await mend();
      const { copied, error } = await copy();
      expect(error).toBeUndefined();
      expect(copied.map((one) => [one.from, one.number, one.errors, one.replaced?.number])).toEqual([
        [1, 4, 0, 1],
        [2, 5, 0, 2],
      ]);
      // Only what was not there.
      expect(copied.map(({ bytesRead }) => bytesRead)).toEqual([50 * KIBIBYTE, 0]);
      expect(await isThere()).toEqual([
        [4, 0, ["a tag"], undefined],
        [5, 0, ["a tag"], "why"],
        [3, 0, ["a tag"], undefined],
      ]);
      write("folder/bad", randomBytesOf("bad", 50 * KIBIBYTE));
      fs.rmSync(join(source, "good"));
      expect((await differences("4")).filter((line) => !/time/.test(line))).toEqual([]);
      expect(await copy()).toMatchObject({ copied: [], incomplete: [], error: undefined });
      await requireClean(to);
    });

    test("and is damaged still is named again, and keeps nothing else from being copied", async () => {
      write("new", "of today");
      await backUp(from);
      const { copied, incomplete, warnings, error } = await copy();
      expect({ error, incomplete, numbers: numbersOf(copied) }).toEqual({
        error: undefined,
        incomplete: [1, 2],
        numbers: [[4, 6]],
      });
      expect(pathsOf(warnings)).toEqual([bad(), bad()]);
      expect((await isThere()).map(([number, errors]) => [number, errors])).toEqual([
        [1, 1],
        [2, 1],
        [3, 0],
        [6, 0],
      ]);
    });

    test("is no longer there twice after a copy that was stopped before it forgot the first ones", async () => {
      await mend();
      const refusing: Storage = {
        location: to.location,
        get: (name, options) => to.get(name, options),
        list: (prefix) => to.list(prefix),
        put: (name, bytes, options) => to.put(name, bytes, options),
        putIfAbsent: async (name, bytes, options) => {
          if (name.startsWith("log/")) throw new StorageError("gone", { isFinal: true });
          await to.putIfAbsent(name, bytes, options);
        },
      };
      expect(isBcatError((await copy({}, [1], refusing)).error, "storage-failed")).toBe(true);
      expect((await isThere()).map(([number]) => number)).toEqual([1, 4, 2, 3]);
      expect(await copy({}, [1])).toMatchObject({ copied: [], incomplete: [], error: undefined });
      expect((await isThere()).map(([number]) => number)).toEqual([4, 2, 3]);
    });

    test("stays away where a copy was rewritten since, and its new tags stay", async () => {
      await change(async (repository) => {
        await rewriteSnapshot(repository, 2, { excludes: ["good"], forget: true });
        const [first] = await listSnapshots(repository);
        await tagSnapshot(repository, first!, { set: ["mine"] });
      });
      await mend();
      const before = await isThere();
      const { copied } = await copy();
      expect(copied.map((one) => one.from)).toEqual([1]);
      const after = await isThere();
      expect(after[0]!.slice(1, 3)).toEqual([0, ["mine"]]);
      expect(after.slice(1)).toEqual(before.slice(1));
    });
  });
});

test("what is kept of a backup that did not end is that in the copy, too", async () => {
  makeSource(source);
  await using reader = (await openStoppable(from)).client;
  const { client, stopAt } = await openStoppable(from, { host: "stopped" });
  await expect(client.backup([source], { stop: stopAt(20) })).rejects.toThrow(/kept as partial snapshot 1/);
  await client[Symbol.asyncDispose]();
  await using writer = await openClient(to, { ...smaller, host: "copier" });
  writer.time = Date.now() + 7_200_000;
  const between = { source: reader.repository, target: writer.repository };
  const partial = await findSnapshot(reader.repository, "1");
  await copySnapshots(between, (await planCopy(between, [partial])).missing);
  const list = async (withPartial: boolean) => await listSnapshots(writer.repository, { withPartial });
  expect((await list(true)).map(({ snapshot }) => snapshot.complete)).toEqual([false]);
  expect(await list(false)).toEqual([]);
  expect(await planCopy(between, [partial])).toMatchObject({ missing: [], present: [{ from: 1, number: 1 }] });
});

describe("a copy that lacks files", () => {
  const damage = (name: string, at: number) => {
    from.objects.get(name)![at]! ^= 1;
  };
  const inCopy = async () => {
    await using client = await openClient(to, smaller);
    const [info] = await listSnapshots(client.repository);
    const target = join(scratch.path, "in copy");
    await client.restore("all", target);
    const names = fs.readdirSync(join(target, "folder"));
    fs.rmSync(target, { recursive: true });
    return { number: info!.number, errors: info!.snapshot.errors.total, names: names.length };
  };

  beforeEach(async () => {
    for (let i = 0; i < 20; i++) write(`folder/${i}`, randomBytesOf(`${i}`, 20 * KIBIBYTE));
    await backUp(from);
  });

  test("is not replaced by one that lacks more, though that meets fewer errors", async () => {
    const [data, other] = packsOf(from);
    damage(data!, 100);
    damage(other!, 100);
    await copy({ skipDamaged: true });
    const before = await inCopy();
    expect(before.errors).toBeGreaterThan(1);
    // The trees: a folder that cannot be read is one error.
    damage(packsOf(from).at(-1)!, 100);
    expect(await copy({ skipDamaged: true })).toMatchObject({ copied: [], incomplete: [1] });
    expect(await inCopy()).toEqual(before);
  });

  test("is replaced by one that lacks less, though that meets more errors", async () => {
    const trees = packsOf(from).at(-1)!;
    damage(trees, 100);
    await copy({ skipDamaged: true });
    damage(trees, 100);
    const [data, other] = packsOf(from);
    damage(data!, 100);
    damage(other!, 100);
    const { copied } = await copy({ skipDamaged: true });
    expect(copied).toMatchObject([{ from: 1, replaced: { number: 1, lacks: 1 } }]);
    const after = await inCopy();
    expect(after.errors).toBeGreaterThan(1);
    expect(after.names).toBeGreaterThan(5);
    expect(await copy()).toMatchObject({ copied: [], incomplete: [1] });
  });
});
