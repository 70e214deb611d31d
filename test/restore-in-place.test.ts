/** Restores over what is there: what is the same stays and is not fetched, what differs is replaced, links lead nowhere. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetAttributes } from "./kit/settable-attributes.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const canSet = await canSetAttributes("restore in place: attributes");

const TIME = "2001-02-03T04:05:06.789012345Z";
const chunker = { kind: "fixed", minimum: 1_000, average: 1_000, maximum: 1_000 } as const;

let scratch: Scratch;
let source: string;
let target: string;
let client: Client;

const at = (...names: string[]) => join(target, ...names);
const inode = (path: string) => fs.lstatSync(path).ino;
const stamp = (...paths: string[]) => execFileSync("touch", ["-h", "-d", TIME, ...paths]);

beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  fs.mkdirSync(join(source, "folder/deeper"), { recursive: true });
  for (const [name, size] of [
    ["inline", 100],
    ["none", 0],
    ["small", 900],
    ["large", 5_500],
    ["folder/list", 70_500],
    ["folder/deeper/file", 1_900],
  ] as const) {
    fs.writeFileSync(join(source, name), randomBytesOf(name, size), { mode: 0o640 });
  }
  fs.symlinkSync("small", join(source, "link"));
  fs.linkSync(join(source, "large"), join(source, "folder/large too"));
  execFileSync("mkfifo", ["-m", "640", join(source, "folder/fifo")]);
  fs.chmodSync(join(source, "folder/deeper"), 0o2710);
  execFileSync("find", [source, "-exec", "touch", "-h", "-d", TIME, "{}", "+"]);
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function open(options: ClientOptions = {}): Promise<void> {
  client = await openClient(createMemoryStorage(), { chunker, ...options });
  await client.backup([source]);
}

async function expectEqual(): Promise<void> {
  expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
}

/** Nothing temporary is left. */
function expectNoRemains(): void {
  const names = fs.readdirSync(target, { recursive: true }).map(String);
  expect(names.filter((name) => name.includes(".bcat-"))).toEqual([]);
}

describe("a restore over what an earlier one made", () => {
  test.each(["always", "if-changed", "if-newer", "never"] as const)(
    "%s: writes nothing, fetches nothing",
    async (overwrite) => {
      let made = 0;
      await open({
        replace: (posix) => ({
          createFileAt(...words) {
            made++;
            return posix.createFileAt(...words);
          },
        }),
      });
      await client.restore("all", target);
      const before = fs.readdirSync(target, { recursive: true }).map((name) => inode(at(String(name))));
      made = 0;
      const summary = await client.restore("all", target, { overwrite });
      expect(made).toBe(0);
      expect(summary).toMatchObject({ filesRestored: 0, bytesRestored: 0, errors: 0 });
      if (overwrite === "always" || overwrite === "if-changed") {
        expect(summary).toMatchObject({ filesUnchanged: 9, bytesUnchanged: 78_900, skipped: 0 });
        expect(client.warnings).toEqual([]);
      } else expect(summary).toMatchObject({ filesUnchanged: 0, skipped: 9 });
      expect(fs.readdirSync(target, { recursive: true }).map((name) => inode(at(String(name))))).toEqual(before);
      await expectEqual();
    },
  );

  test("fetches only the chunks that differ, and writes no file anew for its owner, mode or time", async () => {
    await open();
    await client.restore("all", target);
    const file = fs.openSync(at("folder/list"), "r+");
    fs.writeSync(file, "other", 41_200);
    fs.closeSync(file);
    fs.chmodSync(at("small"), 0o600);
    fs.utimesSync(at("inline"), 5, 5);
    const kept = ["small", "inline"].map((name) => inode(at(name)));
    const summary = await client.restore("all", target, { overwrite: "always" });
    expect(summary).toMatchObject({ filesRestored: 1, bytesRestored: 1_000, errors: 0 });
    expect(summary).toMatchObject({ filesUnchanged: 8, bytesUnchanged: 77_900 });
    expect(["small", "inline"].map((name) => inode(at(name)))).toEqual(kept);
    await expectEqual();
    expectNoRemains();
  });

  test("a file that has grown, shrunk, or is of another kind is replaced", async () => {
    await open();
    await client.restore("all", target);
    fs.appendFileSync(at("large"), "more");
    fs.truncateSync(at("folder/list"), 3_500);
    fs.truncateSync(at("inline"), 3);
    for (const name of ["none", "small", "link", "folder/fifo"]) fs.unlinkSync(at(name));
    fs.symlinkSync("large", at("none"));
    execFileSync("mkfifo", [at("small")]);
    fs.writeFileSync(at("link"), "no link");
    fs.mkdirSync(at("folder/fifo"));
    const summary = await client.restore("all", target, { overwrite: "if-changed" });
    expect(client.warnings).toEqual([]);
    expect(summary).toMatchObject({ errors: 0, bytesRestored: 100 + 900 + 67_500 });
    await expectEqual();
    expectNoRemains();
  });

  test("a folder takes the place of a file; a file that of an empty folder, and not of another", async () => {
    await open();
    await client.restore("all", target);
    fs.rmSync(at("folder/deeper"), { recursive: true });
    fs.writeFileSync(at("folder/deeper"), "a file");
    fs.unlinkSync(at("none"));
    fs.mkdirSync(at("none"));
    fs.unlinkSync(at("small"));
    fs.mkdirSync(at("small/inner"), { recursive: true });
    const summary = await client.restore("all", target, { overwrite: "always" });
    expect(summary).toMatchObject({ errors: 1 });
    expect(client.warnings).toEqual([expect.stringContaining("a folder that is not empty has its name")]);
    fs.rmSync(at("small"), { recursive: true });
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ filesRestored: 1, errors: 0 });
    await expectEqual();
  });
});

describe("overwrite", () => {
  test("if-changed trusts size and mtime, always does not", async () => {
    await open();
    await client.restore("all", target);
    fs.writeFileSync(at("small"), randomBytesOf("same size", 900));
    stamp(at("small"));
    expect(await client.restore("all", target, { overwrite: "if-changed" })).toMatchObject({ filesRestored: 0 });
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ filesRestored: 1 });
    await expectEqual();
  });

  test("if-newer replaces what the snapshot has newer, and nothing else", async () => {
    await open();
    await client.restore("all", target);
    fs.writeFileSync(at("small"), "older");
    execFileSync("touch", ["-d", "2001-02-03T04:05:06.789012344Z", at("small")]);
    fs.writeFileSync(at("inline"), "newer");
    expect(await client.restore("all", target, { overwrite: "if-newer" })).toMatchObject({
      filesRestored: 1,
      errors: 0,
    });
    expect(fs.readFileSync(at("small"))).toEqual(fs.readFileSync(join(source, "small")));
    expect(fs.readFileSync(at("inline"), "utf8")).toBe("newer");
  });

  test("never restores what is missing, and nothing else", async () => {
    await open();
    await client.restore("all", target);
    fs.writeFileSync(at("small"), "mine");
    fs.unlinkSync(at("inline"));
    fs.unlinkSync(at("folder/large too"));
    const summary = await client.restore("all", target, { overwrite: "never" });
    expect(summary).toMatchObject({ errors: 0, bytesRestored: 100 + 5_500 });
    expect(client.warnings).toEqual([expect.stringMatching(/left as it is.*never.*7 of them/)]);
    expect(fs.readFileSync(at("small"), "utf8")).toBe("mine");
    // A link to what was left there would be one to something that is not of this restore.
    expect(inode(at("folder/large too"))).not.toBe(inode(at("large")));
  });
});

describe("nothing is written through", () => {
  const outside = () => join(scratch.path, "outside");

  test("a symbolic link in the place of a file or folder", async () => {
    await open();
    fs.mkdirSync(outside());
    fs.writeFileSync(join(outside(), "file"), "mine");
    fs.mkdirSync(target);
    fs.symlinkSync(outside(), at("folder"));
    fs.symlinkSync(join(outside(), "file"), at("small"));
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
    expect(fs.readdirSync(outside())).toEqual(["file"]);
    expect(fs.readFileSync(join(outside(), "file"), "utf8")).toBe("mine");
    expect(fs.lstatSync(at("folder")).isDirectory()).toBe(true);
  });

  test("another name of a file, neither its content nor its owner, mode and time", async () => {
    await open();
    await client.restore("all", target);
    fs.mkdirSync(outside());
    for (const name of ["small", "inline", "folder/list"])
      fs.linkSync(at(name), join(outside(), name.replace("/", " ")));
    fs.chmodSync(at("small"), 0o604);
    fs.appendFileSync(at("inline"), "more");
    fs.utimesSync(at("folder/list"), 7, 7);
    const state = () =>
      fs.readdirSync(outside()).map((name) => {
        const { mode, mtimeMs, size, ctimeMs } = fs.lstatSync(join(outside(), name));
        return { name, mode, mtimeMs, size, ctimeMs: name === "inline" ? 0 : ctimeMs };
      });
    const before = state().map(({ name, mode, mtimeMs, size }) => ({ name, mode, mtimeMs, size }));
    const summary = await client.restore("all", target, { overwrite: "always" });
    expect(summary).toMatchObject({ errors: 0, filesRestored: 3, bytesRestored: 100 });
    expect(state().map(({ name, mode, mtimeMs, size }) => ({ name, mode, mtimeMs, size }))).toEqual(before);
    await expectEqual();
    expectNoRemains();
  });

  test("a name that another entry of the snapshot has just taken, where case is folded", async () => {
    fs.writeFileSync(join(source, "SMALL"), "another");
    // As on a file system that folds case: both names reach one file.
    const fold = (name: Uint8Array) => (Buffer.from(name).toString() === "SMALL" ? Buffer.from("small") : name);
    await open({
      replace: (posix) => ({
        createFileAt: (directory, name, mode) => posix.createFileAt(directory, fold(name), mode),
        renameAt: (directory, from, to) => posix.renameAt(directory, from, fold(to)),
      }),
    });
    fs.mkdirSync(target);
    fs.writeFileSync(at("small"), "old");
    const summary = await client.restore("all", target, { overwrite: "always", threads: 1 });
    expect(summary.errors).toBe(1);
    expect(client.warnings).toEqual([expect.stringContaining("SMALL")]);
    expect(fs.readFileSync(at("small"))).toEqual(fs.readFileSync(join(source, "small")));
  });
});

test("names of one file that have become several, or lead elsewhere, become one again", async () => {
  await open();
  await client.restore("all", target);
  fs.unlinkSync(at("folder/large too"));
  fs.copyFileSync(at("large"), at("folder/large too"));
  stamp(at("folder/large too"));
  expect(await client.restore("all", target, { overwrite: "if-changed" })).toMatchObject({
    errors: 0,
    bytesRestored: 0,
  });
  await expectEqual();
});

test.skipIf(!canSet)("extended attributes that the snapshot has not go, those that differ are set", async () => {
  const set = (path: string, value: string) => execFileSync("setfattr", ["-n", "user.test", "-v", value, path]);
  fs.writeFileSync(join(source, "attributed"), "content");
  set(join(source, "attributed"), "one");
  stamp(join(source, "attributed"), source);
  await open();
  await client.restore("all", target);
  set(at("attributed"), "two");
  set(at("small"), "three");
  expect(await client.restore("all", target, { overwrite: "if-changed" })).toMatchObject({
    errors: 0,
    bytesRestored: 0,
  });
  const read = (name: string) => execFileSync("getfattr", ["-d", at(name)]).toString();
  expect(read("attributed")).toContain('user.test="one"');
  expect(read("small")).toBe("");
  await expectEqual();
});

describe("verify", () => {
  test("counts files that are right, and reports the others", async () => {
    let hasRestored = false;
    await open({
      replace: (posix) => ({
        // As on a disk that gives back something else than it was given.
        read(file, into, position) {
          const count = posix.read(file, into, position);
          if (hasRestored && count === 1_000 && position === 4_000) into[7]! ^= 1;
          return count;
        },
      }),
    });
    expect(await client.restore("all", target, { verify: true })).toMatchObject({ filesVerified: 7, errors: 0 });
    hasRestored = true;
    const summary = await client.restore("all", target, { overwrite: "if-changed", verify: true });
    expect(summary).toMatchObject({ filesVerified: 4, filesRestored: 0, errors: 3 });
    expect(client.warnings).toEqual([
      expect.stringMatching(/folder\/large too: it was read back, and is not what the snapshot has/),
      expect.stringMatching(/folder\/list: /),
      expect.stringMatching(/large: /),
    ]);
  });

  test("leaves out what was left as it is", async () => {
    await open();
    await client.restore("all", target);
    fs.writeFileSync(at("small"), "mine");
    const summary = await client.restore("all", target, { overwrite: "never", verify: true });
    expect(summary).toMatchObject({ filesVerified: 6, errors: 0 });
  });
});
