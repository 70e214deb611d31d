/** Sources that list what they cannot give, and entries that no tree can hold: each costs itself, and is named. */
import fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClientOptions, openClient } from "./kit/client.js";
import { isLongRun } from "./kit/long-run.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let source: string;

beforeEach(() => {
  scratch = makeScratch(2 ** 24)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "folder/inner"), { recursive: true });
  for (const name of ["a", "b", "folder/c", "folder/inner/d"]) fs.writeFileSync(join(source, name), name);
  fs.symlinkSync("a", join(source, "link"));
});
afterEach(() => scratch[Symbol.asyncDispose]());

const open = (replace: NonNullable<ClientOptions["replace"]>) => openClient(createMemoryStorage(), { replace });
const fails = (code: string) => Object.assign(new Error(`${code}: injected`), { code, errno: -2, syscall: "injected" });
const text = (name: Uint8Array) => Buffer.from(name).toString("latin1");
const LISTED = "it is listed, but there is no such file or directory (ENOENT)";

describe("an entry that is listed and cannot be found", () => {
  test.each([
    ["statAt", "a"],
    ["statAt", "folder"],
    ["openFileAt", "a"],
    ["openDirectoryAt", "folder"],
    ["readLinkAt", "link"],
  ] as const)("is an error with its name: %s() of %s", async (call, odd) => {
    await using client = await open((posix) => ({
      [call](...words: [never, never, never]) {
        if (text(words[1]) === odd) throw fails("ENOENT");
        return posix[call](...words);
      },
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 1 });
    expect(client.warnings).toEqual([`error ${join(source, odd)}: ${LISTED}`]);
    // The parent lacks it, which is no reason to forget it.
    expect(await client.backup([source])).toMatchObject({ errors: 1 });
    expect(client.warnings).toEqual([`error ${join(source, odd)}: ${LISTED}`]);
  });

  test("is an error for each where all answer so", async () => {
    await using client = await open((posix) => ({
      statAt(directory, name, into) {
        if (text(name) !== "source") throw fails("ENOENT");
        posix.statAt(directory, name, into);
      },
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 4, totalFiles: 0 });
    expect(client.warnings).toEqual(
      ["a", "b", "folder", "link"].map((name) => `error ${join(source, name)}: ${LISTED}`),
    );
  });

  test("is an error also where its folder cannot be listed a second time", async () => {
    let lists = 0;
    await using client = await open((posix) => ({
      statAt(directory, name, into) {
        if (text(name) === "a") throw fails("ENOENT");
        posix.statAt(directory, name, into);
      },
      readEntries: (directory, into) => posix.readEntries(directory, into),
      readNames() {
        lists++;
        throw fails("EIO");
      },
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 1 });
    expect(lists).toBe(1);
    expect(client.warnings).toEqual([`error ${join(source, "a")}: ${LISTED}`]);
  });
});

describe("an entry that vanishes", () => {
  test.each([
    ["statAt", "a", "a"],
    ["openFileAt", "a", "a"],
    ["openDirectoryAt", "folder", "folder"],
    ["readLinkAt", "link", "link"],
    ["openFileAt", "c", "folder"],
  ] as const)("is as if it had not been there: before %s() of %s", async (call, odd, gone) => {
    await using client = await open((posix) => ({
      [call](...words: [never, never, never]) {
        if (text(words[1]) === odd) fs.rmSync(join(source, gone), { recursive: true, force: true });
        return posix[call](...words);
      },
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 0 });
    expect(client.warnings).toEqual([]);
  });

  test("leaves an empty folder when all do", async () => {
    await using client = await open((posix) => ({
      statAt(directory, name, into) {
        if (text(name) === "a")
          for (const entry of fs.readdirSync(source)) fs.rmSync(join(source, entry), { recursive: true });
        posix.statAt(directory, name, into);
      },
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 0, totalFiles: 0, dirsNew: 1 });
  });
});

describe("an entry that no tree can hold costs itself:", () => {
  const others = { errors: 1, totalFiles: 4, dirsNew: 3 };
  const long = Buffer.alloc(1_025, "n");

  test.each([
    ["an empty target", Buffer.alloc(0), "it is a symbolic link with an empty target"],
    ["a target of 65,536 bytes", Buffer.alloc(65_536, "t"), "its target of 65536 bytes cannot be stored"],
    ["a target with NUL", Buffer.from("a\0b"), "its target of 3 bytes cannot be stored"],
  ])("%s", async (_, target, message) => {
    await using client = await open(() => ({ readLinkAt: () => target }));
    for (let i = 0; i < 2; i++) {
      expect(await client.backup([source])).toMatchObject(i === 0 ? others : { errors: 1, totalFiles: 4 });
      expect(client.warnings).toEqual([`error ${join(source, "link")}: ${message}`]);
    }
    await expect(client.backup([join(source, "link")])).rejects.toThrow("none of the sources could be read");
  });

  test.each([
    ["1,025 bytes", long, "its name of 1025 bytes is longer than the 1024 that can be stored"],
    ["..", Buffer.from(".."), "its name is none that an entry of a folder can have"],
    ["../a", Buffer.from("../a"), "its name is none that an entry of a folder can have"],
    ["no bytes", Buffer.alloc(0), "its name is none that an entry of a folder can have"],
  ])("a name of %s", async (_, name, message) => {
    await using client = await open((posix) => ({
      readNames: (directory) => [...posix.readNames(directory), ...(directory.path.at(-1) === 0x65 ? [name] : [])],
      statAt(directory, given, into) {
        posix.statAt(directory, given === name || given.length > 255 ? Buffer.from("a") : given, into);
      },
    }));
    for (const excludes of [[], ["none/"]]) {
      expect(await client.backup([source], { excludes })).toMatchObject({ errors: 1, totalFiles: 4 });
      expect(client.warnings).toEqual([expect.stringContaining(message)]);
    }
  });

  test("a target of 65,535 bytes and a name of 1,024 are stored", async () => {
    await using client = await open((posix) => ({
      readLinkAt: () => Buffer.alloc(65_535, "t"),
      readNames: (directory) => [
        ...posix.readNames(directory),
        ...(directory.path.at(-1) === 0x65 ? [long.subarray(1)] : []),
      ],
      statAt: (directory, name, into) => posix.statAt(directory, name.length > 255 ? Buffer.from("a") : name, into),
      openFileAt: (directory, name) => posix.openFileAt(directory, name.length > 255 ? Buffer.from("a") : name),
    }));
    expect(await client.backup([source])).toMatchObject({ errors: 0, totalFiles: 5 });
  });
});

/** In a slice, more than are looked at at once; in the sweep, more than 16 bits count. */
const count = isLongRun ? 70_000 : 5_000;

test(`${count} files of which none can be opened are as many errors, in any number of folders`, async () => {
  const names = Array.from({ length: count }, (_, i) => Buffer.from(String(i)));
  await using client = await open((posix) => ({
    readNames: (directory) => (text(directory.path).endsWith("/folder") ? names : posix.readNames(directory)),
    statAt: (directory, name, into) =>
      posix.statAt(directory, /^\d+$/.test(text(name)) ? Buffer.from("c") : name, into),
    openFileAt(directory, name) {
      if (/^\d+$/.test(text(name))) throw fails("EACCES");
      return posix.openFileAt(directory, name);
    },
  }));
  expect(await client.backup([source])).toMatchObject({ errors: count, totalFiles: 2, dirsNew: 2 });
});
