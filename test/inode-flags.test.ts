/** Inode flags come back, those last that protect an entry; what nobody may set is said once. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Posix } from "@bcat/posix";
import { dump, forecastRestore, importTar } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { importOptions } from "./kit/import-options.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetAttributes, canSetFlags } from "./kit/settable-attributes.js";
import { isInstalled } from "./kit/tools.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const DAY = 86_400_000;
const hasBsdtar = isInstalled("bsdtar", "inode flags");

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
const clients: Client[] = [];
beforeEach(() => {
  // Memory may not know them.
  scratch = makeScratch(2 ** 26, { onDisk: true })!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  storage = createMemoryStorage();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  // It fails for symbolic links, which have none.
  if (canSet) spawnSync("chattr", ["-R", "-i", "-a", scratch.path]);
  await scratch[Symbol.asyncDispose]();
});

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient(storage, options);
  client.time = Date.now() + DAY;
  clients.push(client);
  return client;
}

const chattr = (name: string, ...flags: string[]) => execFileSync("chattr", [...flags, join(source, name)]);

const canSet = await canSetFlags("inode flags");
const hasAttributes = await canSetAttributes("inode flags beside attributes", { onDisk: true });

/** What lsattr says of everything in a folder and of itself, by name. */
function flagsOf(folder: string): string[] {
  const text = execFileSync("lsattr", ["-R", "-a", "."], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text.split("\n").filter((line) => line.length > 0 && !line.endsWith("/.."));
}

/** One of each kind, with flags: protected, linked, with attributes of its own kind or none. */
function makeFlagged(): void {
  fs.mkdirSync(join(source, "append"));
  fs.mkdirSync(join(source, "folder/below"), { recursive: true });
  fs.writeFileSync(join(source, "plain"), "no flags");
  for (const [name, size] of Object.entries({ inline: 10, chunk: 4_096, "folder/chunks": 5_000_000, linked: 20 }))
    fs.writeFileSync(join(source, name), randomBytesOf(name, size));
  fs.writeFileSync(join(source, "folder/below/early"), "compressed, if somebody did it");
  fs.linkSync(join(source, "linked"), join(source, "folder/another name"));
  fs.symlinkSync("linked", join(source, "symlink"));
  chattr("inline", "+i");
  chattr("chunk", "+A", "+d");
  chattr("folder/chunks", "+a");
  chattr("folder/below/early", "+c");
  chattr("folder/below", "+c", "+S", "+i");
  chattr("append", "+a");
  chattr("linked", "+i");
  chattr("folder", "+D");
  chattr(".", "+d");
}

async function expectSame(target: string): Promise<void> {
  expect(flagsOf(target)).toEqual(flagsOf(source));
  expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
}

/** Calls that refuse some flags. */
const refusing = (refused: number, code: string) => (posix: Posix) => ({
  inodeFlags: {
    ...posix.inodeFlags!,
    set(fd: number, flags: number) {
      if ((flags & refused) !== 0) throw Object.assign(new Error(`${code}: injected`), { code, errno: -1 });
      posix.inodeFlags!.set(fd, flags);
    },
  },
});
const PROTECTING = 0x30;
const refuse = () => {
  throw Object.assign(new Error("EPERM: injected"), { code: "EPERM", errno: -1 });
};

describe.runIf(canSet)("inode flags", () => {
  test("come back, by one thread and by several", async () => {
    makeFlagged();
    for (const threads of [1, 2]) {
      const client = await open({ sizes: { filesBeforeThreads: 1 } });
      expect(await client.backup([source], { threads, isPrivileged: true })).toMatchObject({ errors: 0 });
      const target = join(scratch.path, `target ${threads}`);
      expect(await client.restore("all", target, { threads })).toMatchObject({ errors: 0, skipped: 0 });
      expect(client.warnings).toEqual([]);
      await expectSame(target);
    }
  });

  test.skipIf(!hasBsdtar)("are in an archive as bsdtar writes and reads them, and come from one", async () => {
    makeFlagged();
    const client = await open();
    await client.backup([source], { isPrivileged: true });
    const pieces: Buffer[] = [];
    const sink = { write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
    await dump(client.repository, await client.find("latest"), "all", sink, { below: Buffer.from(source) });
    const read = join(scratch.path, "read by bsdtar");
    fs.mkdirSync(read);
    execFileSync("bsdtar", ["-xp", "--fflags", "-f", "-", "-C", read], { input: Buffer.concat(pieces), stdio: "pipe" });
    const written = execFileSync("bsdtar", ["-c", "--fflags", "--format=pax", "-C", source, "."], {
      maxBuffer: 2 ** 25,
    });
    for (const archive of [Buffer.concat(pieces), written]) {
      await importTar(client.repository, Readable.from([archive]), importOptions);
      const target = join(scratch.path, `target ${archive.length}`);
      await client.restore("all", target);
      expect(flagsOf(target)).toEqual(flagsOf(source));
    }
    // What is made in a folder has some of its flags, which bsdtar does not take away.
    const letters = (line: string) => line.split(" ")[0]!.replaceAll("-", "");
    const byName = (folder: string) => new Map(flagsOf(folder).map((line) => [line.split(" ")[1]!, letters(line)]));
    const found = byName(read);
    for (const [name, wanted] of byName(source))
      expect(found.get(name)?.split("")).toEqual(expect.arrayContaining([...wanted]));
  });

  test("of roots come back", async () => {
    makeFlagged();
    const client = await open();
    await client.backup([join(source, "inline"), join(source, "folder")]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    const kept = (folder: string) => flagsOf(folder).filter((line) => /\/(inline|folder)(\/|$)/.test(line));
    expect(kept(join(target, source))).toEqual(kept(source));
  });

  test("are not lost where descriptors run out for a moment: they are stored, or the backup ends", async () => {
    makeFlagged();
    let stored = 0;
    for (let at = 1, hasFailed = true; hasFailed; at++) {
      let calls = 0;
      hasFailed = false;
      const client = await open({
        replace: (posix) => ({
          openDirectoryAt(directory, name) {
            calls++;
            hasFailed ||= calls === at;
            if (calls === at) throw Object.assign(new Error("EMFILE: injected"), { code: "EMFILE", errno: -24 });
            return posix.openDirectoryAt(directory, name);
          },
        }),
      });
      try {
        await client.backup([source], { force: true });
      } catch (error) {
        expect(error).toMatchObject({ code: "refused", message: expect.stringContaining("EMFILE") });
        continue;
      }
      stored++;
      // The restore is given all that it asks for.
      calls = at;
      const target = join(scratch.path, `target ${at}`);
      await client.restore("all", target);
      expect(flagsOf(target)).toEqual(flagsOf(source));
    }
    expect(stored).toBeGreaterThan(1);
  });

  test("of a folder that a link leads to come back", async () => {
    makeFlagged();
    const client = await open();
    fs.symlinkSync(source, join(scratch.path, "link"));
    await client.backup([join(scratch.path, "link/")]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectSame(target);
  });

  test("that change are stored, without reading a file again; what is unchanged is taken over", async () => {
    makeFlagged();
    const client = await open();
    await client.backup([source]);
    expect(await client.backup([source])).toMatchObject({ filesUnmodified: 7, dirsUnmodified: 4 });
    chattr("inline", "-i");
    chattr("folder/below", "-i");
    chattr("plain", "+d");
    expect(await client.backup([source])).toMatchObject({ filesNew: 0, filesChanged: 2, dataChunks: 0 });
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectSame(target);
  });

  test("are gained by folders of a version that did not record them", async () => {
    makeFlagged();
    await (await open({ accelerators: "off" })).backup([source]);
    const client = await open();
    await client.backup([source]);
    expect((await client.find("latest")).snapshot.records! & 8).toBe(8);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectSame(target);
  });

  test("protect nothing from a restore over it", async () => {
    makeFlagged();
    const client = await open();
    await client.backup([source]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    for (const [name, flag] of Object.entries({ inline: "i", linked: "i", "folder/chunks": "a" })) {
      execFileSync("chattr", [`-${flag}`, join(target, name)]);
      fs.writeFileSync(join(target, name), "something else");
      execFileSync("chattr", [`+${flag}`, join(target, name)]);
    }
    execFileSync("chattr", ["-i", join(target, "folder/below")]);
    fs.rmSync(join(target, "folder/below/early"));
    execFileSync("chattr", ["+i", join(target, "folder/below")]);
    await client.restore("all", target, { overwrite: "always" });
    expect(client.warnings).toEqual([]);
    await expectSame(target);
    execFileSync("chattr", ["-i", join(target, "inline")]);
    fs.utimesSync(join(target, "inline"), 1, 1);
    execFileSync("chattr", ["+i", "-d", join(target, "inline")]);
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
    await expectSame(target);
  });

  describe("of what is there already", () => {
    let target: string;
    const inTarget = (name: string, ...flags: string[]) => execFileSync("chattr", [...flags, join(target, name)]);
    const letters = (name: string) =>
      execFileSync("lsattr", ["-d", join(target, name)], { encoding: "utf8" })
        .split(" ")[0]!
        .replace(/[-e]/g, "");

    async function arrange(options: ClientOptions = {}): Promise<Client> {
      fs.mkdirSync(join(source, "folder"));
      for (const name of ["folder/file", "file", "other"]) fs.writeFileSync(join(source, name), "the same");
      const client = await open(options);
      await client.backup([source]);
      target = join(scratch.path, "target");
      await client.restore("all", target);
      return client;
    }

    test.each(["always", "if-changed"] as const)(
      "the snapshot has none: they are taken off (%s)",
      async (overwrite) => {
        const client = await arrange();
        for (const name of ["file", "folder/file"]) inTarget(name, "+i", "+d");
        inTarget("folder", "+A", "+i");
        inTarget(".", "+a");
        await client.restore("all", target, { overwrite });
        expect(client.warnings).toEqual([]);
        await expectSame(target);
      },
    );

    test("a file with them is opened for none but those that its stat does not tell, and not for these", async () => {
      await arrange();
      inTarget("file", "+A");
      let opened = 0;
      const counting = await open({
        replace: (posix) => ({
          openFileAt(directory, name) {
            opened++;
            return posix.openFileAt(directory, name);
          },
        }),
      });
      await counting.restore("all", target, { overwrite: "if-changed" });
      // Folders are opened so.
      expect([opened, letters("file")]).toEqual([1, "A"]);
      await counting.restore("all", target, { overwrite: "always" });
      expect(letters("file")).toBe("");
    });

    test("the snapshot does not say: they stay, also where owner, mode or time is set", async () => {
      const client = await arrange({ accelerators: "off" });
      expect((await client.find("latest")).snapshot.records ?? 0).toBe(1);
      fs.utimesSync(join(target, "file"), 1, 1);
      fs.writeFileSync(join(target, "folder/file"), "another");
      for (const name of ["file", "other", "folder", "."]) inTarget(name, "+i", "+A");
      const before = flagsOf(target).filter((line) => !line.endsWith("folder/file"));
      await (await open()).restore("all", target, { overwrite: "always" });
      expect(flagsOf(target).filter((line) => !line.endsWith("folder/file"))).toEqual(before);
      expect(fs.readFileSync(join(target, "folder/file"), "utf8")).toBe("the same");
      expect(fs.statSync(join(target, "file")).mtimeMs).toBe(fs.statSync(join(source, "file")).mtimeMs);
    });

    test("the target is another folder than that of the snapshot: it keeps what protects it", async () => {
      const client = await arrange();
      fs.chmodSync(target, 0o777);
      inTarget(".", "+i");
      fs.utimesSync(join(target, "file"), 1, 1);
      fs.writeFileSync(join(target, "other"), "another");
      await client.restore("all", target, { overwrite: "always" });
      expect(client.warnings).toEqual([]);
      expect([letters("."), fs.readFileSync(join(target, "other"), "utf8")]).toEqual(["i", "the same"]);
    });

    test("what a folder hands on stays, and is no reason to keep anything", async () => {
      fs.writeFileSync(join(source, "file"), "the same");
      const client = await open();
      await client.backup([join(source, "file")]);
      target = join(scratch.path, "target");
      fs.mkdirSync(target);
      inTarget(".", "+A");
      await client.restore(Buffer.from(join(source, "file")), target);
      expect(letters("file")).toBe("A");
      const keep = { isPrivileged: true };
      const again = await client.restore(Buffer.from(join(source, "file")), target, { overwrite: "always", keep });
      expect(letters("file")).toBe("A");
      expect(again).toMatchObject({ filesUnchanged: 1 });
      await expect(client.find("2")).rejects.toThrow();
    });

    /** Restores once more: nothing is to be done. */
    async function expectSettled(client: Client): Promise<void> {
      const before = flagsOf(target);
      const summary = await client.restore("all", target, { overwrite: "always", keep: { isPrivileged: true } });
      expect([flagsOf(target), summary.undoSnapshot]).toEqual([before, undefined]);
    }

    test("what is made in a folder that loses them has them neither", async () => {
      const client = await arrange();
      inTarget("folder", "+A", "+d");
      inTarget(".", "+A", "+d");
      for (const name of ["folder/file", "other"]) fs.rmSync(join(target, name));
      await client.restore("all", target, { overwrite: "always" });
      await expectSame(target);
      await expectSettled(client);
    });

    test("what is in a folder that has them from the one above has them as well", async () => {
      await arrange();
      chattr(".", "+A");
      const client = await open();
      await client.backup([source]);
      inTarget(".", "+A");
      fs.rmSync(join(target, "folder"), { recursive: true });
      await client.restore("all", target, { overwrite: "always" });
      expect([letters("folder"), letters("folder/file"), letters("file")]).toEqual(["A", "A", ""]);
      await expectSettled(client);
    });

    test("a file that became another name of one gets its own back", async () => {
      fs.writeFileSync(join(source, "first"), "the same");
      fs.linkSync(join(source, "first"), join(source, "second"));
      const client = await arrange();
      fs.rmSync(join(target, "first"));
      inTarget("second", "+A", "+d");
      const keep = { isPrivileged: true };
      const { undoSnapshot } = await client.restore("all", target, { overwrite: "always", keep });
      await expectSame(target);
      const undo = { overwrite: "always", selector: String(undoSnapshot), keep } as const;
      await client.restore("all", target, undo);
      expect([letters("second"), letters("first")]).toEqual(["dA", ""]);
    });

    test("those that the file system has not are said, and no reason to keep anything or for another look", async () => {
      await arrange();
      for (const name of ["file", "folder"]) chattr(name, "+S");
      const client = await open({
        replace: (posix) => {
          const { inodeFlags } = refusing(0x8, "ENOTSUP")(posix);
          return { inodeFlags: { ...inodeFlags, on: () => 0xf0 } };
        },
      });
      await client.backup([source]);
      const overwrite = "always" as const;
      const again = await client.restore("all", target, { overwrite, keep: { isPrivileged: true } });
      expect(again).toMatchObject({ undoSnapshot: undefined, errors: 0 });
      expect(client.warnings.join()).toMatch(
        /"synchronous" was not restored, the file system of the target has no such/,
      );
      const info = await client.find("latest");
      const { changes } = await forecastRestore(client.repository, client.posix, info, "all", Buffer.from(target), {
        overwrite,
      });
      expect([changes?.overwritten.count, changes?.changed.count]).toEqual([0, 0]);
    });

    test.runIf(hasAttributes)("extended attributes are set all the same", async () => {
      await arrange();
      execFileSync("setfattr", ["-n", "user.x", "-v", "snapshot", join(source, "file")]);
      const client = await open();
      await client.backup([source]);
      execFileSync("setfattr", ["-n", "user.x", "-v", "mine", join(target, "file")]);
      inTarget("file", "+i");
      await client.restore("all", target, { overwrite: "always" });
      expect(client.warnings).toEqual([]);
      const found = execFileSync("getfattr", ["--only-values", "-n", "user.x", join(target, "file")], {
        stdio: "pipe",
      });
      expect([found.toString(), letters("file")]).toEqual(["snapshot", ""]);
    });

    test("another name of the file keeps them where the file is replaced for that", async () => {
      const client = await arrange();
      fs.linkSync(join(target, "file"), join(target, "folder/mine"));
      inTarget("file", "+i");
      await client.restore("all", target, { overwrite: "always" });
      expect([letters("file"), letters("folder/mine")]).toEqual(["", "i"]);
    });

    test("what nobody may take off is said", async () => {
      const client = await arrange();
      inTarget("file", "+d");
      const refused = await open({ replace: (posix) => ({ inodeFlags: { ...posix.inodeFlags!, set: refuse } }) });
      expect(await refused.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
      expect(refused.warnings.join()).toMatch(/"no-dump", which the snapshot has not, was not taken off, that takes/);
      expect(client.warnings).toEqual([]);
    });
  });

  test("that nobody may set are said once for each kind, and the others are set", async () => {
    makeFlagged();
    const client = await open({ replace: refusing(PROTECTING, "EPERM") });
    await client.backup([source]);
    const target = join(scratch.path, "target");
    expect(await client.restore("all", target)).toMatchObject({ errors: 0 });
    expect(client.warnings.map((line) => line.replace(/^.*: the/, "the")).sort()).toEqual([
      'the inode flag "append-only" was not restored, that takes privileges (2 of them, this is the first)',
      'the inode flag "immutable" was not restored, that takes privileges (3 of them, this is the first)',
    ]);
    expect(flagsOf(target)).toEqual(
      flagsOf(source).map((line) => line.replace(/^(.{4})[ia](.*)/, "$1-$2").replace(/^(.{5})a/, "$1-")),
    );
  });

  test("that the target cannot have are said; without koffi, of all", async () => {
    makeFlagged();
    const client = await open({ replace: refusing(-1, "ENOTTY") });
    await client.backup([source]);
    await client.restore("all", join(scratch.path, "target"));
    expect(client.warnings.join("\n")).toContain(
      '"no-atime" was not restored, the file system of the target has no such',
    );
    const without = await open({ accelerators: "off" });
    await without.restore("all", join(scratch.path, "without"));
    expect(without.warnings.filter((line) => line.includes("inode flags"))).toHaveLength(1);
  });
});
