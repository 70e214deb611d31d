/** Which roots can be backed up, where what is restored goes, and what a restore never touches. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

describe("restore()", () => {
  let scratch: Scratch;
  let source: string;
  let target: string;
  let client: Client;

  beforeEach(async () => {
    scratch = makeScratch(2 ** 26)!;
    source = join(scratch.path, "source");
    target = join(scratch.path, "target");
    for (const folder of ["one/inner", "two", "three"]) fs.mkdirSync(join(source, folder), { recursive: true });
    for (const [name, size] of [
      ["one/file", 3_000],
      ["one/inner/small", 10],
      ["two/file", 700],
      ["three/file", 0],
    ] as const) {
      fs.writeFileSync(join(source, name), randomBytesOf(name, size), { mode: 0o640 });
    }
    fs.symlinkSync("inner/small", join(source, "one/link"));
    for (const name of ["one/link", "one/inner", "one", "two/file", "two", "three", "."]) {
      execFileSync("touch", ["-h", "-d", "2001-02-03T04:05:06.789012345Z", join(source, name)]);
    }
    client = await openClient(createMemoryStorage());
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  const path = (name: string) => Buffer.from(join(source, name));
  /** Compares one entry by way of the folders that hold it: the other entries of both sides are left out. */
  const expectEqual = async (name: string, restored: string) => {
    const sides = [join(scratch.path, "left"), join(scratch.path, "right")];
    for (const side of sides) fs.mkdirSync(side);
    execFileSync("cp", ["-a", join(source, name), join(sides[0]!, "entry")]);
    execFileSync("cp", ["-a", restored, join(sides[1]!, "entry")]);
    const [left, right] = sides;
    expect(describeDifferences(await compareTrees(left!, right!, { ignoreTopTime: true }))).toEqual([]);
    for (const side of sides) fs.rmSync(side, { recursive: true });
  };

  test("puts the contents of one root into a target that it makes, with the root's own metadata", async () => {
    fs.chmodSync(join(source, "one"), 0o2710);
    execFileSync("touch", ["-d", "@1.000000001", join(source, "one")]);
    await client.backup([path("one")]);
    await client.restore("all", target);
    expect(describeDifferences(await compareTrees(join(source, "one"), target))).toEqual([]);
  });

  test("leaves the metadata of a target that exists as it is, but for the mtime", async () => {
    await client.backup([path("one")]);
    fs.mkdirSync(target, { mode: 0o711 });
    fs.writeFileSync(join(target, "not in the way"), "stays");
    await client.restore("all", target);
    expect(fs.lstatSync(target).mode & 0o7777).toBe(0o711);
    const { differences } = await compareTrees(join(source, "one"), target, { ignoreTopTime: true });
    expect(differences.map(({ path, what }) => `${what} ${path}`)).toEqual([
      "mode .",
      "extra not\\x20in\\x20the\\x20way",
    ]);
  });

  test("puts several roots under their full paths", async () => {
    await client.backup([path("two"), path("one"), path("three/file"), path("one")]);
    const summary = await client.restore("all", target);
    expect(client.warnings).toEqual([]);
    expect(summary).toMatchObject({
      filesRestored: 4,
      directoriesRestored: 3,
      symlinksRestored: 1,
      errors: 0,
      skipped: 0,
    });
    for (const name of ["one", "two", "three/file"]) await expectEqual(name, join(target, source, name));
    expect(fs.readdirSync(join(target, source)).sort()).toEqual(["one", "three", "two"]);
  });

  test("restores one of several roots, and all of them by the folder they are in", async () => {
    await client.backup([path("one"), path("two")]);
    await client.restore(path("two"), target);
    await expectEqual("two", join(target, "two"));
    await client.restore(path("."), join(scratch.path, "both"));
    for (const name of ["one", "two"]) await expectEqual(name, join(scratch.path, "both", source, name));
  });

  test("restores a root that is a file", async () => {
    expect(await client.backup([path("one/file")])).toMatchObject({ totalFiles: 1, totalBytes: 3_000 });
    await client.restore("all", target);
    await expectEqual("one/file", join(target, "file"));
    client.time = Date.now() + 3_600_000;
    await client.backup([path("one/file")]);
    expect(await client.backup([path("one/file")])).toMatchObject({ filesUnmodified: 1, filesChanged: 0 });
    expect(client.opened).toEqual([]);
  });

  test("restores a root that is a symbolic link as that link", async () => {
    expect(await client.backup([path("one/link")])).toMatchObject({ totalFiles: 0 });
    await client.restore("all", target);
    await expectEqual("one/link", join(target, "link"));
  });

  test("restores a root below a symbolic link to a folder", async () => {
    fs.symlinkSync("one", join(source, "way"));
    await client.backup([path("way/inner")]);
    await client.restore("all", target);
    expect(describeDifferences(await compareTrees(join(source, "one/inner"), target))).toEqual([]);
  });

  test.each([
    ["a folder", "one/inner"],
    ["a file", "one/file"],
    ["a link", "one/link"],
  ])("restores %s under its own name, by its absolute and its relative path", async (_, name) => {
    await client.backup([source]);
    const last = name.slice(name.lastIndexOf("/") + 1);
    await client.restore(path(name), target);
    expect(fs.readdirSync(target)).toEqual([last]);
    await expectEqual(name, join(target, last));
    await client.restore(Buffer.from(name), join(scratch.path, "relative"));
    await expectEqual(name, join(scratch.path, "relative", last));
  });

  test("refuses a path that is not in the snapshot, and makes no target", async () => {
    await client.backup([path("one")]);
    for (const name of ["two", "one/inner/small/deeper", "one/fil", "one/link/x"]) {
      await expect(client.restore(path(name), target)).rejects.toMatchObject({ code: "not-found" });
    }
    expect(fs.existsSync(target)).toBe(false);
  });

  test("refuses a target whose folder is missing, or that is no folder", async () => {
    await client.backup([path("one")]);
    await expect(client.restore("all", join(target, "a/b"))).rejects.toMatchObject({ code: "target-failed" });
    expect(fs.existsSync(target)).toBe(false);
    fs.writeFileSync(target, "");
    await expect(client.restore("all", target)).rejects.toMatchObject({ code: "target-failed" });
  });

  describe("writes nothing where something is in the way:", () => {
    const makes: [string, (place: string) => void][] = [
      ["a file", (place) => fs.writeFileSync(place, "mine")],
      ["an empty folder", (place) => fs.mkdirSync(place)],
      ["a dangling link", (place) => fs.symlinkSync("nowhere", place)],
    ];
    const cases: [string, string, string[], string][] = [
      ["all of one root", "all", ["one"], "link"],
      ["all of several roots", "all", ["one", "two"], "/"],
      ["a folder", "one/inner", ["."], "inner"],
      ["a file", "one/file", ["."], "file"],
      ["a root that is a link", "all", ["one/link"], "link"],
    ];
    test.each(
      cases.flatMap(([what, wanted, roots, inTheWay]) =>
        makes.map(([kind, make]) => ({ what, wanted, roots, inTheWay, kind, make })),
      ),
    )("$what, $kind", async ({ wanted, roots, inTheWay, make }) => {
      await client.backup(roots.map(path));
      fs.mkdirSync(target);
      fs.writeFileSync(join(target, "other"), "mine too");
      make(join(target, inTheWay === "/" ? source.split("/")[1]! : inTheWay));
      execFileSync("touch", ["-d", "@5.5", target]);
      const before = join(scratch.path, "before");
      execFileSync("cp", ["-a", target, before]);
      const restored = client.restore(wanted === "all" ? "all" : path(wanted), target);
      await expect(restored).rejects.toMatchObject({ code: "exists" });
      expect(describeDifferences(await compareTrees(before, target))).toEqual([]);
    });
  });

  test("reports a missing root and keeps the others; refuses when none is there", async () => {
    const summary = await client.backup([path("one"), path("missing")]);
    expect(summary.errors).toBe(1);
    expect(client.warnings).toEqual([expect.stringContaining("missing")]);
    await expect(client.backup([path("missing")])).rejects.toMatchObject({ code: "source-failed" });
    expect((await client.find("latest")).number).toBe(1);
    expect(dirname(source)).toBe(scratch.path);
  });
});
