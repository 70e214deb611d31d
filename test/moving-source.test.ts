/** Sources that change, vanish or answer oddly while they are backed up. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { initRepository } from "@bcat/repository";
import { listEntries, listSnapshots } from "@bcat/snapshot";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const MEBIBYTE = 2 ** 20;

let scratch: Scratch;
let source: string;
let storage: Storage;

beforeEach(() => {
  scratch = makeScratch(2 ** 28)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  storage = createMemoryStorage();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const open = (replace?: ClientOptions["replace"]) => openClient(storage, replace === undefined ? {} : { replace });

const restored = async (client: Client, name: string) => {
  const target = join(scratch.path, "restored");
  await client.restore("all", target);
  const bytes = fs.readFileSync(join(target, name));
  fs.rmSync(target, { recursive: true });
  return bytes;
};

describe("a file that grows while it is read", () => {
  test("is read in whole pieces and not without end", async () => {
    const path = join(source, "file");
    const bytes = randomBytesOf("file", MEBIBYTE);
    fs.writeFileSync(path, bytes);
    let reads = 0;
    await using client = await open((posix) => ({
      read(file, into, position) {
        reads++;
        fs.truncateSync(path, fs.statSync(path).size + MEBIBYTE);
        return posix.read(file, into, position);
      },
    }));
    const summary = await client.backup([source]);
    expect(client.warnings).toEqual([expect.stringContaining("it changed while it was read")]);
    expect(summary).toMatchObject({ errors: 0, filesChangedWhileRead: 1, totalFiles: 1 });
    // Once as the small file it was, then three times: what it has at the beginning of each, and 16 MiB more.
    expect(reads).toBeLessThan(300);
    expect((await restored(client, "file")).subarray(0, MEBIBYTE).equals(bytes)).toBe(true);
  });
});

describe("a file system that gives fewer bytes than were asked for", () => {
  test("gives all of them in the end", async () => {
    const bytes = randomBytesOf("short", 100_000);
    fs.writeFileSync(join(source, "file"), bytes);
    await using client = await open((posix) => ({
      read: (file, into, position) => posix.read(file, into.subarray(0, 7_000), position),
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 0, totalBytes: 100_000 });
    expect((await restored(client, "file")).equals(bytes)).toBe(true);
  });
});

describe("a file that changes whenever it is read", () => {
  test.each(["a file in a folder", "a root"])(
    "is read again by the next backup, however far ahead the clock of this machine is: %s",
    async (what) => {
      const path = join(source, "file");
      fs.writeFileSync(path, "0");
      const roots = [what === "a root" ? path : source];
      let writes = 0;
      let moves = true;
      await using client = await open((posix) => ({
        statFile(file, into) {
          // Between the last read and the look at what the file has become.
          if (moves) fs.writeFileSync(path, String(++writes));
          posix.statFile(file, into);
        },
      }));
      client.time = Date.now() + 3_600_000;
      await client.backup(roots);
      expect(client.warnings).toEqual([expect.stringContaining("it changed while it was read")]);
      moves = false;
      expect(await client.backup(roots)).toMatchObject({ errors: 0, filesChanged: 1 });
      expect((await restored(client, "file")).toString()).toBe(String(writes));
      await client.backup(roots);
      expect(client.opened).toEqual([]);
    },
  );
});

describe("the mark of a file that changed whenever it was read", () => {
  const marks = async (client: Client, selector = "latest") => {
    const found: string[] = [];
    for await (const { path, node } of listEntries(client.repository, await client.find(selector), undefined))
      if (node.hasChanged === true)
        found.push(
          Buffer.from(path)
            .toString()
            .slice(scratch.path.length + 1),
        );
    return found;
  };
  /** The content of a file grows behind every read of it, as long as `moves` says so. */
  const growing = (name: string, moves: () => boolean) =>
    open((posix) => ({
      read(file, into, position) {
        const count = posix.read(file, into, position);
        if (moves() && fs.fstatSync(file).ino === fs.statSync(join(source, name)).ino)
          fs.appendFileSync(join(source, name), "more");
        return count;
      },
    }));

  test("is in the snapshot, is no error, and goes when the file has been read well", async () => {
    for (const name of ["a", "b", "file"]) fs.writeFileSync(join(source, name), name.repeat(1_000));
    let moves = true;
    await using client = await growing("file", () => moves);
    client.time = Date.now() + 3_600_000;
    expect(await client.backup([source])).toMatchObject({ errors: 0, filesChangedWhileRead: 1, totalFiles: 3 });
    expect(client.warnings).toEqual([
      `changed ${join(source, "file")}: it changed while it was read; what was read last is stored, and marked`,
    ]);
    expect(await marks(client)).toEqual(["source/file"]);
    const { snapshot } = await client.find("latest");
    expect(snapshot.counts).toMatchObject({ filesChangedWhileRead: 1 });
    expect(snapshot.errors.total).toBe(0);
    const [listed] = await listSnapshots(client.repository);
    expect(listed!.snapshot.counts.filesChangedWhileRead).toBe(1);
    moves = false;
    // Its stat data are those that the snapshot has.
    expect(await client.backup([source])).toMatchObject({ errors: 0, filesChangedWhileRead: 0, filesUnmodified: 2 });
    expect(client.opened).toEqual(["file"]);
    expect(await marks(client)).toEqual([]);
    await client.backup([source]);
    expect(client.opened).toEqual([]);
  });

  test("is on a root, and not taken over where inodes and change times say nothing", async () => {
    const path = join(source, "file");
    fs.writeFileSync(path, "content".repeat(1_000));
    let moves = true;
    await using client = await growing("file", () => moves);
    client.time = Date.now() + 3_600_000;
    await client.backup([path]);
    expect(await marks(client)).toEqual(["source/file"]);
    moves = false;
    const options = { ignoreInode: true, ignoreCtime: true };
    expect(await client.backup([path], options)).toMatchObject({ filesChangedWhileRead: 0 });
    expect(client.opened).toEqual(["file"]);
    expect(await marks(client)).toEqual([]);
  });
});

describe("a file that was changed just before it is read", () => {
  test("is read when a tick of the clock has passed, and then counts as still", async () => {
    const path = join(source, "file");
    fs.writeFileSync(path, "content".repeat(1_000));
    let waited = 0;
    await using client = await openClient(storage, {
      open: async (into, environment) => {
        const wait = async (milliseconds: number) => {
          waited += milliseconds;
        };
        return await initRepository(
          into,
          { secret: { keyFile: new Uint8Array(32).fill(7) } },
          { ...environment, wait },
        );
      },
    });
    client.time = Math.ceil(fs.statSync(path).ctimeMs);
    expect(await client.backup([source])).toMatchObject({ errors: 0, filesChangedWhileRead: 0, totalFiles: 1 });
    expect(waited).toBe(20);
  });
});

describe("attributes of a folder, a link and a fifo that are set in the tick in which they were read", () => {
  test("are read by the next backup, though no time says so, and then no more", async () => {
    fs.mkdirSync(join(source, "folder"));
    fs.symlinkSync("nowhere", join(source, "link"));
    execFileSync("mkfifo", [join(source, "fifo")]);
    const names = ["fifo", "folder", "link"];
    let value = "before";
    let asked: string[] = [];
    await using client = await open(() => ({
      attributes: {
        areOn: () => false,
        listAt: (_, name) => {
          asked.push(Buffer.from(name).toString());
          return names.includes(Buffer.from(name).toString()) ? [Buffer.from("user.x")] : [];
        },
        getAt: () => Buffer.from(value),
        setAt: () => {},
        removeAt: () => {},
      },
    }));
    const changed = Math.max(...names.map((name) => fs.lstatSync(join(source, name)).ctimeMs));
    client.time = Math.floor(changed) + 500;
    await client.backup([source]);
    value = "behind";
    client.time += 3_600_000;
    await client.backup([source]);
    const found: string[] = [];
    for await (const { node } of listEntries(client.repository, await client.find("latest"), undefined))
      for (const { content } of node.attributes ?? [])
        if (content.kind === "inline") found.push(Buffer.from(content.bytes).toString());
    expect(found).toEqual(["behind", "behind", "behind"]);
    asked = [];
    await client.backup([source]);
    expect(asked.filter((name) => names.includes(name))).toEqual([]);
  });
});

describe("a file that something else takes the place of before it is opened", () => {
  test.each(["a fifo", "a folder", "a link", "a socket"])("costs that entry, and nobody waits for %s", async (what) => {
    fs.writeFileSync(join(source, "file"), "content");
    fs.writeFileSync(join(source, "other"), "other");
    let server: Server | undefined;
    await using client = await open((posix) => ({
      openFileAt(directory, name) {
        const path = join(source, "file");
        if (Buffer.from(name).toString() === "file") {
          fs.rmSync(path, { recursive: true, force: true });
          if (what === "a fifo") execFileSync("mkfifo", [path]);
          else if (what === "a folder") fs.mkdirSync(path);
          else if (what === "a link") fs.symlinkSync("other", path);
          else if (server === undefined) server = createServer().listen(path);
        }
        return posix.openFileAt(directory, name);
      },
    }));
    try {
      expect(await client.backup([source])).toMatchObject({ errors: 1, totalFiles: 1 });
      expect(client.warnings).toEqual([expect.stringMatching(/^error .*source\/file: /)]);
    } finally {
      server?.close();
    }
  });
});

describe("a root that vanishes between being found and being read", () => {
  test.each([
    ["a file", "openFileAt", (path: string) => fs.writeFileSync(path, "x")],
    ["a symbolic link", "readLinkAt", (path: string) => fs.symlinkSync("x", path)],
    ["a folder", "openDirectoryAt", (path: string) => fs.mkdirSync(path)],
  ] as const)("is reported, and the others are stored: %s", async (_, call, make) => {
    const gone = join(scratch.path, "gone");
    make(gone);
    fs.writeFileSync(join(source, "file"), "stays");
    await using client = await open((posix) => ({
      [call](...words: [never, never]) {
        fs.rmSync(gone, { recursive: true, force: true });
        return posix[call](...words);
      },
    }));
    expect(await client.backup([gone, source])).toMatchObject({ errors: 1, totalFiles: 1 });
    expect(client.warnings).toEqual([`error ${gone}: no such file or directory (ENOENT)`]);
  });
});

describe("a listing that gives a name twice", () => {
  test("stores it once", async () => {
    for (const name of ["x", "y", "z"]) fs.writeFileSync(join(source, name), name);
    fs.mkdirSync(join(source, "folder"));
    await using client = await open((posix) => ({
      readNames: (directory) => [...posix.readNames(directory), ...posix.readNames(directory)],
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 0, totalFiles: 3, dirsNew: 2 });
    expect((await restored(client, "y")).toString()).toBe("y");
  });
});

describe("times beyond what a tree can hold", () => {
  const beyond = 2 ** 50 + 1;
  const odd = (field: "mtimeSeconds" | "ctimeSeconds" | "birthSeconds", seconds: number) =>
    open((posix) => ({
      statAt(directory, name, into) {
        posix.statAt(directory, name, into);
        into[field] = seconds;
      },
      statFile(file, into) {
        posix.statFile(file, into);
        into[field] = seconds;
      },
    }));
  const kinds = ["a folder", "a file"];

  test.each(kinds.flatMap((kind) => [beyond, -beyond].map((seconds) => ({ kind, seconds }))))(
    "an mtime of $seconds s: the content is stored and $kind is reported, every time",
    async ({ kind, seconds }) => {
      const path = join(source, "entry");
      if (kind === "a folder") fs.mkdirSync(path);
      else fs.writeFileSync(path, "content");
      await using client = await odd("mtimeSeconds", seconds);
      client.time = Date.now() + 3_600_000;
      for (let i = 0; i < 2; i++) {
        expect(await client.backup([source])).toMatchObject({ errors: 2, totalFiles: kind === "a file" ? 1 : 0 });
        const said = `its modification time of ${seconds} s is beyond what can be stored; ${Math.sign(seconds) * 2 ** 50} s is stored`;
        expect(client.warnings).toEqual([`error ${source}: ${said}`, `error ${path}: ${said}`]);
      }
      if (kind === "a file") expect((await restored(client, "entry")).toString()).toBe("content");
      await client.backup([path]);
      expect(client.warnings).toHaveLength(1);
    },
  );

  test.each([
    ["ctimeSeconds", beyond, ["file"]],
    ["ctimeSeconds", -beyond, []],
    ["birthSeconds", beyond, []],
  ] as const)("%s of %i are no error, and the files then read again are %j", async (field, seconds, opened) => {
    fs.writeFileSync(join(source, "file"), "content");
    await using client = await odd(field, seconds);
    client.time = Date.now() + 3_600_000;
    expect(await client.backup([source])).toMatchObject({ errors: 0, totalFiles: 1 });
    expect(await client.backup([source])).toMatchObject({ errors: 0, filesUnmodified: 1, dirsUnmodified: 1 });
    expect(client.opened).toEqual(opened);
  });
});
