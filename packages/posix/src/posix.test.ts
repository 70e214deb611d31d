import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { namesIn } from "./attributes.js";
import { koffiPosix } from "./koffi.js";
import { loadPosix } from "./load.js";
import { nodePosix } from "./node.js";
import type { Directory, Posix } from "./posix.js";
import { FileType, Stat } from "./stat.js";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
/** One character per byte: comparable, sortable, and Buffer or Uint8Array does not matter. */
const latin1 = (name: Uint8Array) => Buffer.from(name).toString("latin1");
const asRoot = process.geteuid?.() === 0;

const isInstalled = loadPosix("auto").name === "koffi";
if (!isInstalled) process.stdout.write("posix: skipped what needs koffi: it is not installed\n");

/** The third is what macOS gets; only names beyond PATH_MAX are out of its reach. */
const implementations: { title: string; make: () => Posix; pastPathMax: boolean }[] = [
  ...(isInstalled ? [{ title: "koffi", make: koffiPosix, pastPathMax: true }] : []),
  { title: "node", make: () => nodePosix(), pastPathMax: true },
  { title: "node without /proc", make: () => nodePosix({ throughProc: false }), pastPathMax: false },
];

test("names of attributes are taken once each, in order, from whatever a file system lists", () => {
  const listed = (text: string) => namesIn(bytes(text)).map(latin1);
  expect(listed("user.b\0user.a\0user.b\0\0user.c\0")).toEqual(["user.a", "user.b", "user.c"]);
  expect(listed("user.a\0cut off")).toEqual(["cut off", "user.a"]);
  expect(listed("")).toEqual([]);
});

describe.each(implementations)("$title", ({ make, pastPathMax }) => {
  const posix = make();
  let folder: string;
  let directory: Directory;
  const stat = new Stat();

  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), "bcat-posix-"));
    directory = posix.openDirectory(bytes(folder));
  });

  afterEach(() => {
    posix.closeDirectory(directory);
    try {
      fs.rmSync(folder, { recursive: true });
    } catch {
      // Names that are no UTF-8, and paths that are too long, are beyond Node.
      execFileSync("rm", ["-rf", folder]);
    }
  });

  const path = (name: string) => join(folder, name);
  const create = (name: string | Uint8Array) =>
    posix.close(posix.createFileAt(directory, typeof name === "string" ? bytes(name) : name, 0o600));
  const codeOf = (act: () => unknown): string | undefined => {
    try {
      act();
    } catch (error) {
      const { code, errno, syscall, message } = error as NodeJS.ErrnoException;
      expect(error).toBeInstanceOf(Error);
      expect(errno).toBeLessThanOrEqual(0);
      expect(message).toContain(`${code}: `);
      expect(message).toContain(`, ${syscall}`);
      return code;
    }
    return undefined;
  };

  describe("putting entries in the place of others", () => {
    test("renameAt() takes the place of a file and of a symbolic link, which it does not follow", () => {
      fs.writeFileSync(path("other"), "other");
      fs.writeFileSync(path("file"), "old");
      fs.linkSync(path("file"), path("its other name"));
      fs.symlinkSync("other", path("link"));
      for (const to of ["file", "link"]) {
        create("new");
        posix.renameAt(directory, bytes("new"), bytes(to));
        expect(fs.lstatSync(path(to)).isFile()).toBe(true);
        expect(fs.readFileSync(path(to), "utf8")).toBe("");
      }
      expect(fs.readFileSync(path("other"), "utf8")).toBe("other");
      expect(fs.readFileSync(path("its other name"), "utf8")).toBe("old");
      expect(fs.existsSync(path("new"))).toBe(false);
    });

    test("renameAt() refuses to take the place of a directory, and what is not there", () => {
      fs.mkdirSync(path("folder"));
      create("new");
      expect(codeOf(() => posix.renameAt(directory, bytes("new"), bytes("folder")))).toBe("EISDIR");
      expect(codeOf(() => posix.renameAt(directory, bytes("none"), bytes("any")))).toBe("ENOENT");
      expect(() => posix.renameAt(directory, bytes("new"), bytes("../new"))).toThrow(RangeError);
      expect(fs.readdirSync(folder).sort()).toEqual(["folder", "new"]);
    });

    test("removeDirectoryAt() removes an empty directory, and nothing else", () => {
      fs.mkdirSync(path("empty"));
      fs.mkdirSync(path("full/inner"), { recursive: true });
      fs.symlinkSync("empty", path("link"));
      create("file");
      expect(codeOf(() => posix.removeDirectoryAt(directory, bytes("full")))).toMatch(/^(ENOTEMPTY|EEXIST)$/);
      for (const name of ["file", "link"])
        expect(codeOf(() => posix.removeDirectoryAt(directory, bytes(name)))).toBe("ENOTDIR");
      posix.removeDirectoryAt(directory, bytes("empty"));
      expect(fs.readdirSync(folder).sort()).toEqual(["file", "full", "link"]);
    });
  });

  describe("names", () => {
    test("readNames() returns every byte but NUL and slash as it was created", () => {
      const names: Uint8Array[] = [];
      for (let byte = 1; byte < 256; byte++) if (byte !== 0x2f) names.push(Uint8Array.of(byte, 0x61, byte));
      for (const name of names) create(name);
      expect(posix.readNames(directory).map(latin1).sort()).toEqual(names.map(latin1).sort());
      for (const name of names) posix.statAt(directory, name, stat);
    });

    test("names that are not UTF-8, a lone surrogate among them, are made, found, opened and linked", () => {
      for (const name of [Uint8Array.of(0xed, 0xa0, 0x80), Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xc3)]) {
        posix.makeSymlinkAt(name, directory, name);
        expect(latin1(posix.readLinkAt(directory, name))).toBe(latin1(name));
        const inner = new Uint8Array([...name, 0x64]);
        posix.makeDirectoryAt(directory, inner, 0o700);
        posix.closeDirectory(posix.openDirectoryAt(directory, inner));
      }
      expect(posix.readNames(directory)).toHaveLength(6);
    });

    test.each(["", ".", "..", "a/b", "/", "a\0", "\0"])("%j is refused as a name before any effect", (name) => {
      const calls = [
        () => posix.statAt(directory, bytes(name), stat),
        () => posix.openDirectoryAt(directory, bytes(name)),
        () => posix.createFileAt(directory, bytes(name), 0o600),
        () => posix.makeDirectoryAt(directory, bytes(name), 0o700),
        () => posix.setTimesAt(directory, bytes(name), 0, 0),
      ];
      for (const call of calls) expect(call).toThrow(RangeError);
      expect(posix.readNames(directory)).toEqual([]);
    });

    test.each(["...", "..a", ".a", "a.", "a."])("%j is a name like any other", (name) => {
      create(name);
      expect(posix.readNames(directory).map(latin1)).toEqual([name]);
    });

    test("names of 255 bytes are fine, longer ones are ENAMETOOLONG", () => {
      create("n".repeat(255));
      posix.statAt(directory, bytes("n".repeat(255)), stat);
      for (const length of [256, 5_000, 100_000])
        expect(codeOf(() => posix.statAt(directory, bytes("n".repeat(length)), stat))).toBe("ENAMETOOLONG");
    });

    test("readNames() reads 2,000 names completely, and again", () => {
      const expected: string[] = [];
      for (let index = 0; index < 2_000; index++) {
        const name = `${index}-${"x".repeat(index % 97)}`;
        expected.push(name);
        fs.writeFileSync(path(name), "");
      }
      expected.sort();
      expect(posix.readNames(directory).map(latin1).sort()).toEqual(expected);
      expect(posix.readNames(directory).map(latin1).sort()).toEqual(expected);
    });

    test("readNames() gives names that later calls do not overwrite", () => {
      create("first");
      const [first] = posix.readNames(directory);
      fs.unlinkSync(path("first"));
      create("other");
      posix.readNames(directory);
      expect(latin1(first!)).toBe("first");
    });

    test.runIf(pastPathMax)("directories nested beyond PATH_MAX can be made, walked and read", () => {
      const level = bytes("d".repeat(50));
      const levels: Directory[] = [directory];
      for (let depth = 0; depth < 300; depth++) {
        posix.makeDirectoryAt(levels.at(-1)!, level, 0o700);
        levels.push(posix.openDirectoryAt(levels.at(-1)!, level));
      }
      const deepest = levels.at(-1)!;
      expect(deepest.path.length).toBe(folder.length + 300 * 51);
      posix.close(posix.createFileAt(deepest, bytes("leaf"), 0o600));
      posix.setTimesAt(deepest, bytes("leaf"), 1_000_000_000, 5_000);
      posix.statAt(deepest, bytes("leaf"), stat);
      expect(stat.mtimeSeconds).toBe(1_000_000_000);
      expect(posix.readNames(deepest).map(latin1)).toEqual(["leaf"]);
      for (const opened of levels.slice(1)) posix.closeDirectory(opened);
    });
  });

  describe.runIf(posix.openParent !== undefined)("openParent()", () => {
    test("opens the directory that one lies in, which knows its path, and has one above it too", () => {
      fs.mkdirSync(path("a/b/c"), { recursive: true });
      const levels = [directory];
      for (const name of ["a", "b", "c"]) levels.push(posix.openDirectoryAt(levels.at(-1)!, bytes(name)));
      let inner = levels[3]!;
      for (const above of levels.slice(0, 3).reverse()) {
        const opened = posix.openParent!(inner);
        expect(fs.fstatSync(opened.fd).ino).toBe(fs.fstatSync(above.fd).ino);
        expect(latin1(opened.path)).toBe(latin1(above.path));
        posix.closeDirectory(inner);
        inner = opened;
      }
      for (const opened of [inner, ...levels.slice(1, 3)]) posix.closeDirectory(opened);
    });

    test("goes where a directory has been moved to, and refuses what was opened by a path", () => {
      fs.mkdirSync(path("a/b"), { recursive: true });
      const outer = posix.openDirectoryAt(directory, bytes("a"));
      const inner = posix.openDirectoryAt(outer, bytes("b"));
      fs.renameSync(path("a/b"), path("b"));
      const opened = posix.openParent!(inner);
      expect(fs.fstatSync(opened.fd).ino).toBe(fs.fstatSync(directory.fd).ino);
      expect(() => posix.openParent!(directory)).toThrow(RangeError);
      for (const each of [outer, inner, opened]) posix.closeDirectory(each);
    });
  });

  test("the path of a directory is right when its name was in memory that is used again", () => {
    fs.mkdirSync(path("below"));
    const name = bytes("below");
    const opened = posix.openDirectoryAt(directory, name);
    name.fill(0x78);
    expect(latin1(opened.path)).toBe(path("below"));
    posix.closeDirectory(opened);
  });

  describe("Stat", () => {
    const fieldsFromNode = (found: fs.BigIntStats) => ({
      mode: Number(found.mode & 0o7777n),
      uid: Number(found.uid),
      gid: Number(found.gid),
      size: Number(found.size),
      links: Number(found.nlink),
      mtime: found.mtimeNs,
      ctime: found.ctimeNs,
      birth: found.birthtimeNs,
      inode: found.ino,
      device: found.dev,
      special: found.rdev,
      blocks: Number(found.blocks),
    });
    const nanoseconds = (seconds: number, rest: number) => BigInt(seconds) * 1_000_000_000n + BigInt(rest);
    const makedev = (major: number, minor: number) =>
      (BigInt(major & 0xfff) << 8n) | BigInt(minor & 0xff) | (BigInt(minor & 0xfff00) << 12n);
    const fieldsOf = (found: Stat) => ({
      mode: found.mode,
      uid: found.uid,
      gid: found.gid,
      size: found.size,
      links: found.links,
      mtime: nanoseconds(found.mtimeSeconds, found.mtimeNanoseconds),
      ctime: nanoseconds(found.ctimeSeconds, found.ctimeNanoseconds),
      birth: nanoseconds(found.birthSeconds, found.birthNanoseconds),
      inode: (BigInt(found.inodeHigh) << 32n) | BigInt(found.inodeLow),
      device: makedev(found.deviceMajor, found.deviceMinor),
      special: makedev(found.specialMajor, found.specialMinor),
      blocks: found.blocks,
    });

    test.each([
      ["file", FileType.FILE, (at: string) => fs.writeFileSync(at, "x".repeat(70_000), { mode: 0o640 })],
      ["directory", FileType.DIRECTORY, (at: string) => fs.mkdirSync(join(at, "inner"), { recursive: true })],
      ["symlink", FileType.SYMLINK, (at: string) => fs.symlinkSync("nowhere", at)],
      ["fifo", FileType.FIFO, (at: string) => execFileSync("mkfifo", [at])],
      ["sparse file above 4 GiB", FileType.FILE, (at: string) => execFileSync("truncate", ["-s", "5000000007", at])],
      ["setuid file", FileType.FILE, (at: string) => execFileSync("install", ["-m", "6755", "/dev/null", at])],
      ["time before 1970", FileType.FILE, (at: string) => execFileSync("touch", ["-d", "1969-12-31T23:59:58.25Z", at])],
    ])("statAt() equals lstat for a %s", (_, type, make) => {
      make(path("it"));
      posix.statAt(directory, bytes("it"), stat);
      expect(stat.type).toBe(type);
      expect(fieldsOf(stat)).toEqual(fieldsFromNode(fs.lstatSync(path("it"), { bigint: true })));
    });

    test("statAt() equals lstat for /dev/null, and knows its device numbers", () => {
      const devices = posix.openDirectory(bytes("/dev"));
      posix.statAt(devices, bytes("null"), stat);
      posix.closeDirectory(devices);
      expect(stat.type).toBe(FileType.CHARACTER);
      expect([stat.specialMajor, stat.specialMinor]).toEqual([1, 3]);
      expect(fieldsOf(stat)).toEqual(fieldsFromNode(fs.lstatSync("/dev/null", { bigint: true })));
    });

    test("statFile() equals fstat", () => {
      fs.writeFileSync(path("it"), "12345");
      const fd = posix.openFileAt(directory, bytes("it"));
      posix.statFile(fd, stat);
      expect(stat.type).toBe(FileType.FILE);
      expect(fieldsOf(stat)).toEqual(fieldsFromNode(fs.fstatSync(fd, { bigint: true })));
      posix.close(fd);
    });

    test("every field of a reused Stat is overwritten", () => {
      create("it");
      const fresh = Object.assign(new Stat(), { wantsAccessTime: true });
      posix.statAt(directory, bytes("it"), fresh);
      const used = new Stat();
      for (const field of Object.keys(used) as (keyof Stat)[]) Object.assign(used, { [field]: 4_294_967_295.5 });
      used.wantsAccessTime = true;
      posix.statAt(directory, bytes("it"), used);
      expect(used).toEqual(fresh);
    });
  });

  describe("times", () => {
    const YEAR_2200 = 7_258_118_400;
    const cases: [number, number][] = [
      [0, 0],
      [1_700_000_000, 123_456_789],
      [1_700_000_000, 999_999_999],
      [2 ** 31 - 1, 999_999_999],
      [-1, 0],
      [-1, 999_999_999],
      [-5, 250_000_001],
      [-2_000_000_000, 1],
      [YEAR_2200, 123_456_789],
      [YEAR_2200, 999_999_999],
    ];

    /** What may be found: the time itself, or, in microseconds, the time rounded down. */
    const kept = (nanoseconds: number) => (posix.exactTimes ? nanoseconds : Math.floor(nanoseconds / 1_000) * 1_000);

    test.each(cases)("setTimesAt() sets %d s %d ns on a file, a directory and a symlink", (seconds, nanoseconds) => {
      create("file");
      posix.makeDirectoryAt(directory, bytes("directory"), 0o700);
      posix.makeSymlinkAt(bytes("file"), directory, bytes("symlink"));
      for (const name of ["symlink", "directory", "file"]) {
        posix.setTimesAt(directory, bytes(name), seconds, nanoseconds);
        posix.statAt(directory, bytes(name), stat);
        expect([name, stat.mtimeSeconds, stat.mtimeNanoseconds]).toEqual([name, seconds, kept(nanoseconds)]);
        const { atimeNs, mtimeNs } = fs.lstatSync(path(name), { bigint: true });
        expect(atimeNs).toBe(mtimeNs);
      }
    });

    test("access times are set beside others, and seen by whoever wants them", () => {
      create("file");
      const fd = fs.openSync(path("file"), "r+");
      const stat = Object.assign(new Stat(), { wantsAccessTime: true });
      const found = () => [stat.atimeSeconds, stat.atimeNanoseconds, stat.mtimeSeconds, stat.mtimeNanoseconds];
      posix.setTimesAt(directory, bytes("file"), 1_000, 5_000, { seconds: 2_000_000_000, nanoseconds: 7_000 });
      posix.statFile(fd, stat);
      expect(found()).toEqual([2_000_000_000, 7_000, 1_000, 5_000]);
      posix.setFileTimes(fd, 3_000, 6_000, { seconds: 1_000_000_000, nanoseconds: 999_999_000 });
      posix.statAt(directory, bytes("file"), stat);
      expect(found()).toEqual([1_000_000_000, 999_999_000, 3_000, 6_000]);
      expect(() => posix.setTimesAt(directory, bytes("file"), 1, 0, { seconds: 1, nanoseconds: -1 })).toThrow(
        RangeError,
      );
      fs.closeSync(fd);
    });

    test.each(cases)("setFileTimes() sets %d s %d ns", (seconds, nanoseconds) => {
      const fd = posix.createFileAt(directory, bytes("file"), 0o600);
      posix.setFileTimes(fd, seconds, nanoseconds);
      posix.close(fd);
      posix.statAt(directory, bytes("file"), stat);
      expect([stat.mtimeSeconds, stat.mtimeNanoseconds]).toEqual([seconds, kept(nanoseconds)]);
    });

    test("a time that the file system cannot hold is reported", () => {
      const fd = posix.createFileAt(directory, bytes("file"), 0o600);
      const yearMillion = 31_494_784_780_800;
      const set = codeOf(() => posix.setTimesAt(directory, bytes("file"), yearMillion, 0));
      posix.statAt(directory, bytes("file"), stat);
      expect(set).toBe(stat.mtimeSeconds === yearMillion ? undefined : "ETIMENOTSET");
      expect(codeOf(() => posix.setFileTimes(fd, yearMillion, 0))).toBe(set);
      posix.close(fd);
    });

    test("a time in 2446, where doubles are coarser than a microsecond, is set or reported", () => {
      create("file");
      let reported = 0;
      for (let nanoseconds = 0; nanoseconds < 20_000; nanoseconds += 1_000) {
        const seconds = 15_000_000_000;
        const code = codeOf(() => posix.setTimesAt(directory, bytes("file"), seconds, nanoseconds));
        posix.statAt(directory, bytes("file"), stat);
        const error = (stat.mtimeSeconds - seconds) * 1e9 + stat.mtimeNanoseconds - nanoseconds;
        expect(code).toBe(Math.abs(error) > 1_000 ? "ETIMENOTSET" : undefined);
        expect(Math.abs(error)).toBeLessThan(posix.exactTimes ? 1 : 3_000);
        if (code !== undefined) reported++;
      }
      if (posix.exactTimes) expect(reported).toBe(0);
    });

    test.each([
      [0.5, 0],
      [Number.NaN, 0],
      [2 ** 53, 0],
      [0, -1],
      [0, 1_000_000_000],
      [0, 2 ** 30 - 1], // UTIME_NOW
      [0, 2 ** 30 - 2], // UTIME_OMIT
    ])("%d s %d ns is no time", (seconds, nanoseconds) => {
      const fd = posix.createFileAt(directory, bytes("file"), 0o600);
      expect(() => posix.setTimesAt(directory, bytes("file"), seconds, nanoseconds)).toThrow(RangeError);
      expect(() => posix.setFileTimes(fd, seconds, nanoseconds)).toThrow(RangeError);
      posix.close(fd);
    });
  });

  describe("symbolic links", () => {
    test("no call follows one", () => {
      const outside = path("outside");
      fs.mkdirSync(outside, { mode: 0o750 });
      fs.writeFileSync(join(outside, "file"), "secret", { mode: 0o640 });
      const before = fs.lstatSync(join(outside, "file"), { bigint: true });
      fs.symlinkSync("outside", path("to-directory"));
      fs.symlinkSync("outside/file", path("to-file"));
      fs.symlinkSync("outside/new", path("to-nothing"));

      expect(codeOf(() => posix.openDirectoryAt(directory, bytes("to-directory")))).toMatch(/^(ENOTDIR|ELOOP)$/);
      expect(codeOf(() => posix.openFileAt(directory, bytes("to-file")))).toBe("ELOOP");
      expect(codeOf(() => posix.createFileAt(directory, bytes("to-nothing"), 0o600))).toBe("EEXIST");
      expect(codeOf(() => posix.makeDirectoryAt(directory, bytes("to-nothing"), 0o700))).toBe("EEXIST");
      expect(codeOf(() => posix.setModeAt(directory, bytes("to-file"), 0o777))).toBe("ENOTSUP");
      posix.setTimesAt(directory, bytes("to-file"), 1, 0);
      posix.setOwnerAt(directory, bytes("to-file"), asRoot ? 1234 : -1, -1);

      expect(fs.readdirSync(outside)).toEqual(["file"]);
      expect(fs.lstatSync(join(outside, "file"), { bigint: true })).toEqual(before);
      posix.statAt(directory, bytes("to-file"), stat);
      expect([stat.type, stat.mtimeSeconds]).toEqual([FileType.SYMLINK, 1]);
      if (asRoot) expect(stat.uid).toBe(1234);
    });

    test("openDirectory() follows one, for it is the user who named it", () => {
      fs.mkdirSync(path("real"));
      fs.symlinkSync("real", path("link"));
      const opened = posix.openDirectory(bytes(path("link")));
      expect(posix.readNames(opened)).toEqual([]);
      posix.closeDirectory(opened);
    });

    test("targets of 1 to 4,095 bytes come back, longer ones are refused", () => {
      for (const length of [1, 255, 4_095]) {
        posix.makeSymlinkAt(bytes("t".repeat(length)), directory, bytes(`to-${length}`));
        expect(posix.readLinkAt(directory, bytes(`to-${length}`))).toHaveLength(length);
      }
      for (const length of [4_096, 8_192, 70_000])
        expect(codeOf(() => posix.makeSymlinkAt(bytes("t".repeat(length)), directory, bytes("x")))).toBe(
          "ENAMETOOLONG",
        );
      expect(() => posix.makeSymlinkAt(bytes(""), directory, bytes("x"))).toThrow(RangeError);
    });
  });

  describe("files", () => {
    test("writeFile() writes all of the bytes at the position, out of ordinary and of shared memory", () => {
      const file = posix.createFileAt(directory, Buffer.from("written"), 0o600);
      const shared = new Uint8Array(new SharedArrayBuffer(12)).subarray(4);
      shared.set(Buffer.from("world..."));
      posix.writeFile(file, Buffer.from("-hello").subarray(1), 2);
      posix.writeFile(file, shared.subarray(0, 5), 7);
      posix.writeFile(file, new Uint8Array(0), 100);
      posix.writeFile(file, Buffer.from("far"), 2 ** 32 + 1);
      posix.close(file);
      expect(fs.statSync(path("written")).size).toBe(2 ** 32 + 4);
      const found = Buffer.alloc(13);
      const reading = fs.openSync(path("written"), "r");
      fs.readSync(reading, found, 0, 13, 0);
      fs.closeSync(reading);
      expect(found.toString("latin1")).toBe("\0\0helloworld\0");
    });

    test("writeFile() says why it cannot write", () => {
      fs.writeFileSync(path("read only"), "");
      const file = posix.openFileAt(directory, Buffer.from("read only"));
      expect(() => posix.writeFile(file, Buffer.from("x"), 0)).toThrow(/^EBADF: /);
      posix.close(file);
    });

    test("descriptors work with fs.readSync and fs.writeSync", () => {
      const made = posix.createFileAt(directory, bytes("file"), 0o600);
      fs.writeSync(made, "hello");
      posix.close(made);
      const opened = posix.openFileAt(directory, bytes("file"));
      const buffer = Buffer.alloc(10);
      expect(fs.readSync(opened, buffer, 0, 10, 0)).toBe(5);
      expect(buffer.toString("latin1", 0, 5)).toBe("hello");
      posix.close(opened);
    });

    test("descriptors are not inherited by child processes", () => {
      const fd = posix.createFileAt(directory, bytes("file"), 0o600);
      const flags = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
      posix.close(fd);
      expect(Number.parseInt(/flags:\s*(\d+)/.exec(flags)![1]!, 8) & 0o2000000).toBe(0o2000000);
    });

    test("openFileAt() does not wait for a writer of a fifo", () => {
      execFileSync("mkfifo", [path("fifo")]);
      posix.close(posix.openFileAt(directory, bytes("fifo")));
    });

    test.runIf(asRoot)("openFileAt() leaves the access time, and opens files of others all the same", () => {
      create("mine");
      fs.chmodSync(path("mine"), 0o644);
      fs.chmodSync(folder, 0o755);
      const fd = posix.openFileAt(directory, bytes("mine"));
      const flags = fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
      expect(Number.parseInt(/flags:\s*(\d+)/.exec(flags)![1]!, 8) & fs.constants.O_NOATIME).not.toBe(0);
      posix.close(fd);
      process.seteuid!(65_534);
      try {
        posix.close(posix.openFileAt(directory, bytes("mine")));
        expect(codeOf(() => posix.createFileAt(directory, bytes("new"), 0o600))).toBe("EACCES");
        expect(codeOf(() => posix.setTimesAt(directory, bytes("mine"), 1, 0))).toBe("EPERM");
      } finally {
        process.seteuid!(0);
      }
    });

    test.runIf(asRoot)("openDirectoryAt() leaves the access time, and lists folders of others all the same", () => {
      fs.mkdirSync(path("mine"), { mode: 0o755 });
      fs.writeFileSync(path("mine/file"), "");
      fs.chmodSync(folder, 0o755);
      const list = () => {
        // Older than the mtime: also where access times are updated once a day, it would be now.
        fs.utimesSync(path("mine"), 1_000, 2_000);
        const opened = posix.openDirectoryAt(directory, bytes("mine"));
        expect(posix.readNames(opened)).toHaveLength(1);
        posix.closeDirectory(opened);
        return fs.statSync(path("mine")).atimeMs;
      };
      if (posix.name === "koffi") expect(list()).toBe(1_000_000);
      fs.chownSync(path("mine"), 65_533, 65_533);
      fs.utimesSync(path("mine"), 1_000, 2_000);
      process.seteuid!(65_534);
      try {
        const opened = posix.openDirectoryAt(directory, bytes("mine"));
        expect(posix.readNames(opened)).toHaveLength(1);
        posix.closeDirectory(opened);
      } finally {
        process.seteuid!(0);
      }
    });

    test("modes are set on files, directories and descriptors, the upper bits too", () => {
      posix.makeDirectoryAt(directory, bytes("directory"), 0o700);
      const fd = posix.createFileAt(directory, bytes("file"), 0o600);
      posix.setModeAt(directory, bytes("directory"), 0o1751);
      posix.setModeAt(directory, bytes("file"), 0);
      expect(fs.lstatSync(path("directory")).mode & 0o7777).toBe(0o1751);
      expect(fs.lstatSync(path("file")).mode & 0o7777).toBe(0);
      posix.setFileMode(fd, 0o4755);
      expect(fs.lstatSync(path("file")).mode & 0o7777).toBe(0o4755);
      posix.close(fd);
    });

    test.runIf(asRoot)("owners are set up to the largest number, and -1 leaves one as it is", () => {
      const fd = posix.createFileAt(directory, bytes("file"), 0o600);
      posix.setFileOwner(fd, 1_001, 1_002);
      posix.setOwnerAt(directory, bytes("file"), 4_294_967_294, -1);
      posix.statFile(fd, stat);
      expect([stat.uid, stat.gid]).toEqual([4_294_967_294, 1_002]);
      posix.setFileOwner(fd, -1, 7);
      posix.statFile(fd, stat);
      expect([stat.uid, stat.gid]).toEqual([4_294_967_294, 7]);
      posix.close(fd);
    });
  });

  describe("errors", () => {
    test("have the code of the system, and name the path as the user knows it", () => {
      create("file");
      expect(codeOf(() => posix.statAt(directory, bytes("missing"), stat))).toBe("ENOENT");
      expect(codeOf(() => posix.openFileAt(directory, bytes("missing")))).toBe("ENOENT");
      expect(codeOf(() => posix.openDirectory(bytes(path("missing"))))).toBe("ENOENT");
      expect(codeOf(() => posix.openDirectory(bytes(path("file"))))).toBe("ENOTDIR");
      expect(codeOf(() => posix.openDirectoryAt(directory, bytes("file")))).toBe("ENOTDIR");
      expect(codeOf(() => posix.makeDirectoryAt(directory, bytes("file"), 0o700))).toBe("EEXIST");
      expect(codeOf(() => posix.createFileAt(directory, bytes("file"), 0o600))).toBe("EEXIST");
      expect(codeOf(() => posix.makeSymlinkAt(bytes("x"), directory, bytes("file")))).toBe("EEXIST");
      expect(codeOf(() => posix.readLinkAt(directory, bytes("file")))).toBe("EINVAL");
      expect(codeOf(() => posix.setModeAt(directory, bytes("missing"), 0))).toBe("ENOENT");
      expect(codeOf(() => posix.setTimesAt(directory, bytes("missing"), 0, 0))).toBe("ENOENT");
      expect(codeOf(() => posix.setOwnerAt(directory, bytes("missing"), -1, -1))).toBe("ENOENT");
      expect(codeOf(() => posix.close(1_000_000))).toBe("EBADF");
      expect(codeOf(() => posix.statFile(1_000_000, stat))).toBe("EBADF");
      expect(() => posix.statAt(directory, bytes("missing"), stat)).toThrow(`'${folder}/missing'`);
      expect(() => posix.openDirectory(bytes("a\0b"))).toThrow(RangeError);
    });
  });

  describe("makeLinkAt()", () => {
    const inodeOf = (name: string) => fs.lstatSync(path(name)).ino;

    test("gives a file another name, in another directory too, and a symbolic link the link itself", () => {
      create("file");
      posix.makeSymlinkAt(bytes("file"), directory, bytes("symlink"));
      posix.makeDirectoryAt(directory, bytes("directory"), 0o700);
      const below = posix.openDirectoryAt(directory, bytes("directory"));
      posix.makeLinkAt(directory, bytes("file"), below, bytes("other"));
      posix.makeLinkAt(directory, bytes("symlink"), directory, bytes("second"));
      posix.closeDirectory(below);
      expect(inodeOf("directory/other")).toBe(inodeOf("file"));
      expect(inodeOf("second")).toBe(inodeOf("symlink"));
      posix.statAt(directory, bytes("file"), stat);
      expect(stat.links).toBe(2);
    });

    test("replaces nothing, and takes no name that leads elsewhere", () => {
      create("file");
      create("taken");
      fs.symlinkSync("nowhere", path("dangling"));
      for (const name of ["taken", "dangling"])
        expect(codeOf(() => posix.makeLinkAt(directory, bytes("file"), directory, bytes(name)))).toBe("EEXIST");
      expect(codeOf(() => posix.makeLinkAt(directory, bytes("missing"), directory, bytes("new")))).toBe("ENOENT");
      expect(() => posix.makeLinkAt(directory, bytes("../x"), directory, bytes("new"))).toThrow(RangeError);
      expect(() => posix.makeLinkAt(directory, bytes("file"), directory, bytes("a/b"))).toThrow(RangeError);
    });
  });

  const { makeNodeAt } = posix;
  if (makeNodeAt !== undefined) {
    describe("makeNodeAt()", () => {
      const make = (name: string, type: FileType, major?: number, minor?: number) => {
        makeNodeAt(directory, bytes(name), { type, mode: 0o600, major, minor });
        posix.statAt(directory, bytes(name), stat);
        return [stat.type, stat.mode, stat.specialMajor, stat.specialMinor];
      };

      test("makes fifos and sockets, and replaces nothing", () => {
        expect(make("fifo", FileType.FIFO)).toEqual([FileType.FIFO, 0o600, 0, 0]);
        expect(make("socket", FileType.SOCKET)).toEqual([FileType.SOCKET, 0o600, 0, 0]);
        expect(codeOf(() => make("fifo", FileType.FIFO))).toBe("EEXIST");
        expect(() => make("../fifo", FileType.FIFO)).toThrow(RangeError);
        expect(() => make("file", FileType.FILE)).toThrow(RangeError);
      });

      test.runIf(asRoot)("makes device nodes of any number that the kernel knows", () => {
        // 12 bits of major, 20 of minor.
        for (const [major, minor] of [
          [1, 3],
          [4095, 0xf_ffff],
        ] as const) {
          expect(make(`char-${major}`, FileType.CHARACTER, major, minor)).toEqual([4, 0o600, major, minor]);
          expect(make(`block-${major}`, FileType.BLOCK, major, minor)).toEqual([5, 0o600, major, minor]);
        }
      });
    });
  }

  // The others have no such call.
  if (posix.renameExclusive !== undefined) {
    describe("renameExclusive()", () => {
      const rename = (from: string, to: string) => posix.renameExclusive?.(bytes(path(from)), bytes(path(to)));

      test("gives a file another name", () => {
        fs.writeFileSync(path("from"), "it");
        rename("from", "to");
        expect(fs.readdirSync(folder)).toEqual(["to"]);
        expect(fs.readFileSync(path("to"), "latin1")).toBe("it");
      });

      test("replaces nothing: no file, no link that leads nowhere, no empty directory", () => {
        fs.writeFileSync(path("from"), "it");
        fs.writeFileSync(path("file"), "another");
        fs.symlinkSync("nowhere", path("link"));
        fs.mkdirSync(path("directory"));
        for (const name of ["file", "link", "directory", "from"])
          expect(codeOf(() => rename("from", name))).toBe("EEXIST");
        expect(fs.readdirSync(folder).sort()).toEqual(["directory", "file", "from", "link"]);
        expect(fs.readFileSync(path("file"), "latin1")).toBe("another");
      });

      test("takes names of any bytes, and refuses what is no path", () => {
        const odd = Buffer.concat([bytes(`${folder}/`), Uint8Array.of(0xed, 0xa0, 0x80)]);
        fs.writeFileSync(path("from"), "it");
        posix.renameExclusive?.(bytes(path("from")), odd);
        expect(posix.readNames(directory).map(latin1)).toEqual(["\xed\xa0\x80"]);
        for (const none of ["", "a\0b"]) {
          expect(() => posix.renameExclusive?.(odd, bytes(none))).toThrow(RangeError);
          expect(() => posix.renameExclusive?.(bytes(none), odd)).toThrow(RangeError);
        }
      });

      test("reports what is missing or too long, and names the path that it was to have", () => {
        create("from");
        expect(codeOf(() => rename("missing", "to"))).toBe("ENOENT");
        expect(() => rename("missing", "to")).toThrow(`'${folder}/to'`);
        for (const length of [256, 5_000, 100_000]) {
          expect(codeOf(() => rename("from", "n".repeat(length)))).toBe("ENAMETOOLONG");
          expect(codeOf(() => rename("n".repeat(length), "to"))).toBe("ENAMETOOLONG");
        }
      });
    });
  }

  test("closeDirectory() and failed calls leave no descriptor open", () => {
    fs.symlinkSync("nowhere", path("link"));
    const open = () => fs.readdirSync("/proc/self/fd").length;
    const before = open();
    for (let round = 0; round < 50; round++) {
      posix.closeDirectory(posix.openDirectory(bytes(folder)));
      codeOf(() => posix.openFileAt(directory, bytes("link")));
      codeOf(() => posix.setModeAt(directory, bytes("link"), 0o700));
      codeOf(() => posix.openDirectoryAt(directory, bytes("missing")));
      posix.readNames(directory);
    }
    expect(open()).toBe(before);
  });
});
