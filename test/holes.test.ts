/** Files with holes: what was never written is neither read nor written, and comes back as holes. */
import * as fs from "node:fs";
import { join } from "node:path";
import { type Node, readNodes, rootEntries } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const DAY = 86_400_000;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const TEBIBYTE = 2 ** 40;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
const clients: Client[] = [];
beforeEach(() => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  storage = createMemoryStorage();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient(storage, options);
  client.time = Date.now() + DAY;
  clients.push(client);
  return client;
}

/** A file of `size` bytes with data of these lengths at these places, and holes elsewhere. */
function makeSparse(name: string, size: number, data: Readonly<Record<number, number>> = {}): void {
  const file = fs.openSync(join(source, name), "w");
  fs.ftruncateSync(file, size);
  for (const [at, length] of Object.entries(data))
    fs.writeSync(file, randomBytesOf(`${name} ${at}`, length), 0, length, Number(at));
  fs.closeSync(file);
}

/** The same bytes, all of them written. */
function makeDense(name: string, from: string): void {
  fs.writeFileSync(join(source, name), fs.readFileSync(join(source, from)));
}

const blocksOf = (path: string) => fs.statSync(path).blocks;

const calls = await (async () => {
  await using client = await openClient(createMemoryStorage());
  return client.posix.extents;
})();

/** Where data begins and ends in a file, as the system says. */
function dataOf(path: string): number[] {
  const file = fs.openSync(path, "r");
  const places: number[] = [];
  const { size } = fs.fstatSync(file);
  for (let at = calls!.nextData(file, 0); at !== undefined; at = calls!.nextData(file, places.at(-1)!)) {
    places.push(at, Math.min(size, calls!.nextHole(file, at)!));
    if (places.at(-1) === size) break;
  }
  fs.closeSync(file);
  return places;
}

const canTell =
  calls !== undefined &&
  (() => {
    const place = makeScratch(MEBIBYTE)!;
    const path = join(place.path, "file");
    fs.writeFileSync(path, "");
    fs.truncateSync(path, MEBIBYTE);
    const found = dataOf(path).length === 0 && blocksOf(path) === 0;
    fs.rmSync(place.path, { recursive: true });
    return found;
  })();
if (!canTell) process.stdout.write("holes: skipped, that takes koffi and a file system that tells where they are\n");

/**
 * Each kind of content, with holes at the start, in the middle and at the end, and nothing but a hole. Returns the names
 * of those that are to have them again: what lies in a node takes a block in any case.
 */
function makeFiles(): string[] {
  makeSparse("empty", 0);
  makeSparse("tiny", 300);
  makeSparse("inline", 512);
  makeSparse("one block and a bit", 5_000, { 4500: 500 });
  makeSparse("chunk", 200 * KIBIBYTE, { 65536: 4_096 });
  makeSparse("chunks", 9 * MEBIBYTE, { 0: 5_000, 1000000: 300_000, 7000000: 1 });
  makeSparse("a hole of one chunk", 2 * MEBIBYTE);
  makeSparse("a hole", 7 * MEBIBYTE + 17);
  makeSparse("data at the end", 30 * MEBIBYTE, { [30 * MEBIBYTE - 3]: 3 });
  makeSparse("list", 600 * MEBIBYTE, { 0: 10, [100 * MEBIBYTE]: 3 * MEBIBYTE, [599 * MEBIBYTE]: 4_096 });
  return fs.readdirSync(source).filter((name) => fs.statSync(join(source, name)).size > 512);
}

/** Without koffi times are off by less than a microsecond. */
async function expectSame(target: string): Promise<void> {
  expect(describeDifferences(await compareTrees(source, target, { timeUnit: 1_000n }))).toEqual([]);
}

async function expectBack(target: string, names: readonly string[]): Promise<void> {
  await expectSame(target);
  for (const name of names) {
    expect(dataOf(join(target, name)), name).toEqual(dataOf(join(source, name)));
    expect(blocksOf(join(target, name)), name).toBe(blocksOf(join(source, name)));
  }
}

async function nodeOf({ repository, find }: Client, name: string): Promise<Node> {
  const [root] = rootEntries(await find("latest"));
  for await (const nodes of readNodes(repository, root!.node.subtree!))
    for (const node of nodes) if (Buffer.from(node.name).toString() === name) return node;
  throw new Error(`no ${name}`);
}

describe.runIf(canTell)("files with holes", () => {
  test("come back with the same holes, by one thread and by several", async () => {
    const names = makeFiles();
    for (const threads of [1, 2]) {
      const client = await open({ sizes: { filesBeforeThreads: 1 } });
      await client.backup([source], { threads });
      const target = join(scratch.path, `target ${threads}`);
      expect(await client.restore("all", target, { threads })).toMatchObject({ errors: 0 });
      expect(client.warnings).toEqual([]);
      await expectBack(target, names);
    }
  });

  test("have their size before anything is written to them", async () => {
    makeSparse("large", 8 * MEBIBYTE, { 0: MEBIBYTE, [5 * MEBIBYTE]: MEBIBYTE });
    makeSparse("small", 256 * KIBIBYTE, { 0: 10, [128 * KIBIBYTE]: 10 });
    const written: number[] = [];
    const client = await open({
      replace: (posix) => ({
        writeFile(fd, bytes, position) {
          written.push(fs.fstatSync(fd).size);
          posix.writeFile(fd, bytes, position);
        },
      }),
    });
    await client.backup([source]);
    await client.restore("all", join(scratch.path, "target"), { threads: 1 });
    expect(new Set(written)).toEqual(new Set([8 * MEBIBYTE, 256 * KIBIBYTE]));
  });

  test("are the same chunks as the same bytes without holes", async () => {
    makeFiles();
    const names = fs.readdirSync(source).filter((name) => fs.statSync(join(source, name)).size < 50 * MEBIBYTE);
    for (const name of names) makeDense(`dense ${name}`, name);
    for (const threads of [1, 3]) {
      const client = await open({ sizes: { filesBeforeThreads: 1 } });
      await client.backup([source], { threads });
      for (const name of names) {
        const { content } = await nodeOf(client, name);
        expect((await nodeOf(client, `dense ${name}`)).content, name).toEqual(content);
      }
    }
  });

  test("are marked, others are not; without koffi those that take less room than they are long", async () => {
    makeSparse("sparse", 5 * MEBIBYTE, { 0: 100 });
    makeDense("dense", "sparse");
    makeSparse("tiny", 300);
    for (const accelerators of ["auto", "off"] as const) {
      storage = createMemoryStorage();
      const client = await open({ accelerators });
      await client.backup([source]);
      expect((await nodeOf(client, "sparse")).hasHoles).toBe(true);
      expect((await nodeOf(client, "dense")).hasHoles).toBeUndefined();
      expect((await nodeOf(client, "tiny")).hasHoles).toBeUndefined();
      const target = join(scratch.path, `target ${accelerators}`);
      await client.restore("all", target);
      await expectBack(target, ["sparse", "dense"]);
    }
  });

  test("are read where they have data, and nowhere else", async () => {
    makeSparse("sparse", TEBIBYTE, { 5: 3, [TEBIBYTE / 2]: 70_000, [TEBIBYTE - 1]: 1 });
    const reads: number[] = [];
    const client = await open({
      replace: (posix) => ({
        read(fd, into, position) {
          const count = posix.read(fd, into, position);
          reads.push(count);
          return count;
        },
      }),
    });
    const counts = await client.backup([source]);
    expect(counts).toMatchObject({ errors: 0, totalBytes: TEBIBYTE });
    expect(reads.reduce((sum, count) => sum + count, 0)).toBeLessThan(100_000);
    const target = join(scratch.path, "target");
    expect(await client.restore("all", target)).toMatchObject({ errors: 0, bytesRestored: TEBIBYTE });
    expect(dataOf(join(target, "sparse"))).toEqual(dataOf(join(source, "sparse")));
    expect(fs.statSync(join(target, "sparse")).size).toBe(TEBIBYTE);
    const file = fs.openSync(join(target, "sparse"), "r");
    const bytes = Buffer.alloc(70_000);
    fs.readSync(file, bytes, 0, bytes.length, TEBIBYTE / 2);
    fs.closeSync(file);
    expect(bytes.equals(randomBytesOf(`sparse ${TEBIBYTE / 2}`, 70_000))).toBe(true);
  });

  test("have holes still when they are taken over, in a folder that changed and under another name", async () => {
    makeSparse("sparse", 9 * MEBIBYTE, { 0: 100 });
    const client = await open();
    await client.backup([source]);
    fs.linkSync(join(source, "sparse"), join(source, "another name"));
    makeSparse("new", 1);
    await client.backup([source]);
    makeSparse("newer", 1);
    expect(await client.backup([source])).toMatchObject({ filesNew: 1 });
    expect(client.opened).toEqual(["newer"]);
    expect((await nodeOf(client, "another name")).hasHoles).toBe(true);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectBack(target, ["sparse", "another name"]);
  });

  test("gain their marks in folders of a version that did not record them, without being read", async () => {
    makeSparse("sparse", 9 * MEBIBYTE, { 0: 100 });
    const old = await open({ accelerators: "off" });
    await old.backup([source]);
    const client = await open();
    expect(((await client.find("latest")).snapshot.records ?? 0) & 16).toBe(0);
    await client.backup([source]);
    expect(client.opened).toEqual([]);
    expect(((await client.find("latest")).snapshot.records ?? 0) & 16).toBe(16);
    expect((await nodeOf(client, "sparse")).hasHoles).toBe(true);
  });

  test.each([
    ["is cut off", (path: string) => fs.truncateSync(path, MEBIBYTE)],
    ["grows", (path: string) => fs.truncateSync(path, 40 * MEBIBYTE)],
    ["is written to", (path: string) => fs.writeFileSync(path, "written")],
  ])("a file that %s while it is read is read again", async (_, change) => {
    makeSparse("sparse", 30 * MEBIBYTE, { 0: 100, [20 * MEBIBYTE]: 100 });
    let changed = false;
    const client = await open({
      replace: (posix) => ({
        read(fd, into, position) {
          if (position > 0 && !changed) {
            changed = true;
            change(join(source, "sparse"));
          }
          return posix.read(fd, into, position);
        },
      }),
    });
    expect(await client.backup([source])).toMatchObject({ errors: 0 });
    expect(changed).toBe(true);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectBack(target, ["sparse"]);
  });

  test("are read as they are where the file system does not tell, or fails to", async () => {
    makeSparse("sparse", 5 * MEBIBYTE, { 100000: 100 });
    let targets = 0;
    const fail = () => {
      throw Object.assign(new Error("EINVAL: injected"), { code: "EINVAL", errno: -22 });
    };
    for (const extents of [
      { nextData: fail, nextHole: fail },
      { nextData: (_: number, position: number) => position, nextHole: fail },
      { nextData: (_: number, position: number) => position, nextHole: (_: number, position: number) => position },
      { nextData: () => 0, nextHole: () => 0 },
    ]) {
      storage = createMemoryStorage();
      const client = await open({ replace: () => ({ extents }) });
      expect(await client.backup([source])).toMatchObject({ errors: 0 });
      const target = join(scratch.path, `target ${targets++}`);
      await client.restore("all", target);
      await expectSame(target);
    }
  });

  test("a file too large to be stored is an error of its own", async () => {
    makeSparse("sparse", MEBIBYTE);
    const client = await open({
      replace: (posix) => ({
        statFile(fd, into) {
          posix.statFile(fd, into);
          into.size = 2 ** 53;
        },
      }),
    });
    expect(await client.backup([source])).toMatchObject({ errors: 1 });
    expect(client.warnings.join()).toMatch("too large to be stored");
  });
});

describe.runIf(canTell)("a restore over what is there", () => {
  test("makes holes, whatever the old file had, and reads it only where there is data", async () => {
    makeSparse("sparse", 600 * MEBIBYTE, { 0: 3 * MEBIBYTE, [500 * MEBIBYTE]: 100_000 });
    const client = await open();
    await client.backup([source]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    const file = fs.openSync(join(target, "sparse"), "r+");
    fs.writeSync(file, randomBytesOf("other", 5_000_000), 0, 5_000_000, 300 * MEBIBYTE);
    fs.closeSync(file);
    expect(await client.restore("all", target, { overwrite: "always" })).toMatchObject({ errors: 0 });
    await expectBack(target, ["sparse"]);
  });
});

describe("restore", () => {
  test("--sparse makes holes in all files, which otherwise come back as they were", async () => {
    makeSparse("zeros", 9 * MEBIBYTE, { 0: 100 });
    makeDense("dense", "zeros");
    fs.rmSync(join(source, "zeros"));
    for (const threads of [1, 2]) {
      for (const accelerators of ["auto", "off"] as const) {
        const client = await open({ accelerators, sizes: { filesBeforeThreads: 1 } });
        await client.backup([source]);
        const target = (name: string) => join(scratch.path, `${name} ${threads} ${accelerators}`);
        await client.restore("all", target("plain"), { threads });
        await client.restore("all", target("sparse"), { threads, sparse: true });
        await expectSame(target("plain"));
        await expectSame(target("sparse"));
        expect(blocksOf(join(target("plain"), "dense"))).toBe(blocksOf(join(source, "dense")));
        expect(blocksOf(join(target("sparse"), "dense"))).toBeLessThan(100);
      }
    }
  });
});
