/** Folders that are there before a restore in place: of lists and attributes they have then what the snapshot has, as files. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetAttributes, canSetLists } from "./kit/settable-attributes.js";

const canSet =
  (await canSetLists("lists of old folders")) && (await canSetAttributes("extended attributes of old folders"));

let scratch: Scratch;
let source: string;
let target: string;
let storage: Storage;
let client: Client;

const run = (name: string, ...words: string[]) =>
  execFileSync(name, words, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const at = (...names: string[]) => join(target, ...names);
const list = (path: string) =>
  run("getfacl", "-c", "-n", "-p", path)
    .split("\n")
    .filter((line) => line !== "");
const attributesOf = (path: string) => run("getfattr", "-d", "-m", "-", "--absolute-names", path);
/** Somebody lets others into a folder that is there. */
const openUp = (folder: string) => {
  run("setfacl", "-m", "u:7:rwx", folder);
  run("setfacl", "-d", "-m", "u:7:rwx", folder);
  run("setfattr", "-n", "user.x", "-v", "y", folder);
};

async function open(options: ClientOptions = {}): Promise<void> {
  await client?.[Symbol.asyncDispose]();
  client = await openClient(storage, options);
}

/** Backs up a folder that is for its owner and group, and has it there already in the target. */
async function backUp(): Promise<void> {
  await client.backup([source]);
  fs.mkdirSync(at("folder"), { recursive: true });
  fs.chmodSync(at("folder"), 0o750);
}

const restore = async (options = {}) => await client.restore("all", target, { overwrite: "always", ...options });

beforeEach(async () => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  target = join(scratch.path, "target");
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  fs.chmodSync(join(source, "folder"), 0o750);
  fs.writeFileSync(join(source, "folder/file"), "for few", { mode: 0o664 });
  fs.chmodSync(join(source, "folder/file"), 0o664);
  storage = createMemoryStorage();
  await open();
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

describe.skipIf(!canSet)("a folder that was there", () => {
  test.each(["always", "if-changed", "if-newer", "never"] as const)(
    "loses what the snapshot has not (%s)",
    async (overwrite) => {
      await backUp();
      openUp(at("folder"));
      expect(await restore({ overwrite })).toMatchObject({ errors: 0 });
      expect(list(at("folder"))).toEqual(["user::rwx", "group::r-x", "other::---"]);
      expect(attributesOf(at("folder"))).toBe("");
      expect(list(at("folder/file"))).toEqual(["user::rw-", "group::rw-", "other::r--"]);
    },
  );

  test("gets the lists that the snapshot has in the place of its own", async () => {
    run("setfacl", "-m", "u:8:rx,g::-", join(source, "folder"));
    run("setfacl", "-d", "-m", "u:9:r", join(source, "folder"));
    run("setfattr", "-n", "user.x", "-v", "of the snapshot", join(source, "folder"));
    await backUp();
    openUp(at("folder"));
    expect(await restore()).toMatchObject({ errors: 0 });
    expect(list(at("folder"))).toEqual(list(join(source, "folder")));
    expect(attributesOf(at("folder"))).toBe(attributesOf(join(source, "folder")).replace(source, target));
    expect(list(at("folder/file"))).toEqual(["user::rw-", "group::rw-", "other::r--"]);
  });

  test("lets nobody in who will not be allowed to, while it is filled", async () => {
    run("setfacl", "-m", "u:8:rx,g::-", join(source, "folder"));
    const seen: string[][] = [];
    await open({
      replace: (posix) => ({
        createFileAt(...words) {
          seen.push(list(at("folder")));
          return posix.createFileAt(...words);
        },
      }),
    });
    await backUp();
    openUp(at("folder"));
    await restore();
    run("setfacl", "-b", at("folder"));
    fs.chmodSync(at("folder"), 0o750);
    fs.rmSync(at("folder/file"));
    await restore();
    const closed = ["user::rwx", "group::---", "other::---"];
    expect(seen).toEqual([closed, closed]);
    expect(list(at("folder"))).toEqual(list(join(source, "folder")));
  });

  test.skipIf(process.getuid?.() !== 0)("keeps its labels", async () => {
    await backUp();
    run("setfattr", "-n", "security.label", "-v", "kept", at("folder"));
    await restore();
    expect(attributesOf(at("folder"))).toContain("security.label");
  });

  test.skipIf(process.getuid?.() !== 0).each([true, false])(
    "loses what takes privileges to see where the snapshot would have it, as files do: %s",
    async (isPrivileged) => {
      await client.backup([source], { isPrivileged });
      await restore();
      for (const name of ["folder", "folder/file"]) run("setfattr", "-n", "trusted.given", "-v", "x", at(name));
      await restore();
      const found = ["folder", "folder/file"].map((name) => attributesOf(at(name)).includes("trusted.given"));
      expect(found).toEqual([!isPrivileged, !isPrivileged]);
    },
  );

  test("keeps all where only some attributes are restored", async () => {
    await backUp();
    openUp(at("folder"));
    await restore({ excludeAttributes: ["user.other"] });
    expect(attributesOf(at("folder"))).toContain("user.x");
    expect(list(at("folder"))).toContain("default:user:7:rwx");
  });

  test("keeps all where the snapshot does not say what entries have", async () => {
    await open({ accelerators: "off" });
    await backUp();
    await open();
    openUp(at("folder"));
    await restore();
    expect(attributesOf(at("folder"))).toContain("user.x");
    expect(list(at("folder"))).toContain("default:user:7:rwx");
  });

  test("that cannot lose what it has is reported, and filled", async () => {
    await open({
      replace: ({ attributes }) => ({
        attributes: {
          areOn: (...words) => attributes!.areOn(...words),
          listAt: (...words) => attributes!.listAt(...words),
          getAt: (...words) => attributes!.getAt(...words),
          setAt: (...words) => attributes!.setAt(...words),
          removeAt: () => {
            throw Object.assign(new Error("EPERM: operation not permitted"), { code: "EPERM", errno: -1 });
          },
        },
      }),
    });
    await backUp();
    run("setfattr", "-n", "user.x", "-v", "y", at("folder"));
    expect(await restore()).toMatchObject({ errors: 1, filesRestored: 1 });
    expect(client.warnings.join()).toMatch(
      /folder: its extended attribute "user\.x", which the snapshot has not, could not be removed \(EPERM\)$/,
    );
  });
});

describe.skipIf(!canSet)("the target itself, known by owner and mode,", () => {
  test("loses what the snapshot has not", async () => {
    fs.chmodSync(source, 0o750);
    await backUp();
    fs.chmodSync(target, 0o750);
    run("setfacl", "-m", "u:7:rx", target);
    run("setfacl", "-d", "-m", "u:7:rwx", target);
    run("setfattr", "-n", "user.x", "-v", "y", target);
    await restore();
    expect(list(target)).toEqual(["user::rwx", "group::r-x", "other::---"]);
    expect(attributesOf(target)).toBe("");
    expect(list(at("folder"))).toEqual(["user::rwx", "group::r-x", "other::---"]);
  });

  test("is left as it is when it is another", async () => {
    await backUp();
    fs.chmodSync(source, 0o755);
    fs.chmodSync(target, 0o700);
    run("setfattr", "-n", "user.x", "-v", "y", target);
    await restore();
    expect(attributesOf(target)).toContain("user.x");
    expect(fs.statSync(target).mode & 0o777).toBe(0o700);
  });
});
