/** Files with several names come back as one file, and fifos, sockets and devices as what they are. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Posix } from "@bcat/posix";
import { WriteSession } from "@bcat/repository";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { linksOf } from "./kit/links.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";
import { withoutLinks } from "./kit/without-links.js";

const asRoot = process.geteuid?.() === 0;
const DAY = 86_400_000;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
const clients: Client[] = [];
beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "a"), { recursive: true });
  fs.mkdirSync(join(source, "b"));
  storage = createMemoryStorage();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient(storage, options);
  // Long after the files were written: they are settled.
  client.time = Date.now() + DAY;
  clients.push(client);
  return client;
}
const write = (name: string, content: string | number) =>
  fs.writeFileSync(join(source, name), typeof content === "string" ? content : randomBytesOf(name, content));
const link = (from: string, to: string) => fs.linkSync(join(source, from), join(source, to));

async function expectSame(left: string, right: string, options = {}): Promise<void> {
  expect(describeDifferences(await compareTrees(left, right, options))).toEqual([]);
  expect(linksOf(right)).toEqual(linksOf(left));
}

/** Files of each way in which content is kept, under three names each, and a link that is linked. */
function makeLinked(): void {
  for (const [name, size] of [
    ["inline", 5],
    ["chunk", 4_096],
    ["chunks", 5_000_000],
  ] as const) {
    write(`a/${name}`, size);
    link(`a/${name}`, `b/${name}`);
    link(`a/${name}`, `${name} too`);
  }
  write("b/alone", 4_096);
  fs.symlinkSync("anywhere", join(source, "a/symlink"));
  link("a/symlink", "b/symlink");
}

/** Every device has another number. */
function withOtherDevices(posix: Posix): Partial<Posix> {
  return {
    statAt(directory, name, into) {
      posix.statAt(directory, name, into);
      into.deviceMinor += 7;
    },
    statFile(fd, into) {
      posix.statFile(fd, into);
      into.deviceMinor += 7;
    },
  };
}

describe("files with several names", () => {
  test.each(["auto", "off"] as const)("are read and counted once, and restored as such (%s)", async (accelerators) => {
    makeLinked();
    const client = await open({ accelerators });
    const summary = await client.backup([source]);
    expect(client.opened.map((name) => name.replace(" too", "")).sort()).toEqual([
      "alone",
      "chunk",
      "chunks",
      "inline",
    ]);
    expect(summary).toMatchObject({ totalFiles: 10, totalBytes: 5 + 2 * 4_096 + 5_000_000, filesNew: 10, errors: 0 });
    const target = join(scratch.path, "target");
    const restored = await client.restore("all", target);
    expect(restored).toMatchObject({ filesRestored: 10, symlinksRestored: 2, bytesRestored: summary.totalBytes });
    await expectSame(source, target, { timeUnit: client.posix.exactTimes ? 1n : 1_000n });
  });

  test("are one also where their folders come from different snapshots, and in another root", async () => {
    makeLinked();
    const other = join(scratch.path, "other");
    fs.mkdirSync(other);
    fs.linkSync(join(source, "a/chunk"), join(other, "chunk"));
    const client = await open();
    await client.backup([source, other]);
    write("b/new", "a folder that changes");
    expect(await client.backup([source, other])).toMatchObject({ filesNew: 1, filesUnmodified: 11, dirsUnmodified: 2 });
    expect(client.opened).toEqual(["new"]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectSame(source, join(target, source));
    const inode = (name: string) => fs.statSync(join(target, name)).ino;
    expect(inode(join(other, "chunk"))).toBe(inode(join(source, "a/chunk")));
  });

  test("stay one where the numbers of devices change with a boot", async () => {
    makeLinked();
    const client = await open();
    await client.backup([source]);
    write("b/new", "a folder that changes");
    const later = await open({ replace: withOtherDevices });
    expect(await later.backup([source])).toMatchObject({ filesNew: 1, dirsUnmodified: 1 });
    const target = join(scratch.path, "target");
    await later.restore("all", target);
    await expectSame(source, target);
  });

  test("one of which cannot be read are read under another", async () => {
    makeLinked();
    const gone = (posix: Posix): Partial<Posix> => ({
      openFileAt(directory, name) {
        if (Buffer.from(directory.path).toString().endsWith("/source"))
          throw Object.assign(new Error("EACCES: permission denied, openat"), { code: "EACCES", errno: -13 });
        return posix.openFileAt(directory, name);
      },
    });
    const client = await open({ replace: gone });
    expect(await client.backup([source])).toMatchObject({ errors: 3, filesNew: 7 });
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    for (const name of ["inline", "chunk", "chunks"]) fs.rmSync(join(source, `${name} too`));
    await expectSame(source, target, { ignoreTopTime: true });
  });

  test("in folders of a version that did not record links, gain them", async () => {
    makeLinked();
    const before = await open({ replace: withoutLinks });
    await before.backup([source]);
    const { snapshot } = await before.find("latest");
    const { records, ...unrecorded } = snapshot;
    expect(records).toBeGreaterThan(0);
    const session = await WriteSession.begin(before.repository, { level: 0, dryRun: false });
    await session.commit(unrecorded);
    const client = await open();
    expect(await client.backup([source])).toMatchObject({ filesUnmodified: 10, dirsChanged: 3 });
    expect(client.opened).toEqual([]);
    expect(await client.backup([source])).toMatchObject({ filesUnmodified: 10, dirsUnmodified: 3 });
    await client.restore("all", join(scratch.path, "target"));
    await expectSame(source, join(scratch.path, "target"));
  });

  test.each([
    ["EPERM", 0, 0],
    // One name of one file begins a second, which takes those that follow.
    ["EMLINK", 1, 4],
  ])("are restored one by one where the target has no links, or not so many: %s", async (code, refusedFrom, linked) => {
    makeLinked();
    let links = 0;
    const refusing = (posix: Posix): Partial<Posix> => ({
      makeLinkAt(...words) {
        links++;
        if (code === "EPERM" ? links > refusedFrom : links === refusedFrom + 1)
          throw Object.assign(new Error(`${code}: link`), { code, errno: -1 });
        posix.makeLinkAt(...words);
      },
    });
    const client = await open({ replace: refusing });
    await client.backup([source]);
    const target = join(scratch.path, "target");
    expect(await client.restore("all", target)).toMatchObject({ filesRestored: 10, errors: 0 });
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
    expect(linksOf(target)).toHaveLength(linked);
    const same = linksOf(source).filter((names) => linksOf(target).includes(names));
    expect(same).toHaveLength(Math.max(0, linked - 1));
  });

  test("of many chunks, restored one by one, leave the folders their times", async () => {
    const chunker = { kind: "fixed", minimum: 1_000, average: 1_000, maximum: 1_000 } as const;
    for (let i = 0; i < 40; i++) {
      write(`a/${i}`, 70_500);
      link(`a/${i}`, `b/${i}`);
    }
    for (const folder of ["a", "b"]) fs.utimesSync(join(source, folder), 1_000_000_000, 1_000_000_000);
    const client = await open({
      chunker,
      replace: () => ({
        makeLinkAt() {
          throw Object.assign(new Error("EPERM: link"), { code: "EPERM", errno: -1 });
        },
      }),
    });
    await client.backup([source]);
    const target = join(scratch.path, "target");
    expect(await client.restore("all", target)).toMatchObject({ filesRestored: 80, errors: 0 });
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
  });

  test("are not linked when the snapshot says different things of them", async () => {
    write("a/one", 1_000);
    write("b/two", 1_000);
    fs.utimesSync(join(source, "b/two"), 1_000_000_000, 1_000_000_000);
    // A file system that gives two files one number, as after a restore of its image.
    const confused = (posix: Posix): Partial<Posix> => {
      const alike = (into: Parameters<Posix["statFile"]>[1]) =>
        Object.assign(into, { links: 2, inodeLow: 7, inodeHigh: 0, birthSeconds: 1, birthNanoseconds: 1 });
      return {
        statEntry(directory, entries, index, into) {
          posix.statEntry(directory, entries, index, into);
          if (into.type === 1) alike(into);
        },
        statFile(fd, into) {
          posix.statFile(fd, into);
          if (into.type === 1) alike(into);
        },
      };
    };
    const client = await open({ replace: confused });
    expect(await client.backup([source])).toMatchObject({ errors: 0, filesNew: 2 });
    await client.restore("all", join(scratch.path, "target"));
    await expectSame(source, join(scratch.path, "target"));
  });
});

describe("special files", () => {
  /** What there is beside a file: a fifo, a socket, and devices where that is allowed. */
  async function makeSpecial(): Promise<void> {
    write("file", "content");
    execFileSync("mkfifo", ["-m", "640", join(source, "a/fifo")]);
    link("a/fifo", "b/fifo too");
    fs.utimesSync(join(source, "a/fifo"), 1_000_000_000, 1_000_000_000);
    const server = createServer().listen(join(source, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    clients.push({ [Symbol.asyncDispose]: async () => void server.close() } as unknown as Client);
    if (!asRoot) return;
    execFileSync("mknod", [join(source, "a/character"), "c", "1", "3"]);
    execFileSync("mknod", [join(source, "a/block"), "b", "259", "65537"]);
    fs.chownSync(join(source, "a/block"), 7, 8);
  }

  test("are stored without a word, and restored but for sockets, which are named once", async () => {
    await makeSpecial();
    const client = await open();
    expect(await client.backup([source])).toMatchObject({ errors: 0, skipped: 0 });
    expect(client.warnings).toEqual([]);
    const { snapshot } = await client.find("latest");
    expect(snapshot.counts).toMatchObject({ files: 1, others: asRoot ? 5 : 3 });
    expect(await client.backup([source])).toMatchObject({ dirsUnmodified: 3 });
    const target = join(scratch.path, "target");
    const restored = await client.restore("all", target);
    expect(restored).toMatchObject({ filesRestored: 1, othersRestored: asRoot ? 4 : 2, errors: 0, skipped: 1 });
    expect(client.warnings).toEqual([expect.stringMatching(/^skipped .*\/socket: sockets were not restored/)]);
    fs.rmSync(join(source, "socket"));
    await expectSame(source, target, { ignoreTopTime: true });
  });

  test("are said to be missing, once for each kind, where they cannot be made", async () => {
    await makeSpecial();
    const client = await open();
    await client.backup([source]);
    const bare = await open({ accelerators: "off" });
    expect(await bare.restore("all", join(scratch.path, "target"))).toMatchObject({ errors: 0, filesRestored: 1 });
    const said = bare.warnings.filter((line) => /^skipped .* were not restored, /.test(line));
    expect(said.map((line) => line.replace(/.*: /, "").split(" ")[0]).sort()).toEqual(
      [...(asRoot ? ["device"] : []), "fifos", "sockets"].sort(),
    );
    expect(said.filter((line) => line.endsWith("(2 of them, this is the first)"))).toHaveLength(asRoot ? 2 : 1);
  });

  test("can be what is named to be backed up, and are never opened", async () => {
    await makeSpecial();
    const client = await open();
    await client.backup([join(source, "a/fifo"), join(source, "file")]);
    expect(client.opened).toEqual(["file"]);
    await client.restore("all", join(scratch.path, "target"));
    expect(fs.lstatSync(join(scratch.path, "target", source, "a/fifo")).isFIFO()).toBe(true);
  });
});
