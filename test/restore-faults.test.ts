/** What a restore makes of a user without privileges, of many folders, and of trees that say what is not so. */
import * as fs from "node:fs";
import { join } from "node:path";
import { StorageError } from "@bcat/errors";
import { restore, type SnapshotInfo } from "@bcat/snapshot";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { exactTimes, inexactTimes } from "./kit/exact-times.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let source: string;
let target: string;

beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  fs.mkdirSync(source);
});
afterEach(() => scratch[Symbol.asyncDispose]());

test("a user without privileges keeps the set-id bits of what is theirs, and of nothing else", async () => {
  const somebody = 12_345;
  const modes = { "a theirs": 0o4755, "b mine": 0o4711, "c theirs/": 0o3777, "d mine/": 0o3775 };
  for (const [name, mode] of Object.entries(modes)) {
    const path = join(source, name);
    if (name.endsWith("/")) fs.mkdirSync(path);
    else fs.writeFileSync(path, "x");
    fs.chmodSync(path, mode);
  }
  const refuse = (uid: number) => {
    if (uid === somebody) throw Object.assign(new Error("EPERM"), { code: "EPERM", errno: -1, syscall: "fchownat" });
  };
  const theirs = new Set<number>();
  await using client = await openClient(createMemoryStorage(), {
    replace: (posix) => ({
      statAt(directory, name, into) {
        posix.statAt(directory, name, into);
        if (Buffer.from(name).includes("theirs")) into.uid = somebody;
      },
      openFileAt(directory, name) {
        const file = posix.openFileAt(directory, name);
        if (Buffer.from(name).includes("theirs")) theirs.add(file);
        return file;
      },
      statFile(file, into) {
        posix.statFile(file, into);
        if (theirs.has(file)) into.uid = somebody;
      },
      close(file) {
        theirs.delete(file);
        posix.close(file);
      },
      setFileOwner(file, uid, gid) {
        refuse(uid);
        posix.setFileOwner(file, uid, gid);
      },
      setOwnerAt(directory, name, uid, gid) {
        refuse(uid);
        posix.setOwnerAt(directory, name, uid, gid);
      },
    }),
  });
  await client.backup([source]);
  expect(await client.restore("all", target)).toMatchObject({ errors: 0 });
  const said = [
    expect.stringContaining("owners were not restored, that takes privileges (of 2 entries)"),
    expect.stringContaining("set-id bits were not restored, their owner is not who it was (of 2 entries)"),
  ];
  expect(client.warnings).toEqual(said);
  // What is there already lacks them as well, and is counted once.
  await client.restore("all", target, { overwrite: "always" });
  expect(client.warnings).toEqual(said);
  const restored = Object.keys(modes).map((name) => fs.lstatSync(join(target, name)).mode & 0o7777);
  expect(restored).toEqual([0o755, 0o4711, 0o1777, 0o3775]);
});

test.each(["EILSEQ", "EINVAL"])("a name that the file system cannot have costs its entry alone (%s)", async (code) => {
  for (const name of ["a", "bad", "c"]) fs.writeFileSync(join(source, name), name);
  const refuse = (name: Uint8Array) => {
    if (isArmed && Buffer.from(name).toString() === "bad")
      throw Object.assign(new Error(code), { code, errno: -1, syscall: "open" });
  };
  let isArmed = false;
  await using client = await openClient(createMemoryStorage(), {
    replace: (posix) => ({
      statAt(directory, name, into) {
        refuse(name);
        posix.statAt(directory, name, into);
      },
      createFileAt(directory, name, mode) {
        refuse(name);
        return posix.createFileAt(directory, name, mode);
      },
    }),
  });
  await client.backup([source]);
  isArmed = true;
  for (const overwrite of [undefined, "if-changed"] as const) {
    const given = { threads: 1, ...(overwrite === undefined ? {} : { overwrite }) };
    expect((await client.restore("all", target, given)).errors).toBe(1);
    expect(client.warnings).toEqual([expect.stringMatching(`/bad: .*\\(${code}\\)`)]);
    expect(fs.readdirSync(target).sort()).toEqual(["a", "c"]);
  }
});

test("folders get their metadata while others are still made: few are remembered", async () => {
  for (let i = 0; i < 5_000; i++) fs.mkdirSync(join(source, String(i)));
  let waiting = 0;
  let most = 0;
  await using client = await openClient(createMemoryStorage(), {
    replace: (posix) => ({
      makeDirectoryAt(directory, name, mode) {
        most = Math.max(most, ++waiting);
        posix.makeDirectoryAt(directory, name, mode);
      },
      setTimesAt(directory, name, seconds, nanoseconds) {
        waiting--;
        posix.setTimesAt(directory, name, seconds, nanoseconds);
      },
    }),
  });
  await client.backup([source]);
  expect(await client.restore("all", target)).toMatchObject({ directoriesRestored: 5_000, errors: 0 });
  expect(most).toBeLessThanOrEqual(4_097);
});

test("a file whose chunks are longer than its tree says is removed and reported", async () => {
  const chunker = { kind: "fixed", minimum: 1_000, average: 1_000, maximum: 1_000 } as const;
  const file = join(source, "file");
  fs.writeFileSync(file, randomBytesOf("two chunks", 2_000));
  await using client = await openClient(createMemoryStorage(), { chunker });
  await client.backup([file]);
  const info = await client.find("latest");
  const root = info.snapshot.roots[0]!;
  // Two bytes of varint: 1,000 as the length of the first chunk becomes 600.
  const node = Buffer.from(root.node);
  Buffer.of(0xd8, 0x04).copy(node, node.indexOf(Buffer.of(0xe8, 0x07)));
  const { warnings, summary } = await restoreInfo(client, {
    ...info,
    snapshot: { ...info.snapshot, roots: [{ ...root, node }] },
  });
  expect(summary).toMatchObject({ errors: 1, filesRestored: 0 });
  expect(warnings).toEqual([
    expect.stringMatching(/^Cannot use chunk [0-9a-f]{16}…: it has 1000 bytes, the tree says 600$/),
  ]);
  expect(fs.readdirSync(target)).toEqual([]);
});

async function restoreInfo({ repository, posix }: Client, info: SnapshotInfo) {
  const warnings: string[] = [];
  const onWarning = ({ message }: { message: string }) => {
    if (exactTimes || !inexactTimes.test(message)) warnings.push(message);
  };
  const summary = await restore(repository, posix, info, "all", Buffer.from(target), { onWarning });
  return { warnings, summary };
}

test("a restore that ends for want of its storage has ended: nothing is written afterwards, and no descriptor is open", async () => {
  // So many files in nodes that the job which writes them takes turns, and one chunk that cannot be had.
  for (let folder = 0; folder < 40; folder++) {
    fs.mkdirSync(join(source, `in/${folder}`), { recursive: true });
    for (let file = 0; file < 22; file++) fs.writeFileSync(join(source, `in/${folder}/${file}`), `${folder} ${file}`);
  }
  fs.writeFileSync(join(source, "in/last"), randomBytesOf("last", 200_000));
  const storage = createMemoryStorage();
  let isGone = false;
  let hasEnded = false;
  let made = 0;
  let late = 0;
  const faulty: Storage = {
    location: storage.location,
    get: async (...words) => {
      if (isGone) throw new StorageError("Cannot reach the storage: it is gone");
      return await storage.get(...words);
    },
    put: (...words) => storage.put(...words),
    putIfAbsent: (...words) => storage.putIfAbsent(...words),
    list: (prefix) => storage.list(prefix),
  };
  await using client = await openClient(faulty, {
    replace: (posix) => ({
      makeDirectoryAt(...words) {
        isGone = ++made >= 41;
        posix.makeDirectoryAt(...words);
      },
      openDirectoryAt(...words) {
        if (hasEnded) late++;
        return posix.openDirectoryAt(...words);
      },
      createFileAt(...words) {
        if (hasEnded) late++;
        return posix.createFileAt(...words);
      },
    }),
  });
  client.time = Date.now() + 3_600_000;
  await client.backup([join(source, "in")]);
  const before = fs.readdirSync("/proc/self/fd").length;
  await expect(client.restore("all", target)).rejects.toMatchObject({ code: "storage-failed" });
  hasEnded = true;
  const found = fs.readdirSync(target, { recursive: true }).length;
  expect(fs.readdirSync("/proc/self/fd").length).toBe(before);
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(late).toBe(0);
  expect(fs.readdirSync(target, { recursive: true }).length).toBe(found);
});
