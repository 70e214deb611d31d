/** Sources that change, vanish or answer oddly while they are backed up. */
import fs from "node:fs";
import { join } from "node:path";
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
    expect(summary).toMatchObject({ errors: 1, totalFiles: 1 });
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
