/** What is in a tar archive comes into a snapshot as it is, whoever wrote it; and what an archive lies about does not. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { dump, type ImportOptions, type ImportSummary, importTar, listEntries } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { isLongRun, sliceOf } from "./kit/long-run.js";
import { makeOddTree } from "./kit/odd-tree.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { type TarItem, tarOf } from "./kit/tar.js";
import { isInstalled } from "./kit/tools.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const asRoot = process.geteuid?.() === 0;
const hasTar = isInstalled("tar", "import-tar");
const hasBsdtar = isInstalled("bsdtar", "import-tar");
const hasPython = isInstalled("python3", "import-tar");
const ROOT = Buffer.from("/archive");
const formats = sliceOf(["posix", "gnu", "oldgnu"]);

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
beforeEach(() => {
  scratch = makeScratch(2 ** 28)!;
  source = join(scratch.path, "source");
  storage = createMemoryStorage();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const inside = (...names: string[]) => join(scratch.path, ...names);

interface Imported extends ImportSummary {
  readonly warnings: readonly string[];
}

async function importOf(
  client: Client,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  const warnings: string[] = [];
  const pieces = bytes instanceof Uint8Array ? piecesOf(bytes) : bytes;
  const summary = await importTar(client.repository, pieces, {
    root: ROOT,
    scratch: { append: () => Promise.reject(new Error("full")), read: () => Promise.reject(new Error("empty")) },
    owners: { userId: () => undefined, groupId: () => undefined },
    onWarning: ({ path, message }) => warnings.push(`${Buffer.from(path).toString("latin1")}: ${message}`),
    ...options,
  });
  return { ...summary, warnings };
}

/** Of lengths that no block has. */
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 70_001) yield bytes.subarray(start, start + 70_001);
}

async function dumpOf(client: Client, below: Uint8Array): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const sink = { write: async (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
  await dump(client.repository, await client.find("latest"), "all", sink, { below });
  return Buffer.concat(pieces);
}

async function namesOf(client: Client): Promise<string[]> {
  const names: string[] = [];
  for await (const { path } of listEntries(client.repository, await client.find("latest"), undefined))
    names.push(Buffer.from(path).toString("latin1"));
  return names;
}

function makeTree(): void {
  makeOddTree(source, { isDeep: false });
  fs.writeFileSync(join(source, "two"), randomBytesOf("two", 9_000_000));
  fs.linkSync(join(source, "two"), join(source, "a link to two"));
  fs.linkSync(join(source, "two"), join(source, "links", "another"));
  execFileSync("mkfifo", [join(source, "fifo")]);
  if (asRoot) execFileSync("mknod", [join(source, "device"), "b", "7", "3"]);
}

describe("an archive", () => {
  test("of a dump is the same snapshot: it is dumped to the same bytes", async () => {
    makeTree();
    await using client = await openClient(storage);
    await client.backup([source]);
    const first = await dumpOf(client, Buffer.from(source));
    const { errors, dataAdded } = await importOf(client, first);
    expect(errors).toBe(0);
    // Names of one file have another group, so that some trees are others; every byte of a file is there already.
    expect(dataAdded).toBeLessThan(3_000_000);
    expect((await dumpOf(client, ROOT)).equals(first)).toBe(true);
  });

  test.skipIf(!hasTar).each(formats)("of GNU tar (%s) is restored as it was", async (format) => {
    makeTree();
    execFileSync("tar", [`--format=${format}`, "-cf", inside("a.tar"), "-C", source, "."]);
    await using client = await openClient(storage);
    const { errors, warnings } = await importOf(client, fs.readFileSync(inside("a.tar")));
    expect({ errors, warnings }).toEqual({ errors: 0, warnings: [] });
    await client.restore("all", inside("out"));
    // In its own forms, GNU tar has whole seconds only.
    const options = format === "posix" ? {} : { timeUnit: 1_000_000_000n };
    expect(describeDifferences(await compareTrees(source, inside("out"), options))).toEqual([]);
    expect(fs.statSync(inside("out/two")).nlink).toBe(3);
  });

  test.skipIf(!hasTar).each([
    ["posix", "0.0"],
    ["posix", "0.1"],
    ["posix", "1.0"],
    ["gnu", "0.0"],
  ])("of files with holes (%s, %s) has their zeros", async (format, version) => {
    fs.mkdirSync(source);
    const file = join(source, "holes");
    const fd = fs.openSync(file, "w");
    for (let at = 1; at < 60; at++) fs.writeSync(fd, randomBytesOf(`${at}`, 5_000), 0, 5_000, at * 300_000);
    fs.closeSync(fd);
    fs.truncateSync(file, 40_000_000);
    fs.writeFileSync(join(source, "z"), "behind it");
    const words = [
      `--format=${format}`,
      `--sparse-version=${version}`,
      "-S",
      "-cf",
      inside("a.tar"),
      "-C",
      source,
      ".",
    ];
    execFileSync("tar", words);
    expect(fs.statSync(inside("a.tar")).size).toBeLessThan(2_000_000);
    await using client = await openClient(storage);
    await importOf(client, fs.readFileSync(inside("a.tar")));
    await client.restore("all", inside("out"));
    expect(fs.readFileSync(inside("out/holes")).equals(fs.readFileSync(file))).toBe(true);
    expect(fs.readFileSync(inside("out/z"), "latin1")).toBe("behind it");
  });

  test.skipIf(!hasTar).each([
    ["of a TiB of holes with some data", { 0: "first", 1000000: "front", [2 ** 39]: "middle" }, 2 ** 40 + 7],
    ["of nothing but a hole", {}, 2 ** 33],
    ["of a short hole with data around", { 0: "first", 9000000: "second" }, 9_000_006],
  ])("%s is cut as a backup cuts it, and no zeros are made", async (_, data, size) => {
    fs.mkdirSync(source);
    const fd = fs.openSync(join(source, "holes"), "w");
    for (const [at, text] of Object.entries(data)) fs.writeSync(fd, text, Number(at));
    fs.closeSync(fd);
    fs.truncateSync(join(source, "holes"), size);
    execFileSync("tar", ["--hole-detection=seek", "-S", "-cf", inside("a.tar"), "-C", source, "."]);
    await using client = await openClient(storage);
    await client.backup([source]);
    const { bytes, errors, dataAdded } = await importOf(client, fs.readFileSync(inside("a.tar")));
    expect({ bytes, errors }).toEqual({ bytes: size, errors: 0 });
    expect(dataAdded).toBeLessThan(1_000);
    await client.restore("all", inside("out"));
    expect(fs.statSync(inside("out/holes")).size).toBe(size);
    const restored = fs.openSync(inside("out/holes"), "r");
    for (const [at, text] of Object.entries(data)) {
      const read = Buffer.alloc(text.length);
      fs.readSync(restored, read, 0, read.length, Number(at));
      expect(read.toString()).toBe(text);
    }
    fs.closeSync(restored);
  });

  test.skipIf(!hasBsdtar)("of bsdtar is restored as it was", async () => {
    makeTree();
    // It writes fractions of a second before 1970 wrongly.
    fs.rmSync(join(source, "times"), { recursive: true });
    execFileSync("bsdtar", ["--format", "pax", "-cf", inside("a.tar"), "-C", source, "."], {
      env: { ...process.env, LC_ALL: "C.UTF-8" },
      stdio: "ignore",
    });
    await using client = await openClient(storage);
    expect((await importOf(client, fs.readFileSync(inside("a.tar")))).warnings).toEqual([]);
    await client.restore("all", inside("out"));
    expect(describeDifferences(await compareTrees(source, inside("out")))).toEqual([]);
  });

  test.skipIf(!hasPython).each(sliceOf(["GNU_FORMAT", "PAX_FORMAT"]))(
    "of Python (%s) has its names and contents",
    async (form) => {
      fs.mkdirSync(join(source, "folder/".repeat(40)), { recursive: true });
      fs.writeFileSync(join(source, "folder/".repeat(40), "é"), "x");
      const script =
        "import tarfile,sys;t=tarfile.open(sys.argv[1],'w',format=getattr(tarfile,sys.argv[3]));t.add(sys.argv[2],'.');t.close()";
      execFileSync("python3", ["-c", script, inside("a.tar"), source, form]);
      await using client = await openClient(storage);
      await importOf(client, fs.readFileSync(inside("a.tar")));
      await client.restore("all", inside("out"));
      const options = { timeUnit: 1_000_000_000n };
      expect(describeDifferences(await compareTrees(source, inside("out"), options))).toEqual([]);
    },
  );

  test("with more entries than memory is taken for is put in order in a file", async () => {
    const file = new Uint8Array(2 ** 24);
    let size = 0;
    const count = isLongRun ? 20_000 : 2_000;
    const memorySize = 50 * count;
    async function* pieces() {
      for (let i = 0; i < count; i++) {
        // In no order: 7,919 is prime to the count.
        const number = (i * 7_919) % count;
        yield tarOf([{ name: `${number % 100}/${number}`, content: `${number}` }], { end: false });
      }
      yield new Uint8Array(1024);
    }
    await using client = await openClient(storage);
    const { files, directories } = await importOf(client, pieces(), {
      memorySize,
      scratch: {
        async append(bytes) {
          file.set(bytes, size);
          size += bytes.length;
        },
        read: async (offset, length) => file.slice(offset, offset + length),
      },
    });
    expect(size).toBeGreaterThan(memorySize);
    expect({ files, directories }).toEqual({ files: count, directories: 101 });
    expect((await namesOf(client)).length).toBe(count + 101);
  });
});

describe("of entries of one name", () => {
  test("the last is there, and links lead to what was there when they came", async () => {
    await using client = await openClient(storage);
    const { files, bytes } = await importOf(
      client,
      tarOf([
        { name: "a", content: "first" },
        { name: "b", type: "1", target: "a" },
        { name: "c", type: "1", target: "b" },
        { name: "a", content: "second, longer" },
        { name: "d", type: "1", target: "a" },
      ]),
    );
    expect({ files, bytes }).toEqual({ files: 4, bytes: 14 });
    await client.restore("all", inside("out"));
    const read = (name: string) => fs.readFileSync(inside("out", name), "latin1");
    expect(["a", "b", "c", "d"].map(read)).toEqual(["second, longer", "first", "first", "second, longer"]);
    const inode = (name: string) => fs.statSync(inside("out", name)).ino;
    expect([inode("a") === inode("d"), inode("b") === inode("c"), inode("a") === inode("b")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("a folder keeps what is in it when it comes again", async () => {
    await using client = await openClient(storage);
    await importOf(
      client,
      tarOf([
        { name: "d/", type: "5", mode: 0o700 },
        { name: "d/x", content: "x" },
        { name: "d/", type: "5", mode: 0o750 },
      ]),
    );
    await client.restore("all", inside("out"));
    expect(fs.statSync(inside("out/d")).mode & 0o777).toBe(0o750);
    expect(fs.readdirSync(inside("out/d"))).toEqual(["x"]);
  });
});

describe("an entry that leads out, or cannot be,", () => {
  test.each([
    ["a name with ..", { name: "a/../../x", content: "x" }, /"\.\."/],
    ["a link to a name with ..", { name: "x", type: "1", target: "../etc/passwd" }, /"\.\."/],
    ["a link to nothing", { name: "x", type: "1", target: "nowhere" }, /does not come before it/],
    ["a link to a folder", { name: "x", type: "1", target: "d" }, /a link to a folder/],
    ["what lies in a file", { name: "first/x", content: "x" }, /lies in "first", which is no folder/],
    ["what lies in a symbolic link", { name: "link/x", content: "x" }, /lies in "link", which is no folder/],
    ["a name of 1,025 bytes", { name: "n".repeat(1_025), content: "x" }, /1025 bytes/],
    ["a symbolic link to nowhere", { name: "x", type: "2", target: "" }, /link target of 0 bytes/],
  ])("is left out and named: %s", async (_, entry, says) => {
    await using client = await openClient(storage);
    const { errors, warnings } = await importOf(
      client,
      tarOf([
        { name: "first", content: "1" },
        { name: "d/", type: "5" },
        { name: "link", type: "2", target: "/etc" },
        entry,
        { name: "second", content: "2" },
      ]),
    );
    expect({ errors, warnings }).toEqual({ errors: 1, warnings: [expect.stringMatching(says)] });
    expect(await namesOf(client)).toEqual(["", "/d", "/first", "/link", "/second"].map((name) => `/archive${name}`));
    const { snapshot } = await client.find("latest");
    expect(snapshot.errors.total).toBe(1);
  });

  test("is taken without the slash, the dots and the empty names in its path", async () => {
    await using client = await openClient(storage);
    const { warnings } = await importOf(client, tarOf([{ name: "/etc//./passwd", content: "x" }]));
    expect(warnings).toEqual([]);
    expect(await namesOf(client)).toEqual(["/archive", "/archive/etc", "/archive/etc/passwd"]);
  });
});

describe("an entry of a kind that no file system has", () => {
  const around = (...entries: TarItem[]) =>
    tarOf([{ name: "first", content: "1" }, ...entries, { name: "second", content: "2" }]);

  test.each([
    ["M", /the rest of a file/],
    ["A", /form of Solaris/],
    ["E", /form of Solaris/],
    ["I", /only its owner, mode and times/],
    ["N", /form of old GNU tar/],
  ])("is left out, named and counted as an error: %s", async (type, says) => {
    await using client = await openClient(storage);
    const { errors, warnings } = await importOf(client, around({ name: "odd", type, content: "x".repeat(700) }));
    expect({ errors, warnings }).toEqual({ errors: 1, warnings: [expect.stringMatching(says)] });
    expect(warnings[0]).toMatch(/^\/archive\/odd: /);
    expect(await namesOf(client)).toEqual(["/archive", "/archive/first", "/archive/second"]);
  });

  test("is kept as GNU tar names it, and named, when it is the rest of a file in a pax archive", async () => {
    const global = "25 GNU.volume.filename=x\n25 GNU.volume.size=99808\n28 GNU.volume.offset=200192\n";
    await using client = await openClient(storage);
    const { errors, warnings } = await importOf(
      client,
      tarOf([
        { name: "head", type: "g", content: global },
        { name: "./GNUFileParts/x.2", content: "rest" },
        { name: "second", content: "2" },
      ]),
    );
    expect({ errors, warnings }).toEqual({
      errors: 1,
      warnings: [expect.stringMatching(/x\.2: .*the rest of a file/)],
    });
    expect(await namesOf(client)).toContain("/archive/GNUFileParts/x.2");
  });

  test("is left out and named, and no error, when it is the label of a volume", async () => {
    await using client = await openClient(storage);
    const { errors, skipped, warnings } = await importOf(client, around({ name: "full backup", type: "V" }));
    expect({ errors, skipped }).toEqual({ errors: 0, skipped: 1 });
    expect(warnings).toEqual([expect.stringMatching(/^\/archive\/full backup: .*label/)]);
    expect(await namesOf(client)).toEqual(["/archive", "/archive/first", "/archive/second"]);
  });

  test("is kept as a file and named when nobody knows its letter, as POSIX has it", async () => {
    await using client = await openClient(storage);
    const { errors, warnings } = await importOf(client, around({ name: "odd", type: "Q", content: "what it has" }));
    expect({ errors, warnings }).toEqual({ errors: 1, warnings: [expect.stringMatching(/type "Q".*kept as a file/)] });
    await client.restore("all", inside("out"));
    expect(fs.readFileSync(inside("out/odd"), "latin1")).toBe("what it has");
  });

  test("is left out and named when it has holes as old star writes them, which GNU tar would take for others", async () => {
    const bytes = around({ name: "holes", type: "S", content: "x".repeat(1_000) });
    bytes.write("tar\0", 1_024 + 508, "latin1");
    const sum = bytes
      .subarray(1_024, 1_536)
      .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    bytes.write(sum.toString(8).padStart(6, "0"), 1_024 + 148, "latin1");
    await using client = await openClient(storage);
    const { errors, warnings } = await importOf(client, bytes);
    expect({ errors, warnings }).toEqual({ errors: 1, warnings: [expect.stringMatching(/holes in a form of star/)] });
    expect(await namesOf(client)).toEqual(["/archive", "/archive/first", "/archive/second"]);
  });

  test.each(["7", "\0"])("is a file when its letter is %j", async (type) => {
    await using client = await openClient(storage);
    const { errors } = await importOf(client, around({ name: "file", type, content: "content" }));
    expect(errors).toBe(0);
    await client.restore("all", inside("out"));
    expect(fs.readFileSync(inside("out/file"), "latin1")).toBe("content");
  });
});

describe("archives that GNU tar makes incrementally", () => {
  test.skipIf(!hasTar).each(sliceOf(["gnu", "posix"]))("have their folders (%s)", async (format) => {
    for (const name of ["secret", "empty", "open/within"]) fs.mkdirSync(join(source, name), { recursive: true });
    fs.writeFileSync(join(source, "secret/f"), "private");
    fs.chmodSync(join(source, "secret"), 0o700);
    for (const name of ["secret", "empty", "open"]) fs.utimesSync(join(source, name), 1_000_000_000, 1_000_000_000);
    const words = [`--format=${format}`, `--listed-incremental=${inside("list")}`, "-cf", inside("a.tar")];
    execFileSync("tar", [...words, "-C", source, "."], { stdio: "ignore" });
    await using client = await openClient(storage);
    const { errors, warnings, skipped } = await importOf(client, fs.readFileSync(inside("a.tar")));
    expect({ errors, warnings, skipped }).toEqual({ errors: 0, warnings: [], skipped: 0 });
    await client.restore("all", inside("out"));
    const options = { timeUnit: 1_000_000_000n };
    expect(describeDifferences(await compareTrees(source, inside("out"), options))).toEqual([]);
  });
});

describe("an archive behind another one", () => {
  test("is not read, which is said and counted as an error", async () => {
    await using client = await openClient(storage);
    const two = Buffer.concat([tarOf([{ name: "a" }]), Buffer.alloc(4_096), tarOf([{ name: "b" }])]);
    const { errors, warnings } = await importOf(client, two);
    expect({ errors, warnings }).toEqual({
      errors: 1,
      warnings: [expect.stringMatching(/^\/archive: behind its end another archive begins/)],
    });
    expect(await namesOf(client)).toEqual(["/archive", "/archive/a"]);
  });

  test("is no other one when old tapes have whatever fills the last record", async () => {
    await using client = await openClient(storage);
    const { errors } = await importOf(client, Buffer.concat([tarOf([{ name: "a" }]), Buffer.alloc(9_000, "old data")]));
    expect(errors).toBe(0);
  });
});

describe("an archive that is damaged makes no snapshot:", () => {
  const archive = tarOf([
    { name: "a", content: "x".repeat(1_000) },
    { name: "n".repeat(200), content: "y".repeat(1_000) },
  ]);

  test("cut off anywhere", async () => {
    await using client = await openClient(storage);
    for (let length = 0; length < archive.length - 1_023; length += 511) {
      await expect(importOf(client, archive.subarray(0, length))).rejects.toMatchObject({ code: "source-failed" });
    }
    await expect(client.find("latest")).rejects.toMatchObject({ code: "not-found" });
    await importOf(client, archive);
    await client.find("latest");
  });

  test.each([
    ["a header of which a bit is wrong", (bytes: Buffer) => bytes.fill(1, 3, 4), /wrong sum/],
    ["a size beyond the end", (bytes: Buffer) => setSize(bytes, "77777777777"), /ends in the middle/],
    [
      "a size below 0",
      (bytes: Buffer) => setSize(bytes, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
      /below 0/,
    ],
    [
      "a size that nobody can mean",
      (bytes: Buffer) => setSize(bytes, "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
      /nobody/,
    ],
    ["an extended header of 8 GiB", (bytes: Buffer) => setSize(bytes, "77777777777", "x"), /extended header/],
    ["a long name of 8 GiB", (bytes: Buffer) => setSize(bytes, "77777777777", "L"), /a name has/],
    [
      "an extended header that is none",
      (bytes: Buffer) => setSize(bytes, "00000001000", "x"),
      /record of a wrong length/,
    ],
  ])("%s", async (_, damage, says) => {
    const bytes = Buffer.from(archive);
    damage(bytes);
    await using client = await openClient(storage);
    const refusal = { code: "source-failed", message: expect.stringMatching(says) };
    await expect(importOf(client, bytes)).rejects.toMatchObject(refusal);
    await expect(client.find("latest")).rejects.toMatchObject({ code: "not-found" });
  });

  test.each([
    ["parts that overlap", "2\n0\n512\n100\n512\n", /wrong order/],
    ["parts beyond the end", "1\n999999\n512\n", /wrong order/],
    ["more parts than can be", "99999999\n", /more than/],
    ["a number that is none", "1\n-5\n512\n", /none/],
  ])("a file with holes that has %s", async (_, map, says) => {
    const records = "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n28 GNU.sparse.realsize=2000\n";
    const bytes = tarOf([
      { name: "x", type: "x", content: records },
      { name: "a", content: map.padEnd(512, "\0") + "x".repeat(512) },
    ]);
    await using client = await openClient(storage);
    await expect(importOf(client, bytes)).rejects.toMatchObject({ message: expect.stringMatching(says) });
  });
});

test("an import is no parent of a backup of the same path", async () => {
  fs.mkdirSync(source);
  fs.writeFileSync(join(source, "file"), "x".repeat(2_000));
  await using client = await openClient(storage);
  await importOf(client, tarOf([{ name: "file", content: "x" }]), { root: Buffer.from(source) });
  const { parent, filesNew } = await client.backup([source]);
  expect({ parent, filesNew }).toEqual({ parent: undefined, filesNew: 1 });
});

function setSize(bytes: Buffer, size: string, type?: string): void {
  bytes.write(size, 124, "latin1");
  if (type !== undefined) bytes.write(type, 156, "latin1");
  bytes.fill(0x20, 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}
