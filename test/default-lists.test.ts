/** A target whose folder gives an access control list to what is made in it: what is restored has those of the snapshot. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetLists } from "./kit/settable-attributes.js";

const canSet = await canSetLists("default lists");

let scratch: Scratch;
let source: string;
let target: string;
let client: Client;

const run = (name: string, ...words: string[]) =>
  execFileSync(name, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const giveLists = (folder: string) => run("setfacl", "-d", "-m", "u:7:rwx", folder);
/** Lists of all below a folder, and modes: without a list getfacl prints the mode. */
const lists = (folder: string) =>
  run("getfacl", "-R", "-n", "-P", "--absolute-names", folder)
    .replaceAll(`# file: ${folder}`, "# file: ")
    .split("\n\n")
    .sort();

beforeEach(async () => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  fs.mkdirSync(join(source, "folder/inner"), { recursive: true });
  for (const [name, mode] of [
    ["secret", 0o640],
    ["folder/secret", 0o600],
    ["folder/inner/file", 0o664],
    ["large", 0o640],
  ] as const) {
    fs.writeFileSync(join(source, name), name === "large" ? Buffer.alloc(6_000_000, "x") : name);
    fs.chmodSync(join(source, name), mode);
  }
  fs.symlinkSync("secret", join(source, "link"));
  fs.linkSync(join(source, "secret"), join(source, "other name"));
  client = await openClient(createMemoryStorage());
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

test.skipIf(!canSet).each([
  ["into a folder that is there", false],
  ["into a folder that is made", true],
])("%s", async (_, isMade) => {
  if (!isMade) fs.mkdirSync(target);
  giveLists(isMade ? scratch.path : target);
  run("setfacl", "-m", "u:8:r", join(source, "folder/secret"));
  run("setfacl", "-d", "-m", "u:9:r", join(source, "folder/inner"));
  await client.backup([source]);
  expect(await client.restore("all", target)).toMatchObject({ errors: 0 });
  if (!isMade) run("setfacl", "-b", target);
  expect(lists(target)).toEqual(lists(source));
});

test.skipIf(!canSet)("of several sources", async () => {
  fs.mkdirSync(target);
  giveLists(target);
  await client.backup([join(source, "folder"), join(source, "secret")]);
  await client.restore("all", target);
  expect(
    lists(target)
      .join()
      .match(/user:7/g),
  ).toHaveLength(1);
  expect(run("getfacl", "-n", "--absolute-names", join(target, source, "secret"))).not.toContain("user:7");
});

test.skipIf(!canSet)("over what is there, and in folders that were there", async () => {
  await client.backup([source]);
  fs.mkdirSync(join(target, "folder"), { recursive: true });
  for (const folder of [target, join(target, "folder")]) giveLists(folder);
  fs.writeFileSync(join(target, "secret"), "older");
  await client.restore("all", target, { overwrite: "always" });
  for (const name of ["secret", "large", "folder/secret", "folder/inner", "folder/inner/file"]) {
    expect(run("getfacl", "-n", "--absolute-names", join(target, name)), name).not.toContain("user:7");
    expect(fs.statSync(join(target, name)).mode, name).toBe(fs.statSync(join(source, name)).mode);
  }
});
