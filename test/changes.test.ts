/** What the next backup reads again, and what it adds: only what changed (docs/architecture.md, change detection). */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { WriteSession } from "@bcat/repository";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const MEBIBYTE = 2 ** 20;
/** Files whose stat data cannot tell a change are read again: those read within 2 s of it. */
const RACY_MS = 2_000;

describe("the next backup", () => {
  let scratch: Scratch;
  let source: string;
  let client: Client;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 28)!;
    source = join(scratch.path, "source");
    fs.mkdirSync(source);
    client = await openClient(createMemoryStorage());
    // Far behind everything made here: no file is racy unless the test wants it so.
    client.time = Date.now() + 3_600_000;
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const write = (name: string, seed: string, size = 2_000) => {
    fs.mkdirSync(join(source, name, ".."), { recursive: true });
    fs.writeFileSync(join(source, name), randomBytesOf(seed, size));
  };
  /** Restores the newest snapshot and compares it with the source as it is now. */
  const expectRestored = async () => {
    const target = join(scratch.path, "restored");
    await client.restore("all", target);
    expect(client.warnings).toEqual([]);
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  };

  test("opens no file and adds no chunk when nothing changed", async () => {
    for (let i = 0; i < 50; i++) write(`${i % 5}/${i}`, String(i));
    expect(await client.backup([source])).toMatchObject({ filesNew: 50, filesUnmodified: 0, dataChunks: 50 });
    expect(client.opened).toHaveLength(50);
    expect(await client.backup([source])).toMatchObject({
      parent: 1,
      filesNew: 0,
      filesChanged: 0,
      filesUnmodified: 50,
      dirsUnmodified: 6,
      dataChunks: 0,
      treeChunks: 0,
      dataAdded: 0,
      dataAddedPacked: 0,
    });
    expect(client.opened).toEqual([]);
  });

  test("opens only the file that changed, in a folder of many", async () => {
    for (let i = 0; i < 600; i++) write(String(i), String(i));
    await client.backup([source]);
    write("300", "changed", 2_001);
    const summary = await client.backup([source]);
    expect(client.opened).toEqual(["300"]);
    expect(summary).toMatchObject({ filesChanged: 1, filesUnmodified: 599, dataChunks: 1 });
    await expectRestored();
  });

  test("sees a change of the same size whose mtime was put back, by the ctime", async () => {
    for (const name of ["a", "b", "c"]) write(name, name);
    execFileSync("touch", ["-d", "@1000000000.123456789", join(source, "b")]);
    await client.backup([source]);
    write("b", "changed");
    execFileSync("touch", ["-d", "@1000000000.123456789", join(source, "b")]);
    const summary = await client.backup([source]);
    expect(client.opened).toEqual(["b"]);
    expect(summary).toMatchObject({ filesChanged: 1, filesUnmodified: 2, dataChunks: 1 });
    await expectRestored();
  });

  test("sees a file replaced by another of the same size and mtime", async () => {
    for (const name of ["a", "b"]) write(name, name);
    const times = (name: string) => execFileSync("touch", ["-d", "@1000000000", join(source, name)]);
    times("a");
    times("b");
    await client.backup([source]);
    fs.renameSync(join(source, "b"), join(source, "a"));
    await client.backup([source]);
    expect(client.opened).toEqual(["a"]);
    await expectRestored();
  });

  test.each([
    ["at the moment it was read", 0, true],
    ["a second before it", 1_000, true],
    ["two seconds before it, less a millisecond", RACY_MS - 1, true],
    ["long before it", RACY_MS + 1_001, false],
  ])("reads a file again that changed %s: %i ms, %s", async (_, distance, isRead) => {
    write("file", "racy");
    client.time =
      Math.floor(Number(fs.lstatSync(join(source, "file"), { bigint: true }).ctimeNs / 1_000_000n)) + distance;
    await client.backup([source]);
    const summary = await client.backup([source]);
    // One that was changed in this very tick of the clock is opened twice.
    expect([...new Set(client.opened)]).toEqual(isRead ? ["file"] : []);
    // Read or not, its content is as it was, and that is what is counted.
    expect(summary).toMatchObject({ filesUnmodified: 1, filesChanged: 0, dataChunks: 0, treeChunks: 0 });
  });

  test.each([
    ["soon after it changed", 10_000, true],
    ["a quarter of an hour later", 15 * 60_000 + 1_001, false],
  ])("reads a file of a server, whose clock may be behind, again when it was read %s", async (_, distance, isRead) => {
    await using far = await openClient(createMemoryStorage(), { replace: () => ({ isRemote: () => true }) });
    write("file", "racy");
    far.time = Math.floor(fs.lstatSync(join(source, "file")).ctimeMs) + distance;
    await far.backup([source]);
    expect(await far.backup([source])).toMatchObject({ filesUnmodified: 1, dataChunks: 0 });
    expect(far.opened).toEqual(isRead ? ["file"] : []);
  });

  test("does not read a file again for its mtime, which lies in the future: its change time tells", async () => {
    write("file", "future");
    execFileSync("touch", ["-d", "2200-01-01T00:00:00Z", join(source, "file")]);
    await client.backup([source]);
    await client.backup([source]);
    expect(client.opened).toEqual([]);
  });

  describe("when a file changes between the listing of its folder and its turn", () => {
    /** Bytes read of each file of the last backup, by name. */
    const reads = new Map<string, number>();
    /** What happens when file `a` is opened. */
    let atFirst: (() => void) | undefined;
    let moving: Client;

    beforeEach(async () => {
      reads.clear();
      const names = new Map<number, string>();
      moving = await openClient(createMemoryStorage(), {
        replace: (posix) => ({
          openFileAt(directory, name) {
            const file = Buffer.from(name).toString("latin1");
            if (file === "a") atFirst?.();
            const fd = posix.openFileAt(directory, name);
            names.set(fd, file);
            return fd;
          },
          read(fd, into, position) {
            const count = posix.read(fd, into, position);
            reads.set(names.get(fd)!, (reads.get(names.get(fd)!) ?? 0) + count);
            return count;
          },
        }),
      });
      moving.time = Date.now() + 3_600_000;
      for (const name of ["a", "b"]) write(name, name);
    });
    afterEach(() => moving[Symbol.asyncDispose]());

    test("it is read once, without a word, and not again by the next backup", async () => {
      atFirst = () => write("b", "longer", 5_000);
      expect(await moving.backup([source])).toMatchObject({ errors: 0 });
      expect(moving.warnings).toEqual([]);
      expect(Object.fromEntries(reads)).toEqual({ a: 2_000, b: 5_000 });
      atFirst = undefined;
      expect(await moving.backup([source])).toMatchObject({ errors: 0, filesUnmodified: 2, filesChanged: 0 });
      expect(moving.opened).toEqual([]);
    });

    test("it is read again by the next backup when it was read within two seconds, and then no more", async () => {
      const later = moving.time;
      atFirst = () => write("b", "longer", 5_000);
      // Of a, which was written before, the same is to be said.
      moving.time = Date.now();
      await moving.backup([source]);
      atFirst = undefined;
      moving.time = later;
      await moving.backup([source]);
      expect(moving.opened).toEqual(["a", "b"]);
      await moving.backup([source]);
      expect(moving.opened).toEqual([]);
    });

    test("the moment that counts is when it is read, not when the backup began", async () => {
      const later = moving.time;
      moving.time = Date.now() + 500;
      atFirst = () => {
        moving.time = later;
      };
      await moving.backup([source]);
      atFirst = undefined;
      await moving.backup([source]);
      // The clock was set after it was looked at for a, and before it was for b.
      expect(moving.opened).toEqual(["a"]);
    });

    test("of a snapshot that does not say so, as 0.1.0 wrote them, the moment is when the backup began", async () => {
      const later = moving.time;
      moving.time = Date.now();
      atFirst = () => {
        moving.time = later;
      };
      await moving.backup([source]);
      atFirst = undefined;
      await commitAsBefore(moving);
      await moving.backup([source]);
      expect(moving.opened).toEqual(["a", "b"]);
      await moving.backup([source]);
      expect(moving.opened).toEqual([]);
    });
  });

  test("takes new metadata over without opening the file when only its mode changed back and forth", async () => {
    write("file", "mode");
    await client.backup([source]);
    fs.chmodSync(join(source, "file"), 0o4711);
    expect(await client.backup([source])).toMatchObject({ dataChunks: 0, dirsChanged: 1 });
    await expectRestored();
  });

  test("follows every change of names and types", async () => {
    for (const name of ["folder/a", "folder/b", "file", "gone/x"]) write(name, name);
    fs.symlinkSync("file", join(source, "link"));
    await client.backup([source]);
    fs.rmSync(join(source, "gone"), { recursive: true });
    fs.rmSync(join(source, "folder"), { recursive: true });
    fs.writeFileSync(join(source, "folder"), "a file now");
    fs.unlinkSync(join(source, "file"));
    write("file/inside", "a folder now");
    fs.unlinkSync(join(source, "link"));
    fs.symlinkSync("elsewhere", join(source, "link"));
    await client.backup([source]);
    await expectRestored();
  });

  test("adds at most 3 data chunks for a byte in the middle of 24 MiB", async () => {
    write("large", "24 MiB", 24 * MEBIBYTE);
    const first = await client.backup([source]);
    const file = fs.openSync(join(source, "large"), "r+");
    fs.writeSync(file, "x", 32 * MEBIBYTE + 12_345);
    fs.closeSync(file);
    const second = await client.backup([source]);
    console.log(
      `24 MiB: ${first.dataChunks} chunks; a byte changed adds ${second.dataChunks}, ${second.dataAddedPacked} B`,
    );
    expect(second.dataChunks).toBeGreaterThan(0);
    expect(second.dataChunks).toBeLessThanOrEqual(3);
    await expectRestored();
  });

  test("adds at most 3 data chunks for a byte inserted into 24 MiB", async () => {
    write("large", "24 MiB", 24 * MEBIBYTE);
    await client.backup([source]);
    const bytes = randomBytesOf("24 MiB", 24 * MEBIBYTE);
    fs.writeFileSync(
      join(source, "large"),
      Buffer.concat([bytes.subarray(0, 20 * MEBIBYTE), Buffer.from("x"), bytes.subarray(20 * MEBIBYTE)]),
    );
    expect((await client.backup([source])).dataChunks).toBeLessThanOrEqual(3);
    await expectRestored();
  });

  describe("after a folder of 1,000 files in 20 folders", () => {
    beforeEach(async () => {
      for (let i = 0; i < 1_000; i++) write(`tree/${i % 20}/${i}`, String(i), 600 + i);
      write("other/file", "other");
      await client.backup([source]);
    });

    test("was renamed, adds no data chunk and few tree chunks", async () => {
      fs.renameSync(join(source, "tree"), join(source, "renamed"));
      const { dataChunks, treeChunks } = await client.backup([source]);
      console.log(`renamed folder: ${dataChunks} data chunks, ${treeChunks} tree chunks`);
      expect(dataChunks).toBe(0);
      // The folder that holds it, and the end of the scan stream.
      expect(treeChunks).toBeLessThanOrEqual(6);
      await expectRestored();
    });

    test("was copied, adds no data chunk and few tree chunks", async () => {
      execFileSync("cp", ["-a", join(source, "tree"), join(source, "tree2")]);
      const { dataChunks, treeChunks } = await client.backup([source]);
      console.log(`copied folder: ${dataChunks} data chunks, ${treeChunks} tree chunks`);
      expect(dataChunks).toBe(0);
      expect(treeChunks).toBeLessThanOrEqual(8);
      await expectRestored();
    });

    test("lost what was excluded, has none of it and none of its chunks", async () => {
      write("other/skipped.tmp", "skipped");
      write("tree/0/deep.tmp", "deep");
      const excludes = ["*.tmp", join(source, "tree/7")];
      const summary = await client.backup([source], { excludes });
      expect(summary).toMatchObject({ totalFiles: 951, dataChunks: 0 });
      const target = join(scratch.path, "restored");
      await client.restore("all", target);
      const { differences } = await compareTrees(source, target);
      expect(differences.map(({ path, what }) => `${what} ${path}`)).toEqual([
        "missing other/skipped.tmp",
        "missing tree/0/deep.tmp",
        "missing tree/7",
      ]);
    });

    test("is the same again once nothing is excluded any more", async () => {
      await client.backup([source], { excludes: ["*9"] });
      await client.backup([source]);
      await expectRestored();
      const [first, last] = [await client.find("1"), await client.find("latest")];
      expect(Buffer.compare(first.snapshot.roots[0]!.node, last.snapshot.roots[0]!.node)).toBe(0);
    });
  });
});

/** Commits the newest snapshot once more, without what 0.1.0 did not write. */
async function commitAsBefore({ repository, find }: Client): Promise<void> {
  const { isSettled, ...snapshot } = (await find("latest")).snapshot;
  expect(isSettled).toBe(true);
  const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
  await session.commit(snapshot);
}
