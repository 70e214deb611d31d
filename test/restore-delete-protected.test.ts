/** What inode flags protect in a target is deleted and replaced there, as far as they may be taken off. */
import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import type { Posix } from "@bcat/posix";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetFlags } from "./kit/settable-attributes.js";

let scratch: Scratch;
let client: Client;
let source: string;
let target: string;

const canSet = await canSetFlags("deleting what is protected");

const chattr = (flags: string, ...names: string[]) =>
  execFileSync("chattr", [flags, ...names.map((name) => join(target, name))]);
const flagsOf = (path: string) => execFileSync("lsattr", ["-d", path], { encoding: "utf8" }).slice(4, 6);

/** Flags cannot be taken off. */
const keepsFlags = (posix: Posix): Partial<Posix> => ({
  inodeFlags: {
    ...posix.inodeFlags!,
    set: () => {
      throw Object.assign(new Error("EPERM: injected"), { code: "EPERM", errno: -1 });
    },
  },
});

async function prepare(replace?: (posix: Posix) => Partial<Posix>): Promise<void> {
  client = await openClient(createMemoryStorage(), replace === undefined ? {} : { replace });
  client.time = Date.now() + 86_400_000;
  fs.mkdirSync(join(source, "kept"), { recursive: true });
  fs.writeFileSync(join(source, "kept/same"), "same");
  fs.writeFileSync(join(source, "folder or file"), "a file");
  fs.mkdirSync(join(source, "file or folder"));
  fs.writeFileSync(join(source, "file or folder/x"), "x");
  await client.backup([source]);
  await client.restore("all", target);
}

const mirror = async (kept: boolean) =>
  await client.restore("all", target, {
    overwrite: "always",
    deletes: { onPlan: async () => {} },
    ...(kept ? { keep: { isPrivileged: true } } : {}),
  });

const list = (folder: string) => fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

describe.runIf(canSet)("a restore that deletes", () => {
  beforeEach(() => {
    // Memory may not know them.
    scratch = makeScratch(2 ** 26, { onDisk: true })!;
    [source, target] = [join(scratch.path, "source"), join(scratch.path, "target")];
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    spawnSync("chattr", ["-R", "-i", "-a", scratch.path]);
    await scratch[Symbol.asyncDispose]();
  });

  function protect(): void {
    for (const name of ["immutable", "append"]) {
      fs.mkdirSync(join(target, name, "below/empty"), { recursive: true });
      fs.writeFileSync(join(target, name, "below/file"), name);
      fs.writeFileSync(join(target, `kept/${name} file`), name);
    }
    fs.symlinkSync("nowhere", join(target, "kept/link"));
    chattr(
      "+i",
      "immutable/below/empty",
      "immutable/below/file",
      "kept/immutable file",
      "immutable/below",
      "immutable",
    );
    chattr("+a", "append/below/file", "kept/append file", "append/below", "append");
    chattr("+i", "kept", "");
  }

  test.each([false, true])(
    "deletes what is immutable or append-only, and in folders that are; kept before: %s",
    async (kept) => {
      await prepare();
      protect();
      const summary = await mirror(kept);
      expect(client.warnings).toEqual([]);
      expect(summary).toMatchObject({ errors: 0, deleted: 11 });
      expect(list(target)).toEqual(list(source));
      if (!kept) return;
      const undone = await client.restore("all", target, {
        selector: String(summary.undoSnapshot),
        overwrite: "always",
      });
      expect(undone.errors).toBe(0);
      expect(fs.readFileSync(join(target, "immutable/below/file"), "utf8")).toBe("immutable");
      expect([flagsOf(join(target, "immutable")), flagsOf(join(target, "append/below/file"))]).toEqual(["i-", "-a"]);
    },
  );

  test("puts a file where a protected folder was, and a folder where a protected file was", async () => {
    await prepare();
    fs.rmSync(join(target, "folder or file"));
    fs.mkdirSync(join(target, "folder or file"));
    fs.rmSync(join(target, "file or folder"), { recursive: true });
    fs.writeFileSync(join(target, "file or folder"), "");
    chattr("+i", "folder or file", "file or folder", "");
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
    expect(list(target)).toEqual(list(source));
  });

  test("leaves flags on other names of what it replaces, with a file or with a link", async () => {
    const linked = join(source, "linked");
    fs.mkdirSync(source);
    fs.writeFileSync(linked, "of two names");
    fs.linkSync(linked, join(source, "kept too"));
    await prepare();
    for (const name of ["file", "link"]) fs.writeFileSync(join(scratch.path, name), name);
    for (const [outside, inside] of [
      ["file", "kept/same"],
      ["link", "kept too"],
    ] as const) {
      fs.rmSync(join(target, inside));
      fs.linkSync(join(scratch.path, outside), join(target, inside));
      chattr("+i", inside);
    }
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
    for (const name of ["file", "link"]) {
      expect(fs.readFileSync(join(scratch.path, name), "utf8")).toBe(name);
      expect(flagsOf(join(scratch.path, name))).toBe("i-");
    }
    expect(flagsOf(join(target, "kept/same"))).toBe("--");
    expect(fs.statSync(join(target, "kept too")).ino).toBe(fs.statSync(join(target, "linked")).ino);
  });

  test("leaves flags on what stays: on other names, and on folders with something that stays", async () => {
    await prepare();
    const outside = join(scratch.path, "outside");
    fs.writeFileSync(outside, "two names");
    fs.linkSync(outside, join(target, "inside"));
    fs.mkdirSync(join(target, "mixed"));
    for (const name of ["a.keep", "b"]) fs.writeFileSync(join(target, "mixed", name), name);
    chattr("+i", "inside", "mixed");
    await client.restore("all", target, {
      overwrite: "always",
      deletes: { onPlan: async () => {} },
      excludes: ["*.keep"],
    });
    expect(client.warnings).toEqual([]);
    expect(list(target)).toEqual([...list(source), "mixed", "mixed/a.keep"].sort());
    expect([flagsOf(outside), flagsOf(join(target, "mixed"))]).toEqual(["i-", "i-"]);
  });

  test("names what it cannot delete, and counts it as an error", async () => {
    await prepare(keepsFlags);
    protect();
    const summary = await mirror(false);
    const names = ["append/below/empty", "append/below/file", "immutable/below/empty", "immutable/below/file"];
    const found = client.warnings.filter((line) => line.includes("could not be deleted"));
    expect(found.map((line) => line.replace(/^error |:.*/g, "").replace(`${target}/`, "")).sort()).toEqual(
      [...names, "kept/append file", "kept/immutable file", "kept/link"].sort(),
    );
    expect(summary.errors).toBeGreaterThanOrEqual(7);
    expect(summary.deleted).toBe(0);
  });
});
