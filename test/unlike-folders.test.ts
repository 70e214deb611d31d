/** Folders that are there hand on to new files what a restore has not made alike: a group, a list, the modes of no list. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetLists } from "./kit/settable-attributes.js";

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stdout.write("groups of old folders: skipped, that takes root\n");
const canSet = await canSetLists("modes in folders without the list of the target");

/** Of nobody. */
const TEAM = 4321;

let scratch: Scratch;
let source: string;
let target: string;
let client: Client;

const at = (...names: string[]) => join(target, ...names);
const groupAndMode = (path: string) => {
  const { gid, mode } = fs.statSync(path);
  return `${gid} ${(mode & 0o7777).toString(8)}`;
};

function makeTeamFolder(path: string): void {
  fs.mkdirSync(path, { recursive: true });
  fs.chownSync(path, 0, TEAM);
  fs.chmodSync(path, 0o2770);
}

beforeEach(async () => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  fs.mkdirSync(source);
  // Threads are started early.
  client = await openClient(createMemoryStorage(), { sizes: { filesBeforeThreads: 20 } });
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

function writePrivate(...paths: readonly string[]): void {
  for (const path of paths) {
    fs.mkdirSync(join(path, ".."), { recursive: true });
    fs.writeFileSync(path, path.endsWith("large") ? Buffer.alloc(6_000_000, path) : `${path} is private`);
    fs.chmodSync(path, 0o640);
  }
}

describe.skipIf(!isRoot)("files made in an old folder with the set-group-id bit have their own group", () => {
  const names = ["new", "changed", "large", "below/made", "chunk"];
  test.each([1, 3])("in place, with %i threads", async (threads) => {
    writePrivate(...["a/first", "z/last", ...names.map((name) => `team/${name}`)].map((name) => join(source, name)));
    for (let i = 0; i < 40; i++) writePrivate(join(source, `a/f${i}`), join(source, `team/f${i}`));
    fs.writeFileSync(join(source, "team/chunk"), Buffer.alloc(100_000, "c"), { mode: 0o640 });
    await client.backup([source]);
    fs.mkdirSync(at("a"), { recursive: true });
    makeTeamFolder(at("team"));
    fs.writeFileSync(at("team/changed"), "older", { mode: 0o640 });
    fs.chownSync(at("team/changed"), 0, 0);
    expect(await client.restore("all", target, { overwrite: "always", threads })).toMatchObject({ errors: 0 });
    for (const name of [...names, "f0", "f39"]) expect(groupAndMode(at("team", name)), name).toBe("0 640");
    expect(groupAndMode(at("z/last"))).toBe("0 640");
  });

  test("that is above one of several sources", async () => {
    const [first, second] = await backUpTwo();
    makeTeamFolder(at(source, "b"));
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
    for (const path of [join(first, "file"), join(second, "file"), join(second, "below/file")])
      expect(groupAndMode(at(path)), path).toBe("0 640");
  });
});

async function backUpTwo(): Promise<[string, string]> {
  const [first, second] = [join(source, "a/x"), join(source, "b/y")] as const;
  writePrivate(join(first, "file"), join(second, "file"), join(second, "below/file"));
  await client.backup([first, second]);
  fs.mkdirSync(at(source, "a"), { recursive: true });
  return [first, second];
}

test.skipIf(!canSet)("what is made in an old folder above a source takes no list from it", async () => {
  const [, second] = await backUpTwo();
  fs.mkdirSync(at(source, "b"));
  execFileSync("setfacl", ["-d", "-m", "u:7:rwx", at(source, "b")]);
  expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
  const lists = execFileSync("getfacl", ["-R", "-n", "-p", at(second)], { encoding: "utf8" });
  expect(lists).not.toContain("user:7");
  expect(fs.statSync(at(second, "below/file")).mode & 0o777).toBe(0o640);
});

test.skipIf(!canSet)("files have their own mode where the target has a list that its folders have not", async () => {
  for (const name of ["a", "a too", "b/c", "d"]) {
    writePrivate(join(source, name));
    fs.chmodSync(join(source, name), 0o666);
  }
  await client.backup([source]);
  fs.mkdirSync(target);
  execFileSync("setfacl", ["-d", "-m", "u:7:rwx,o::rwx", target]);
  const before = process.umask(0o077);
  try {
    expect(await client.restore("all", target)).toMatchObject({ errors: 0 });
  } finally {
    process.umask(before);
  }
  for (const name of ["a", "a too", "b/c", "d"]) expect(fs.statSync(at(name)).mode & 0o777, name).toBe(0o666);
});
