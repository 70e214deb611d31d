import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeScratch, type Scratch } from "./scratch.js";
import { compareTrees, describeDifferences, type WalkOptions } from "./walker.js";

const asRoot = process.geteuid?.() === 0;
const latin1 = (path: string) => Buffer.from(path, "latin1");

describe("compareTrees()", () => {
  let scratch: Scratch;
  let left: string;
  let right: string;

  beforeEach(() => {
    scratch = makeScratch(2 ** 26)!;
    left = join(scratch.path, "left");
    right = join(scratch.path, "right");
    fs.mkdirSync(join(left, "folder/inner"), { recursive: true });
    fs.mkdirSync(join(left, "empty"));
    fs.writeFileSync(join(left, "file"), "content");
    fs.writeFileSync(join(left, "folder/inner/large"), Buffer.alloc(3 * 2 ** 20 + 17, 7));
    fs.writeFileSync(latin1(join(left, "folder/\xff\xfe\x01")), "no UTF-8");
    fs.symlinkSync("file", join(left, "link"));
    execFileSync("mkfifo", [join(left, "fifo")]);
    touch(join(left, "file"), "1969-12-31T23:59:59.999999999Z");
    execFileSync("cp", ["-a", left, right]);
  });

  afterEach(async () => await scratch[Symbol.asyncDispose]());

  /** The differences after `change`, without those that every change of a directory brings about. */
  const found = async (change: () => void, options: WalkOptions = {}) => {
    const parents = ["", "folder", "folder/inner"].map((path) => join(right, path));
    const times = parents.map((path) => fs.lstatSync(path, { bigint: true }).mtimeNs);
    change();
    parents.forEach((path, i) => {
      if (fs.existsSync(path))
        touch(path, `@${times[i]! / 10n ** 9n}.${String(times[i]! % 10n ** 9n).padStart(9, "0")}`);
    });
    return (await compareTrees(left, right, { timeUnit: 1n, ...options })).differences.map(({ path, what }) => [
      path,
      what,
    ]);
  };

  test("finds none in equal trees, and counts them", async () => {
    const comparison = await compareTrees(left, right);
    expect(describeDifferences(comparison)).toEqual([]);
    expect(comparison).toMatchObject({
      files: 3,
      directories: 4,
      symlinks: 1,
      special: 1,
      bytes: 7 + 8 + 3 * 2 ** 20 + 17,
    });
  });

  test("finds none in a tree compared with itself by way of bytes", async () => {
    expect((await compareTrees(Buffer.from(left), Buffer.from(left))).differences).toEqual([]);
  });

  test.each([0, 2 ** 20 - 1, 2 ** 20, 3 * 2 ** 20 + 16])("notices one byte of content, at %i", async (position) => {
    const change = () => {
      const path = join(right, "folder/inner/large");
      const { mtimeNs } = fs.lstatSync(path, { bigint: true });
      const fd = fs.openSync(path, "r+");
      fs.writeSync(fd, Uint8Array.of(8), 0, 1, position);
      fs.closeSync(fd);
      touch(path, `@${mtimeNs / 10n ** 9n}.${String(mtimeNs % 10n ** 9n).padStart(9, "0")}`);
    };
    expect(await found(change)).toEqual([["folder/inner/large", "content"]]);
    expect((await compareTrees(left, right)).differences[0]?.left).toBe(`first at byte ${position}`);
  });

  test("notices one byte more or less", async () => {
    const resize = (size: number) => () => {
      fs.truncateSync(join(right, "file"), size);
      touch(join(right, "file"), "1969-12-31T23:59:59.999999999Z");
    };
    expect(await found(resize(8))).toEqual([["file", "size"]]);
    expect(await found(resize(6))).toEqual([["file", "size"]]);
    expect(await found(resize(0))).toEqual([["file", "size"]]);
  });

  test.each(["file", "link", "empty"])("notices one nanosecond of the mtime of %s, before 1970 too", async (name) => {
    for (const [a, b] of [
      ["2200-01-01T00:00:00.000000000Z", "2200-01-01T00:00:00.000000001Z"],
      ["1950-01-01T00:00:00.000000001Z", "1950-01-01T00:00:00.000000002Z"],
      ["1970-01-01T00:00:00.000000000Z", "1969-12-31T23:59:59.999999999Z"],
    ] as const) {
      touch(join(left, name), a);
      expect(await found(() => touch(join(right, name), b))).toEqual([[name, "mtime"]]);
      expect(await found(() => touch(join(right, name), a))).toEqual([]);
    }
  });

  test("compares times in the unit it is told, rounded down", async () => {
    const compare = async (a: string, b: string) => {
      touch(join(left, "file"), a);
      touch(join(right, "file"), b);
      return (await compareTrees(left, right, { timeUnit: 1_000n })).differences.length;
    };
    expect(await compare("@5.000001000", "@5.000001999")).toBe(0);
    expect(await compare("@5.000001999", "@5.000002000")).toBe(1);
    expect(await compare("1969-12-31T23:59:59.999999000Z", "1969-12-31T23:59:59.999999999Z")).toBe(0);
    expect(await compare("1969-12-31T23:59:59.999999999Z", "@0")).toBe(1);
  });

  test("notices the mtime of the directories themselves, unless told not to", async () => {
    touch(right, "@5");
    expect((await compareTrees(left, right)).differences).toMatchObject([{ path: ".", what: "mtime" }]);
    expect((await compareTrees(left, right, { ignoreTopTime: true })).differences).toEqual([]);
    touch(join(right, "folder"), "@5");
    expect((await compareTrees(left, right, { ignoreTopTime: true })).differences).toMatchObject([{ path: "folder" }]);
  });

  test("notices every bit of the mode of a file and of a directory", async () => {
    for (const [name, mode] of [
      ["file", 0o644],
      ["empty", 0o755],
    ] as const) {
      fs.chmodSync(join(left, name), mode);
      for (let bit = 1; bit < 0o10000; bit *= 2) {
        // Others than root could then not look into it.
        if (!asRoot && (bit & 0o500 & mode) !== 0) continue;
        expect(await found(() => fs.chmodSync(join(right, name), mode ^ bit))).toEqual([[name, "mode"]]);
      }
      expect(await found(() => fs.chmodSync(join(right, name), mode))).toEqual([]);
    }
  });

  test.skipIf(!asRoot)("notices another user or group of a file, directory and symlink", async () => {
    for (const name of ["file", "empty", "link"]) {
      expect(await found(() => fs.lchownSync(join(right, name), 1, 0))).toEqual([[name, "owner"]]);
      expect(await found(() => fs.lchownSync(join(right, name), 0, 1))).toEqual([[name, "owner"]]);
      expect(await found(() => undefined, { ignoreOwner: true })).toEqual([]);
      expect(await found(() => fs.lchownSync(join(right, name), 0, 0))).toEqual([]);
    }
  });

  test("notices another link target", async () => {
    const { mtimeNs } = fs.lstatSync(join(left, "link"), { bigint: true });
    const relink = () => {
      fs.unlinkSync(join(right, "link"));
      fs.symlinkSync("file2", join(right, "link"));
      touch(join(right, "link"), `@${mtimeNs / 10n ** 9n}.${String(mtimeNs % 10n ** 9n).padStart(9, "0")}`);
    };
    expect(await found(relink)).toEqual([["link", "target"]]);
  });

  test("notices a missing and an extra entry, with names in any bytes", async () => {
    expect(await found(() => fs.unlinkSync(latin1(join(right, "folder/\xff\xfe\x01"))))).toEqual([
      ["folder/\\xff\\xfe\\x01", "missing"],
    ]);
    // The same text once decoded: both are U+FFFD to whoever reads names as UTF-8.
    expect(await found(() => fs.writeFileSync(latin1(join(right, "folder/\xff\xfd\x01")), "no UTF-8"))).toEqual([
      ["folder/\\xff\\xfe\\x01", "missing"],
      ["folder/\\xff\\xfd\\x01", "extra"],
    ]);
  });

  test("notices a missing directory with all that is in it, once", async () => {
    expect(await found(() => fs.rmSync(join(right, "folder"), { recursive: true }))).toEqual([["folder", "missing"]]);
  });

  test("notices a change of type", async () => {
    const replace = (name: string, make: () => void) => () => {
      fs.rmSync(join(right, name), { recursive: true });
      make();
    };
    expect(await found(replace("file", () => fs.mkdirSync(join(right, "file"))))).toEqual([["file", "type"]]);
    expect(await found(replace("file", () => fs.symlinkSync("file", join(right, "file"))))).toEqual([["file", "type"]]);
    expect((await found(replace("empty", () => fs.writeFileSync(join(right, "empty"), "")))).at(-2)).toEqual([
      "empty",
      "type",
    ]);
  });

  test("notices special files", async () => {
    expect(await found(() => fs.unlinkSync(join(right, "fifo")))).toEqual([["fifo", "missing"]]);
    const server = createServer().listen(join(right, "fifo"));
    await new Promise((resolve) => server.once("listening", resolve));
    const { differences } = await compareTrees(left, right, { ignoreTopTime: true });
    server.close();
    expect(differences).toMatchObject([{ path: "fifo", what: "type", left: "fifo", right: "socket" }]);
  });
});

/** Sets the mtime to the nanosecond, also of a symbolic link; by a program, for Node cannot. */
function touch(path: string, time: string): void {
  execFileSync("touch", ["-h", "-m", "-d", time, path]);
}
