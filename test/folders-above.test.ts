/** The folders that the sources lie in: nothing of what else is in them is kept, and they come back as they were. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetAttributes } from "./kit/settable-attributes.js";

const canSet = await canSetAttributes("folders above: their attributes");

let scratch: Scratch;
let source: string;

beforeEach(() => {
  scratch = makeScratch(2 ** 26)!;
  source = join(scratch.path, "source");
  for (const folder of ["private/one/a", "private/other/b"]) {
    fs.mkdirSync(join(source, folder), { recursive: true });
    fs.writeFileSync(join(source, folder, "file"), folder);
  }
  fs.chmodSync(join(source, "private"), 0o700);
  fs.chmodSync(join(source, "private/one"), 0o2751);
  for (const [name, time] of [
    ["private/one", "@1000000000.123456789"],
    ["private/other", "@1100000000.5"],
    ["private", "@900000000"],
    [".", "@800000000"],
  ] as const) {
    execFileSync("touch", ["-d", time, join(source, name)]);
  }
});
afterEach(async () => await scratch[Symbol.asyncDispose]());

/** Backs up two folders, restores all, and gives the notes and the path of what is restored. */
async function thereAndBack(options: ClientOptions = {}): Promise<{ restored: string; notes: readonly string[] }> {
  await using client = await openClient(createMemoryStorage(), options);
  const target = join(scratch.path, "target");
  await client.backup([join(source, "private/one/a"), join(source, "private/other/b")]);
  const summary = await client.restore("all", target);
  expect(summary).toMatchObject({ filesRestored: 2, errors: 0 });
  return { restored: join(target, source), notes: client.warnings.filter((note) => note.includes("above")) };
}

const look = (path: string) => {
  const { mode, mtimeNs, uid, gid } = fs.lstatSync(path, { bigint: true });
  return { mode: mode & 0o7777n, time: mtimeNs / 1000n, uid, gid };
};

test("get their modes, owners and times", async () => {
  const { restored, notes } = await thereAndBack();
  for (const name of [".", "private", "private/one", "private/other"])
    expect(look(join(restored, name))).toEqual(look(join(source, name)));
  expect(notes).toEqual([]);
});

test("hold nothing but the sources", async () => {
  fs.writeFileSync(join(source, "private/secret"), "of no source");
  const { restored } = await thereAndBack();
  expect(fs.readdirSync(join(restored, "private")).sort()).toEqual(["one", "other"]);
});

test("one that could not be looked at is made for its owner alone, and that is said once", async () => {
  const { restored, notes } = await thereAndBack({
    replace: (posix) => ({
      openDirectoryToSearch(path) {
        if (Buffer.from(path).toString().endsWith("/private"))
          throw Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "open" });
        return posix.openDirectoryToSearch(path);
      },
    }),
  });
  expect(look(join(restored, "private")).mode).toBe(0o700n);
  expect(look(join(restored, "private/one"))).toEqual(look(join(source, "private/one")));
  expect(notes).toEqual([expect.stringContaining("a folder above the sources was made for you alone (mode 0700)")]);
});

/** After both sources were backed up. The first restore that makes `other` while `isArmed()` ends there. */
async function withSnapshot(isArmed: () => boolean, run: (client: Client, target: string) => Promise<void>) {
  await using client = await openClient(createMemoryStorage(), {
    replace: (posix) => ({
      makeDirectoryAt(directory, name, mode) {
        posix.makeDirectoryAt(directory, name, mode);
        if (isArmed() && Buffer.from(name).toString() === "other") throw new Error("interrupted");
      },
    }),
  });
  await client.backup([join(source, "private/one/a"), join(source, "private/other/b")]);
  await run(client, join(scratch.path, "target"));
}

test("that are there stay as they are in a restore over them, private ones too", async () => {
  await withSnapshot(
    () => false,
    async (client, target) => {
      const restored = join(target, source);
      fs.mkdirSync(join(restored, "private/one"), { recursive: true });
      fs.chmodSync(join(restored, "private"), 0o750);
      fs.chmodSync(join(restored, "private/one"), 0o700);
      await client.restore("all", target, { overwrite: "always" });
      expect(look(join(restored, "private")).mode).toBe(0o750n);
      expect(look(join(restored, "private/one")).mode).toBe(0o700n);
      expect(look(join(restored, "private/other"))).toEqual(look(join(source, "private/other")));
    },
  );
});

test("of a restore that was interrupted are what they were when it has gone on", async () => {
  let isArmed = true;
  await withSnapshot(
    () => isArmed,
    async (client, target) => {
      const restored = join(target, source);
      await expect(client.restore("all", target, { overwrite: "if-changed" })).rejects.toThrow("interrupted");
      isArmed = false;
      for (const name of ["private", "private/one", "private/other"])
        expect(look(join(restored, name)).mode & 0o77n).toBe(0n);
      await client.restore("all", target, { overwrite: "if-changed" });
      for (const name of [".", "private", "private/one", "private/other"])
        expect(look(join(restored, name))).toEqual(look(join(source, name)));
    },
  );
});

test.skipIf(!canSet)("get their extended attributes", async () => {
  execFileSync("setfattr", ["-n", "user.note", "-v", "kept", join(source, "private")]);
  const { restored } = await thereAndBack();
  const printed = execFileSync("getfattr", ["--only-values", "-n", "user.note", join(restored, "private")]);
  expect(printed.toString()).toBe("kept");
});
