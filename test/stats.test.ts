/** What stats says of sizes is what a repository has. */
import * as fs from "node:fs";
import { join } from "node:path";
import { ObjectType, sealObject } from "@bcat/crypto";
import { encodeLogRecord, registerName } from "@bcat/repository";
import { measureFiles, measureRawData, measureRepository, type RepositoryStats } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const KIBIBYTE = 2 ** 10;
const sizes = { packSize: 64 * KIBIBYTE, packsPerSegment: 2 };
const chunker = { kind: "cdc", minimum: 1 * KIBIBYTE, average: 4 * KIBIBYTE, maximum: 16 * KIBIBYTE } as const;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 24)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  storage = createMemoryStorage();
});

afterEach(async () => await scratch[Symbol.asyncDispose]());

const write = (name: string, bytes: Uint8Array | string) => fs.writeFileSync(join(source, name), bytes);
const open = async (): Promise<Client> => await openClient(storage, { sizes, chunker });
const stats = async (): Promise<RepositoryStats> => {
  await using client = await open();
  return await measureRepository(client.repository);
};
const backUp = async () => {
  await using client = await open();
  client.time = Date.now() + 3_600_000;
  return await client.backup([source]);
};
const objects = (start: string) => [...storage.objects].filter(([name]) => name.startsWith(start));
const sizeOf = (start: string) => objects(start).reduce((sum, [, bytes]) => sum + bytes.length, 0);
const forget = async (number: number, record: number) => {
  await using client = await open();
  const name = registerName("log", record);
  const body = encodeLogRecord({ kind: "forget", time: 1, host: "by hand", snapshots: [number] });
  const object = { type: ObjectType.LOG, name, epoch: 0, domain: 0 };
  await storage.putIfAbsent(name, sealObject(client.repository.context, object, body));
};

describe("measureRepository()", () => {
  test("says of a repository with one snapshot that all is its own, and nothing is dead", async () => {
    write("folder/large", randomBytesOf("large", 200 * KIBIBYTE));
    write("small", "x".repeat(2_000));
    const { dataChunks, treeChunks, dataAdded } = await backUp();
    const { live, unique, dataPacks, treePacks, segments, dead, missing, condemnedPacks } = await stats();
    expect(live).toMatchObject({ count: dataChunks + treeChunks, plain: dataAdded });
    expect(unique.get(1)).toEqual(live);
    expect(dataPacks.count + treePacks.count).toBe(objects("packs/").length);
    expect(dataPacks.size + treePacks.size).toBe(sizeOf("packs/"));
    expect(segments).toEqual({ count: objects("index/").length, size: sizeOf("index/") });
    expect((await stats()).parity).toEqual({ count: 0, size: 0 });
    await storage.put(objects("packs/")[0]![0].replace("packs", "parity"), new Uint8Array(300));
    expect((await stats()).parity).toEqual({ count: 1, size: 300 });
    expect({ dead, missing, condemnedPacks }).toEqual({ dead: 0, missing: 0, condemnedPacks: { count: 0, size: 0 } });
    // What is not the chunks' are directories and trailers.
    expect(live.stored).toBeGreaterThan(200 * KIBIBYTE);
    expect(live.stored).toBeLessThan(sizeOf("packs/"));
  });

  test("gives to each snapshot what forgetting it alone would free", async () => {
    write("both", randomBytesOf("both", 50 * KIBIBYTE));
    write("first", randomBytesOf("first", 30 * KIBIBYTE));
    await backUp();
    fs.rmSync(join(source, "first"));
    write("second", randomBytesOf("second", 20 * KIBIBYTE));
    await backUp();
    write("folder/third", randomBytesOf("third", 10 * KIBIBYTE));
    await backUp();
    const before = await stats();
    const plain = [1, 2, 3].map((number) => before.unique.get(number)!.plain);
    expect(plain[0]).toBeGreaterThan(30 * KIBIBYTE);
    expect(plain[0]).toBeLessThan(40 * KIBIBYTE);
    // The file that came with it is in the third, too.
    expect(plain[1]).toBeLessThan(5 * KIBIBYTE);
    expect(plain[2]).toBeGreaterThan(10 * KIBIBYTE);
    await forget(1, 1);
    const after = await stats();
    expect(after.live.plain).toBe(before.live.plain - plain[0]!);
    expect(after.dead).toBeGreaterThan(0);
    expect(Math.abs(after.dead - before.unique.get(1)!.stored)).toBeLessThanOrEqual(1);
    expect([...after.unique.keys()]).toEqual([2, 3]);
  });

  test("counts packs that are condemned apart, and chunks in them as long as they are nowhere else", async () => {
    write("large", randomBytesOf("large", 100 * KIBIBYTE));
    await backUp();
    const before = await stats();
    await using client = await open();
    const names = objects("packs/").map(([name]) => name);
    const packs = names.map((name) => {
      const [, session, unique] = /(\d{10})-([0-9a-f]{32})$/.exec(name)!;
      return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
    });
    const name = registerName("log", 1);
    const object = { type: ObjectType.LOG, name, epoch: 0, domain: 0 };
    const body = encodeLogRecord({ kind: "condemn", time: 1, host: "by hand", packs });
    await storage.putIfAbsent(name, sealObject(client.repository.context, object, body));
    const condemned = await stats();
    expect(condemned).toMatchObject({ live: before.live, dead: 0, missing: 0, dataPacks: { count: 0, size: 0 } });
    expect(condemned.condemnedPacks).toEqual({ count: names.length, size: sizeOf("packs/") });
    await backUp();
    const healed = await stats();
    expect(healed.live.count).toBe(before.live.count);
    expect(healed.dataPacks.count).toBe(before.dataPacks.count);
  });
});

describe("sizes of some snapshots", () => {
  beforeEach(async () => {
    write("a", randomBytesOf("a", 40 * KIBIBYTE));
    write("folder/b", randomBytesOf("a", 40 * KIBIBYTE));
    write("small", "small");
    await backUp();
    write("folder/c", randomBytesOf("c", 10 * KIBIBYTE));
    await backUp();
  });

  test("raw-data counts each chunk once, as stored", async () => {
    const { live } = await stats();
    await using client = await open();
    expect(await measureRawData(client.repository, [1, 2])).toEqual(live);
    const first = await measureRawData(client.repository, [1]);
    expect(first.plain).toBeGreaterThan(40 * KIBIBYTE);
    expect(first.plain).toBeLessThan(50 * KIBIBYTE);
  });

  test("files-by-contents counts each content once", async () => {
    await using client = await open();
    const count = async (numbers: number[]) => await measureFiles(client.repository, numbers, "files-by-contents");
    expect(await count([1])).toEqual({ files: 2, bytes: 40 * KIBIBYTE + 5, chunks: 0 });
    expect(await count([1, 2])).toEqual({ files: 3, bytes: 50 * KIBIBYTE + 5, chunks: 0 });
  });

  test("blobs-per-file counts each chunk once for each path", async () => {
    await using client = await open();
    const count = async (numbers: number[]) => await measureFiles(client.repository, numbers, "blobs-per-file");
    expect(await count([1])).toMatchObject({ files: 3, bytes: 80 * KIBIBYTE + 5 });
    expect(await count([1, 2])).toMatchObject({ files: 4, bytes: 90 * KIBIBYTE + 5 });
  });
});
