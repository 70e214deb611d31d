/** What a dump writes: a file's bytes, and archives that other programs take everything out of again. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { type DumpOptions, type DumpSummary, dump } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { linksOf } from "./kit/links.js";
import { isLongRun } from "./kit/long-run.js";
import { makeOddTree } from "./kit/odd-tree.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { isInstalled } from "./kit/tools.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const asRoot = process.geteuid?.() === 0;
const hasTar = isInstalled("tar", "dump");
const hasBsdtar = isInstalled("bsdtar", "dump");
const hasUnzip = isInstalled("unzip", "dump");
const hasPython = isInstalled("python3", "dump");
const BLOCK = 512;
/** Bytes of what lies in an archive with others, or is the same throughout. */
const LARGE = isLongRun ? 30_000_000 : 6_000_000;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
beforeEach(() => {
  scratch = makeScratch(2 ** 28)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  storage = createMemoryStorage();
});
afterEach(() => scratch[Symbol.asyncDispose]());

const inside = (...names: string[]) => join(scratch.path, ...names);
const write = (name: string, content: string | number) =>
  fs.writeFileSync(join(source, name), typeof content === "string" ? content : randomBytesOf(name, content));
const archive = () => inside("archive.tar");

interface Dumped extends DumpSummary {
  readonly bytes: number;
  readonly warnings: readonly string[];
}

/** Dumps into a file. */
async function dumpTo(client: Client, path: string, file: string, options: DumpOptions = {}): Promise<Dumped> {
  const warnings: string[] = [];
  const fd = fs.openSync(file, "w");
  const sink = {
    async write(bytes: Uint8Array) {
      fs.writeSync(fd, bytes);
    },
  };
  try {
    const onWarning: DumpOptions["onWarning"] = ({ path, message }) =>
      warnings.push(`${Buffer.from(path).toString("latin1").slice(source.length)}: ${message}`);
    const where = path === "all" ? "all" : Buffer.from(path);
    const summary = await dump(client.repository, await client.find("latest"), where, sink, { ...options, onWarning });
    return { ...summary, warnings };
  } finally {
    fs.closeSync(fd);
  }
}

/** A tree with what tar has names for: nothing is deeper than PATH_MAX. */
function makeTree(): void {
  fs.rmdirSync(source);
  makeOddTree(source, { isDeep: false });
  for (const [name, size] of [
    ["one", 5],
    ["two", 9_000_000],
  ] as const) {
    write(name, size);
    fs.linkSync(join(source, name), join(source, `${name} too`));
  }
  execFileSync("mkfifo", [join(source, "fifo")]);
  if (asRoot) execFileSync("mknod", [join(source, "device"), "c", "5", "1"]);
}

describe("a dump of a folder as tar", () => {
  test.skipIf(!hasTar)("gives GNU tar back what was backed up, which it finds equal itself", async () => {
    makeTree();
    await using client = await openClient(storage);
    await client.backup([source]);
    const { errors, warnings } = await dumpTo(client, source, archive());
    expect({ errors, warnings }).toEqual({ errors: 0, warnings: [] });
    fs.mkdirSync(inside("out"));
    execFileSync("tar", ["-xpf", archive(), "-C", inside("out")], { stdio: ["ignore", "ignore", "ignore"] });
    const out = join(inside("out"), source);
    expect(describeDifferences(await compareTrees(source, out))).toEqual([]);
    expect(linksOf(out)).toEqual(linksOf(source));
    execFileSync("tar", ["--compare", "-f", archive(), "-C", "/"], { stdio: ["ignore", "ignore", "ignore"] });
  });

  test.skipIf(!hasBsdtar || !isLongRun)("gives bsdtar back what was backed up", async () => {
    makeTree();
    // It has no fractions of a second before 1970.
    fs.rmSync(join(source, "times"), { recursive: true });
    await using client = await openClient(storage);
    await client.backup([source]);
    await dumpTo(client, source, archive());
    fs.mkdirSync(inside("out"));
    execFileSync("bsdtar", ["-xpf", archive(), "-C", inside("out")], { stdio: ["ignore", "ignore", "ignore"] });
    const out = join(inside("out"), source);
    expect(describeDifferences(await compareTrees(source, out))).toEqual([]);
    expect(linksOf(out)).toEqual(linksOf(source));
  });

  test.skipIf(!hasPython || !isLongRun)("is read by Python, names and numbers included", async () => {
    makeTree();
    await using client = await openClient(storage);
    await client.backup([source]);
    const { files, directories, symlinks, others } = await dumpTo(client, source, archive());
    const script = "import tarfile,sys;print(sum(1 for _ in tarfile.open(sys.argv[1])))";
    const count = Number(execFileSync("python3", ["-c", script, archive()]).toString());
    expect(count).toBe(files + directories + symlinks + others);
  });

  test("has each name below the folder that was asked for when it is given as the place", async () => {
    fs.mkdirSync(join(source, "folder/inner"), { recursive: true });
    write("folder/inner/file", "x");
    await using client = await openClient(storage);
    await client.backup([source]);
    const below = Buffer.from(join(source, "folder"));
    await dumpTo(client, "/", archive(), { below });
    expect(namesIn(archive())).toEqual(["./", "inner/", "inner/file"]);
    await dumpTo(client, "inner", archive(), { below });
    expect(namesIn(archive())).toEqual(["inner/", "inner/file"]);
  });

  test("leaves a file out whose chunks are nowhere, names it and has all others", async () => {
    write("a", 3_000);
    write("b", 4_000_000);
    write("c", 3_000);
    await using client = await openClient(storage);
    await client.backup([join(source, "b")]);
    const before = new Set(storage.objects.keys());
    await client.backup([source]);
    const later = storage.clone();
    // The index segments of the first backup: nobody knows any more where its chunks are.
    for (const name of before) if (/^(index|packs)\//.test(name)) await later.delete(name);
    await using other = await openClient(later);
    const { errors, warnings } = await dumpTo(other, source, archive());
    expect({ errors, warnings }).toEqual({ errors: 1, warnings: [expect.stringMatching(/^\/b: .*index/)] });
    expect(namesIn(archive()).map((name) => name.split("/").at(-1))).toEqual(["", "a", "c"]);
  });

  test("leaves a file out whose bytes are damaged as long as nothing of it is written, and links to it", async () => {
    write("a", 3_000);
    write("b", 400_000);
    fs.linkSync(join(source, "b"), join(source, "d"));
    write("e", 3_000);
    await using client = await openClient(storage);
    await client.backup([source]);
    await using other = await openClient(damaged(storage, 100_000));
    const { errors, warnings } = await dumpTo(other, source, archive());
    expect(errors).toBe(2);
    expect(warnings).toEqual([expect.stringMatching(/^\/b: /), expect.stringMatching(/^\/d: it is another name of/)]);
    expect(namesIn(archive()).map((name) => name.split("/").at(-1))).toEqual(["", "a", "e"]);
  });

  test("ends with an error where a file is damaged that has begun already", async () => {
    write("large", 30_000_000);
    await using client = await openClient(storage);
    await client.backup([source]);
    await using other = await openClient(damaged(storage, 25_000_000));
    await expect(dumpTo(other, source, archive())).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching(/Cannot dump ".*large": .*the archive ends here and is incomplete/),
    });
  });
});

describe("a dump of files with holes", () => {
  test.skipIf(!hasTar)("has no zeros for them, and GNU tar makes them holes again", async () => {
    for (const [name, at, size] of [
      ["huge", 2 ** 39, 2 ** 40],
      ["end", 2 ** 22, 2 ** 22 + 1],
      ["beginning", 0, 50_000_000],
    ] as const) {
      const fd = fs.openSync(join(source, name), "w");
      fs.writeSync(fd, "x", at);
      fs.ftruncateSync(fd, size);
      fs.closeSync(fd);
    }
    await using client = await openClient(storage);
    // Where holes cannot be found, a terabyte would be read.
    if (client.posix.name !== "koffi") fs.rmSync(join(source, "huge"));
    await client.backup([source]);
    await dumpTo(client, source, archive());
    expect(fs.statSync(archive()).size).toBeLessThan(20_000_000);
    fs.mkdirSync(inside("out"));
    execFileSync("tar", ["-xf", archive(), "-C", inside("out")]);
    for (const name of fs.readdirSync(source)) {
      const [left, right] = [join(source, name), join(inside("out"), source, name)];
      expect(fs.statSync(right).size).toBe(fs.statSync(left).size);
      if (name !== "huge") expect(fs.readFileSync(right).equals(fs.readFileSync(left))).toBe(true);
    }
  });
});

describe("a dump of files with several holes", () => {
  /** Data at places and of lengths that are no multiples of a block, between holes of some MiB. */
  function makeSparse(name: string): void {
    const fd = fs.openSync(join(source, name), "w");
    const numbers = randomBytesOf(`where ${name}`, 64);
    let position = numbers[0]! % 2 === 0 ? 0 : 3_000_000;
    for (let i = 1; i < 10; i++) {
      const length = 1 + numbers.readUInt16LE(2 * i) * (i % 3 === 0 ? 40 : 1);
      fs.writeSync(fd, randomBytesOf(`${name} ${i}`, length), 0, length, position);
      position += length + 1_500_000 + numbers.readUInt16LE(2 * i + 20) * 70;
    }
    if (numbers[1]! % 2 === 0) fs.ftruncateSync(fd, position);
    fs.closeSync(fd);
  }

  test.skipIf(!hasTar).each([
    ["as usual", isLongRun ? 12 : 2, undefined],
    // Holes are shorter than a block then, and many lie in one.
    ...(isLongRun ? [["of a few bytes", 2, { kind: "cdc", minimum: 64, average: 256, maximum: 1_024 }] as const] : []),
  ] as const)(
    "is read by GNU tar, and compared by it without a difference: of chunks %s",
    async (_, count, chunker) => {
      for (let i = 0; i < count; i++) makeSparse(`file ${i}`);
      await using client = await openClient(storage, chunker === undefined ? {} : { chunker });
      await client.backup([source]);
      await dumpTo(client, source, archive());
      fs.mkdirSync(inside("out"));
      execFileSync("tar", ["-xf", archive(), "-C", inside("out")], { stdio: "pipe" });
      for (const name of fs.readdirSync(source)) {
        const [left, right] = [join(source, name), join(inside("out"), source, name)];
        expect(fs.readFileSync(right).equals(fs.readFileSync(left))).toBe(true);
      }
      execFileSync("tar", ["--compare", "-f", archive(), "-C", "/"], { stdio: "pipe" });
    },
  );
});

describe("a dump of a folder as zip", () => {
  /** What zip has names for. */
  function makeZipTree(): void {
    for (const size of [0, 1, 5_000, 300_000, LARGE]) write(`random ${size}`, size);
    write("text", "a line that is repeated\n".repeat(LARGE / 40));
    write("é", "x");
    fs.mkdirSync(join(source, "folder/empty"), { recursive: true });
    write("folder/file", "y");
    fs.symlinkSync("../text", join(source, "folder/link"));
    fs.chmodSync(join(source, "text"), 0o640);
    for (const name of ["text", "folder/empty", "folder"]) fs.utimesSync(join(source, name), 1e9, 1e9 + 2);
  }

  test.skipIf(!hasUnzip)("gives unzip back what was backed up, in whole seconds", async () => {
    makeZipTree();
    await using client = await openClient(storage);
    await client.backup([source]);
    const { errors, warnings } = await dumpTo(client, "/", archive(), { format: "zip", below: Buffer.from(source) });
    expect({ errors, warnings }).toEqual({ errors: 0, warnings: [] });
    execFileSync("unzip", ["-q", archive(), "-d", inside("out")], { env: { ...process.env, LANG: "C.UTF-8" } });
    const options = { ignoreTopTime: true, timeUnit: 1_000_000_000n };
    const { differences } = await compareTrees(source, inside("out"), options);
    // Of links and of folders that it made before their turn, unzip sets no times.
    const others = differences.filter(({ path, what }) => path !== "." && !(what === "mtime" && /link$/.test(path)));
    expect(others).toEqual([]);
  });

  test.skipIf(!hasPython || !isLongRun)("is read by Python from its directory", async () => {
    makeZipTree();
    await using client = await openClient(storage);
    await client.backup([source]);
    await dumpTo(client, source, archive(), { format: "zip" });
    const script = "import zipfile,sys;z=zipfile.ZipFile(sys.argv[1]);print(z.testzip(),len(z.namelist()))";
    expect(execFileSync("python3", ["-c", script, archive()]).toString()).toBe("None 12\n");
  });

  test.skipIf(!hasBsdtar)("is read by bsdtar from its beginning", async () => {
    makeZipTree();
    await using client = await openClient(storage);
    await client.backup([source]);
    await dumpTo(client, source, archive(), { format: "zip" });
    const content = execFileSync("bsdtar", ["-xOf", "-", join(source, `random ${LARGE}`).slice(1)], {
      input: fs.readFileSync(archive()),
      maxBuffer: 2 ** 26,
    });
    expect(content.equals(fs.readFileSync(join(source, `random ${LARGE}`)))).toBe(true);
  });

  test("leaves special files and attributes out, says so once, and names files that are damaged", async () => {
    write("b", 400_000);
    write("e", 3_000);
    for (const name of ["fifo", "pipe"]) execFileSync("mkfifo", [join(source, name)]);
    await using client = await openClient(storage);
    await client.backup([source]);
    await using other = await openClient(damaged(storage, 100_000));
    const { errors, skipped, warnings } = await dumpTo(other, source, archive(), { format: "zip" });
    expect({ errors, skipped }).toEqual({ errors: 1, skipped: 2 });
    expect(warnings).toEqual([
      expect.stringMatching(/^\/b: /),
      expect.stringMatching(/^\/fifo: fifos, sockets and devices are in no zip archive \(2 of them/),
    ]);
  });
});

describe("a dump of a file", () => {
  test.each([0, 1, 512, 513, 5_000_000, ...(isLongRun ? [30_000_000] : [])])(
    "is its %i bytes, in order",
    async (size) => {
      write("file", size);
      await using client = await openClient(storage);
      await client.backup([source]);
      const { form } = await dumpTo(client, join(source, "file"), archive());
      expect(form).toBe("file");
      expect(fs.readFileSync(archive()).equals(fs.readFileSync(join(source, "file")))).toBe(true);
    },
  );

  test("has bytes that are the same in many places in all of them", async () => {
    const piece = randomBytesOf("piece", 3_000_000);
    fs.writeFileSync(join(source, "file"), Buffer.concat([piece, piece, Buffer.alloc(LARGE), piece, piece]));
    await using client = await openClient(storage);
    await client.backup([source]);
    await dumpTo(client, "file", archive());
    expect(fs.readFileSync(archive()).equals(fs.readFileSync(join(source, "file")))).toBe(true);
  });

  test.each([100_000, 25_000_000])("that is damaged at %i is an error, never a short file", async (offset) => {
    write("file", 30_000_000);
    await using client = await openClient(storage);
    await client.backup([source]);
    await using other = await openClient(damaged(storage, offset));
    await expect(dumpTo(other, "file", archive())).rejects.toMatchObject({ code: "corrupt" });
  });

  test("is refused for what is neither file nor folder, unless an archive is wanted", async () => {
    fs.symlinkSync("nowhere", join(source, "link"));
    await using client = await openClient(storage);
    await client.backup([source]);
    await expect(dumpTo(client, "link", archive())).rejects.toMatchObject({ code: "usage" });
    await dumpTo(client, "link", archive(), { format: "tar" });
    expect(namesIn(archive())).toEqual([join(source, "link").slice(1)]);
  });
});

/** The same objects, with a byte of the largest pack changed. */
function damaged(storage: MemoryStorage, offset: number): Storage {
  const copy = storage.clone();
  const packs = [...copy.objects].filter(([name]) => name.startsWith("packs/"));
  const [, bytes] = packs.sort(([, a], [, b]) => b.length - a.length)[0]!;
  bytes[offset]! ^= 1;
  return copy;
}

/** Names of the entries, read from their headers; none has a long one. */
function namesIn(file: string): string[] {
  const bytes = fs.readFileSync(file);
  const names: string[] = [];
  for (let at = 0; bytes[at] !== 0; ) {
    const name = bytes.toString("latin1", at, bytes.indexOf(0, at));
    const size = Number.parseInt(bytes.toString("latin1", at + 124, at + 135), 8);
    if (bytes[at + 156] !== 0x78) names.push(name);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return names;
}
