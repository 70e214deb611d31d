/** A backup that is asked to end keeps what it has stored, and the next one goes on from there. */
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { StorageError } from "@bcat/errors";
import { loadPosix } from "@bcat/posix";
import { type AdoptedPacks, check, type Finding, findSnapshot, listSnapshots, type RootParent } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "./kit/client.js";
import { filesBelow, makeSource, openStoppable, sizes } from "./kit/interrupted.js";
import { isLongRun } from "./kit/long-run.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeAll(() => {
  scratch = makeScratch(2 ** 26, { onDisk: true })!;
  source = join(scratch.path, "source");
  makeSource(source);
  for (const name of ["a/b", "a/b/file-1", "e/f/file-2", "d/large"]) setAttribute(join(source, name));
});
afterAll(() => scratch[Symbol.asyncDispose]());
beforeEach(() => {
  storage = createMemoryStorage();
});

/** Where there are none, nothing of them can be lost. */
function setAttribute(path: string): void {
  const posix = loadPosix("auto");
  const folder = posix.openDirectory(Buffer.from(dirname(path)));
  try {
    posix.attributes?.setAt(folder, Buffer.from(basename(path)), Buffer.from("user.bcat"), Buffer.from(path));
  } catch (error) {
    process.stdout.write(`stopped backups: without extended attributes (${String(error)})\n`);
  } finally {
    posix.closeDirectory(folder);
  }
}

async function requireClean(client: Client): Promise<void> {
  const findings: Finding[] = [];
  await check(client.repository, { readData: true, onFinding: (finding) => findings.push(finding) });
  expect(findings.filter(({ kind }) => kind === "damage")).toEqual([]);
}

/** Restores what is there of a snapshot; the names of its files. Each is as in the source. */
async function filesOf(client: Client, selector: string): Promise<string[]> {
  const target = join(scratch.path, "restored");
  await client.restore("all", target, { selector });
  const names = filesBelow(target);
  for (const name of names)
    expect(fs.readFileSync(join(target, name)).equals(fs.readFileSync(join(source, name))), name).toBe(true);
  fs.rmSync(target, { recursive: true });
  return names;
}

async function requireWhole(client: Client): Promise<void> {
  const target = join(scratch.path, "whole");
  await client.restore("all", target);
  expect(describeDifferences(await compareTrees(source, target, { timeUnit: 1_000n }))).toEqual([]);
  fs.rmSync(target, { recursive: true });
}

/** The trees of the latest snapshot are those of a backup that compares with none. */
async function requireTreeOfWhole(client: Client): Promise<void> {
  const resumed = await client.find("latest");
  await client.backup([source], { force: true });
  const whole = await client.find("latest");
  expect(resumed.snapshot.roots.map(({ node }) => node)).toEqual(whole.snapshot.roots.map(({ node }) => node));
}

const kept = (number: number) =>
  `interrupted; what was done is kept as partial snapshot ${number}, the next backup goes on from there`;

describe.each([1, 3])("in %i threads", (threads) => {
  test.each(isLongRun ? [12, 21, 33] : threads === 1 ? [33] : [21])("stopped at file %i", async (opening) => {
    const { client, stopAt } = await openStoppable(storage, {
      sizes: { ...sizes, filesBeforeThreads: 4 },
    });
    const stopped = client.backup([source], { stop: stopAt(opening), threads });
    if (threads === 1) await expect(stopped).rejects.toMatchObject({ code: "interrupted", message: kept(1) });
    // Other threads may have read all files before the main one looks.
    else if ((await stopped.catch(() => undefined)) !== undefined) return;
    expect(await listSnapshots(client.repository)).toEqual([]);
    expect(await listSnapshots(client.repository, { withPartial: true })).toMatchObject([{ number: 1 }]);
    await expect(client.find("latest")).rejects.toMatchObject({ code: "not-found" });
    await requireClean(client);
    const before = await filesOf(client, "1");
    expect(before.length).toBeGreaterThan(0);
    const told: RootParent[] = [];
    const onParents = (parents: readonly RootParent[]) => void told.push(...parents);
    const { snapshotNumber, parent, totalFiles } = await client.backup([source], { threads, onParents });
    expect(told).toMatchObject([{ parent: 1, partial: { number: 1 } }]);
    expect(told[0]!.partial!.files).toBeGreaterThanOrEqual(before.length);
    expect([snapshotNumber, parent, totalFiles]).toEqual([2, 1, filesBelow(source).length]);
    expect(client.opened.length).toBeLessThanOrEqual(filesBelow(source).length - before.length);
    await requireClean(client);
    await requireWhole(client);
    await requireTreeOfWhole(client);
  });
});

test("nothing is kept when nothing was stored", async () => {
  const { client, stopAt } = await openStoppable(storage);
  const stopped = client.backup([join(source, "empty"), join(source, "a/b/zfile")], { stop: stopAt(1) });
  await expect(stopped).rejects.toThrow(/^interrupted; nothing was committed$/);
  expect(await listSnapshots(client.repository, { withPartial: true })).toEqual([]);
});

test("what was changed in a folder that was not finished is compared with both parents", async () => {
  const { client, stopAt } = await openStoppable(storage);
  const copy = join(scratch.path, "changing");
  fs.cpSync(source, copy, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  await client.backup([copy]);
  for (let i = 0; i < 6; i++) fs.writeFileSync(join(copy, `a/new-${i}`), randomBytesOf(`new ${i}`, 400_000));
  fs.writeFileSync(join(copy, "file-0"), "changed");
  await expect(client.backup([copy], { stop: stopAt(5) })).rejects.toThrow(kept(2));
  const resumed = await client.backup([copy]);
  // The rest of the first backup's files is known from there.
  expect(client.opened.length).toBeLessThanOrEqual(3);
  expect(resumed).toMatchObject({ snapshotNumber: 3, parent: 2 });
  const { snapshot } = await client.find("latest");
  await client.backup([copy], { force: true });
  expect((await client.find("latest")).snapshot.roots[0]!.node).toEqual(snapshot.roots[0]!.node);
  fs.rmSync(copy, { recursive: true });
});

test("an interruption of what goes on from another one loses nothing of either", async () => {
  const { client, stopAt } = await openStoppable(storage);
  await expect(client.backup([source], { stop: stopAt(16) })).rejects.toThrow(kept(1));
  await expect(client.backup([source], { stop: stopAt(6) })).rejects.toThrow(kept(2));
  const { totalFiles } = await client.backup([source]);
  expect(client.opened.length).toBeLessThanOrEqual(totalFiles - 20);
  await requireClean(client);
  await requireTreeOfWhole(client);
});

test("of several sources the finished ones are kept whole", async () => {
  const { client, stopAt } = await openStoppable(storage);
  const roots = ["a", "d", "e"].map((name) => join(source, name));
  const files = filesBelow(roots[0]!).length;
  await expect(client.backup(roots, { stop: stopAt(files + 4) })).rejects.toThrow(kept(1));
  const { snapshot } = await findSnapshot(client.repository, "1");
  expect(snapshot.roots.map(({ path }) => Buffer.from(path).toString())).toEqual(roots.slice(0, 2));
  await client.backup(roots);
  expect(client.opened.length).toBeLessThanOrEqual(filesBelow(source).length - files - 5);
  const { snapshot: resumed } = await client.find("latest");
  await client.backup(roots, { force: true });
  expect((await client.find("latest")).snapshot.roots.map(({ node }) => node)).toEqual(
    resumed.roots.map(({ node }) => node),
  );
});

test("--skip-if-unchanged never takes a partial snapshot for the one that nothing has changed since", async () => {
  const { client, stopAt } = await openStoppable(storage);
  await expect(client.backup([source], { stop: stopAt(20) })).rejects.toThrow(kept(1));
  expect(await client.backup([source], { skipIfUnchanged: true })).toMatchObject({ snapshotNumber: 2 });
  expect(await client.backup([source], { skipIfUnchanged: true })).toMatchObject({ unchangedSince: 2 });
});

describe("whose storage answers no more", () => {
  /** Answers nothing but errors from the moment on when `stop` was asked for. */
  function silentAt(inner: MemoryStorage, stop: () => AbortSignal | undefined): { storage: Storage; asked: string[] } {
    const asked: string[] = [];
    const meet = <T>(name: string, run: () => Promise<T>): Promise<T> => {
      if (stop()?.aborted !== true) return run();
      asked.push(name.split("/")[0]!);
      throw new StorageError("no answer");
    };
    const storage: Storage = {
      location: inner.location,
      get: async (name, options) => await meet(name, () => inner.get(name, options)),
      put: async (name, bytes) => await meet(name, () => inner.put(name, bytes)),
      putIfAbsent: async (name, bytes) => await meet(name, () => inner.putIfAbsent(name, bytes)),
      list: (prefix) => inner.list(prefix),
    };
    return { storage, asked };
  }

  test.each([
    ["without a checkpoint", sizes, /^interrupted; the storage does not answer; nothing was committed$/],
    [
      "with one",
      { ...sizes, checkpointSize: 256 * 1024 },
      /^interrupted; the storage does not answer; .*, but the next backup goes on from the newest checkpoint/,
    ],
  ])("it is not asked for another outcome, and what is kept is said: %s", async (_, given, says) => {
    let stop: AbortSignal | undefined;
    const { storage: silent, asked } = silentAt(storage, () => stop);
    const { client, stopAt } = await openStoppable(silent, { sizes: given });
    stop = stopAt(21);
    await expect(client.backup([source], { stop })).rejects.toMatchObject({ code: "interrupted", message: says });
    expect(new Set(asked)).toEqual(new Set(["packs"]));
  });

  test("packs that the next backup finds are said, and that one says what it has taken over", async () => {
    const cacheDirectory = join(scratch.path, "cache");
    let stop: AbortSignal | undefined;
    const { storage: silent } = silentAt(storage, () => stop);
    const { client, stopAt } = await openStoppable(silent, { cacheDirectory });
    stop = stopAt(21);
    await expect(client.backup([source], { stop })).rejects.toThrow(
      /nothing was committed, but the next backup takes over what was stored of \d+ packs$/,
    );
    const { client: next } = await openStoppable(storage, { cacheDirectory });
    const adopted: AdoptedPacks[] = [];
    await next.backup([source], { onParents: (_, found) => void adopted.push(found) });
    expect(adopted[0]!.packs).toBeGreaterThan(1);
    expect(adopted[0]!.bytes).toBeGreaterThan(256 * 1024);
    fs.rmSync(cacheDirectory, { recursive: true });
  });
});

/** Refuses packs once `size` bytes of them are there. */
function fullAt(inner: MemoryStorage, size: number): Storage {
  let written = 0;
  return {
    ...inner,
    location: inner.location,
    get: (name, options) => inner.get(name, options),
    putIfAbsent: (name, bytes) => inner.putIfAbsent(name, bytes),
    list: (prefix) => inner.list!(prefix),
    async put(name, bytes) {
      written += bytes.length;
      if (written > size && !name.startsWith("partial/"))
        throw new StorageError("Cannot write: no space", { isFinal: true });
      await inner.put(name, bytes);
    },
  };
}

test("a backup that the storage refuses ends with its newest checkpoint", async () => {
  const { client } = await openStoppable(fullAt(storage, 4_000_000), {
    sizes: { ...sizes, checkpointSize: 2 ** 20 },
  });
  const refused = client.backup([source]);
  await expect(refused).rejects.toMatchObject({
    code: "storage-failed",
    message: expect.stringMatching(
      /no space; what was done is kept as partial snapshot 1, the next backup goes on from there/,
    ),
  });
  await requireClean(client);
  expect((await filesOf(client, "1")).length).toBeGreaterThan(3);
});

describe("checkpoints", () => {
  const often = { ...sizes, checkpointSize: 256 * 1024 };
  const partials = () => [...storage.objects.keys()].filter((name) => name.startsWith("partial/"));

  test("leave the backup that makes them as it would be without", async () => {
    const { client } = await openStoppable(storage, { sizes: often });
    await client.backup([source]);
    expect(partials().length).toBeGreaterThan(5);
    expect(partials()[0]).toBe("partial/0000000001-0000000001");
    await requireClean(client);
    await requireWhole(client);
    await requireTreeOfWhole(client);
    await client.backup([source]);
    expect(client.opened).toEqual([]);
  });

  test("are made of what is read and was stored already, too, and not of what is not read", async () => {
    const { client } = await openStoppable(storage, { sizes: often });
    await client.backup([source]);
    const first = partials().length;
    await client.backup([source]);
    expect(partials().length).toBe(first);
    await client.backup([source], { force: true });
    expect(partials().length).toBeGreaterThan(first + 3);
    await requireClean(client);
  });

  test("are made in the middle of a large file, too", async () => {
    const { client } = await openStoppable(storage, { sizes: often });
    const large = join(scratch.path, "large");
    fs.writeFileSync(large, randomBytesOf("large", 9_000_000));
    client.time = Date.now() + 3_600_000;
    await client.backup([large]);
    await requireClean(client);
    fs.rmSync(large);
  });

  test("of a folder that is as it was show what it has", async () => {
    const { client } = await openStoppable(storage, { sizes: often });
    await client.backup([source]);
    const folder = join(source, "e/g");
    fs.mkdirSync(folder);
    for (let i = 0; i < 8; i++) fs.writeFileSync(join(folder, `file-${i}`), randomBytesOf(`behind ${i}`, 300_000));
    await client.backup([source]);
    await requireClean(client);
    await requireTreeOfWhole(client);
    fs.rmSync(folder, { recursive: true });
  });
});
