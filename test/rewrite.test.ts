/** Rewriting snapshots: the same as if what is left out had never been backed up, and the parent of the next backup. */
import * as fs from "node:fs";
import { join } from "node:path";
import { appendToLog, type NameReference } from "@bcat/repository";
import {
  check,
  findSnapshot,
  listSnapshots,
  pinSnapshots,
  type RewriteOptions,
  rewriteSnapshot,
  type SnapshotInfo,
} from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

const KIBIBYTE = 1024;
const chunker = { kind: "cdc", minimum: 4 * KIBIBYTE, average: 8 * KIBIBYTE, maximum: 64 * KIBIBYTE } as const;
const PACK_NAME = /^packs\/..\/(\d+)-([0-9a-f]{32})$/;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  storage = createMemoryStorage();
  write("folder/keep", 1_000);
  write("folder/drop.iso", 90_000);
  write("folder/deep/other.ISO", 20_000);
  write("folder/deep/er/than/that", 700);
  write("aside/big", 1_500 * KIBIBYTE);
  // More than one leaf.
  for (let i = 0; i < 600; i++) write(`many/${i}${i % 3 === 0 ? ".iso" : ""}`, 10);
  fs.linkSync(join(source, "folder/keep"), join(source, "folder/linked"));
  fs.symlinkSync("keep", join(source, "folder/link"));
});
afterEach(async () => await scratch[Symbol.asyncDispose]());

function write(name: string, size: number): void {
  const path = join(source, name);
  fs.mkdirSync(join(path, ".."), { recursive: true });
  fs.writeFileSync(path, randomBytesOf(name, size));
}

async function open(): Promise<Client> {
  const client = await openClient(storage, { sizes: { packSize: 200 * KIBIBYTE, packsPerSegment: 2 }, chunker });
  client.time = Date.now() + 3_600_000;
  return client;
}

const find = (client: Client, number: number) => findSnapshot(client.repository, String(number));
const rewrite = (client: Client, number: number, options: RewriteOptions) =>
  rewriteSnapshot(client.repository, number, options);
const nodesOf = ({ snapshot }: SnapshotInfo) => snapshot.roots.map(({ node }) => Buffer.from(node).toString("hex"));

test("the trees are those of a backup that never had it, and so are the counts", async () => {
  await using client = await open();
  await client.backup([source]);
  const before = [...storage.objects.keys()].filter((name) => name.startsWith("packs/")).length;
  const patterns = { excludes: ["*.iso", "/**/folder/link"], iexcludes: ["OTHER.iso"] };
  const result = await rewrite(client, 1, { ...patterns, forget: true });
  expect(result).toMatchObject({ number: 2, leftOut: 200 + 1 + 1 + 1, isChanged: true });
  expect([...storage.objects.keys()].filter((name) => name.startsWith("packs/"))).toHaveLength(before + 1);
  await client.backup([source], { ...patterns, force: true });
  const [rewritten, fresh] = [await find(client, 2), await find(client, 3)];
  expect(nodesOf(rewritten)).toEqual(nodesOf(fresh));
  for (const name of ["files", "directories", "symlinks", "others", "bytes"] as const)
    expect(rewritten.snapshot.counts[name], name).toBe(fresh.snapshot.counts[name]);
  expect(rewritten.snapshot).toMatchObject({ original: { number: 1 }, tags: [], excludes: patterns.excludes });
  expect((await listSnapshots(client.repository)).map(({ number }) => number)).toEqual([2, 3]);
  await using other = await open();
  expect(await check(other.repository, { readData: true })).toMatchObject({ damage: 0 });
});

test("the next backup compares with it, and opens no file", async () => {
  await using client = await open();
  await client.backup([source]);
  await rewrite(client, 1, { excludes: ["*.iso"], forget: true });
  const summary = await client.backup([source], { excludes: ["*.iso"] });
  expect(summary).toMatchObject({ parent: 2, filesNew: 0, filesChanged: 0, dirsChanged: 0, dataChunks: 0 });
  expect(nodesOf(await find(client, 3))).toEqual(nodesOf(await find(client, 2)));
  expect(client.opened).toEqual([]);
  const again = await client.backup([source]);
  expect(again).toMatchObject({ parent: 3, filesNew: 201, filesChanged: 0 });
  expect(client.opened).toHaveLength(201);
});

test("without --forget both are there, and the new one says what it is", async () => {
  await using client = await open();
  await client.backup([source], { tags: ["a"] });
  expect(await rewrite(client, 1, { excludes: ["aside"] })).toMatchObject({ number: 2, leftOut: 1 });
  const listed = await listSnapshots(client.repository);
  expect(listed.map(({ number, snapshot }) => [number, ...snapshot.tags])).toEqual([
    [1, "a"],
    [2, "a", "rewrite"],
  ]);
  expect(await rewrite(client, 1, { excludes: ["nothing"] })).toMatchObject({ number: undefined, isChanged: false });
  expect(client.repository.history.openSessions).toEqual([]);
});

test("a dry run counts and writes nothing", async () => {
  await using client = await open();
  await client.backup([source]);
  const before = storage.objects.size;
  const paths: string[] = [];
  const onLeftOut = (path: Uint8Array) => paths.push(Buffer.from(path).toString());
  const given = { excludes: ["folder"], dryRun: true, onLeftOut };
  expect(await rewrite(client, 1, given)).toMatchObject({ number: undefined, isChanged: true, leftOut: 1 });
  expect(paths).toEqual([join(source, "folder")]);
  expect(storage.objects.size).toBe(before);
});

test("host and time alone change no tree, and a pin goes over", async () => {
  await using client = await open();
  await client.backup([source]);
  await pinSnapshots(client.repository, [1]);
  const before = await find(client, 1);
  expect(await rewrite(client, 1, { host: "other", time: 5_000, forget: true })).toMatchObject({ number: 2 });
  const [old, made] = [before, await find(client, 2)];
  expect(made.snapshot).toMatchObject({ host: "other", start: 5_000, logHead: 0 });
  expect(nodesOf(made)).toEqual(nodesOf(old));
  expect(client.repository.history.isPinned(2)).toBe(true);
});

test("a snapshot of which nothing would be left is left alone", async () => {
  await using client = await open();
  await client.backup([source]);
  await expect(rewrite(client, 1, { excludes: ["source"] })).rejects.toThrow(/nothing of it would be left/);
  await expect(rewrite(client, 1, { excludes: [scratch.path] })).rejects.toThrow(/nothing of it would be left/);
  await expect(rewrite(client, 9, { excludes: ["x"] })).rejects.toThrow(/it is not there/);
  expect((await listSnapshots(client.repository)).map(({ number }) => number)).toEqual([1]);
  expect(client.repository.history.openSessions).toEqual([]);
});

test("what is kept is stored again if it lies in condemned packs only, and what is gone is named", async () => {
  await using client = await open();
  await client.backup([source]);
  const packs = [...storage.objects.keys()].filter((name) => PACK_NAME.test(name));
  const references = packs.map((name): NameReference => {
    const [, session, unique] = PACK_NAME.exec(name)!;
    return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
  });
  await appendToLog(client.repository, { kind: "condemn", packs: references });
  const whole = storage;
  storage = whole.clone();
  {
    await using one = await open();
    await rewrite(one, 1, { excludes: ["*.iso"], forget: true });
    for (const name of packs) await storage.delete(name);
    await using other = await open();
    expect(await check(other.repository, { readData: true })).toMatchObject({ damage: 0 });
    expect((await find(other, 2)).snapshot.logHead).toBe(1);
  }
  storage = whole.clone();
  await using one = await open();
  await storage.delete(packs[0]!);
  await expect(rewrite(one, 1, { excludes: ["*.iso"], forget: true })).rejects.toThrow(/Cannot take over ".*source/);
  expect((await listSnapshots(one.repository)).map(({ number }) => number)).toEqual([1]);
});

test("stopped before the old one was forgotten, the next run finds what is there", async () => {
  await using client = await open();
  await client.backup([source]);
  await rewrite(client, 1, { excludes: ["*.iso"], forget: true });
  for (const name of [...storage.objects.keys()].filter((name) => name.startsWith("log/"))) await storage.delete(name);
  await using other = await open();
  expect(await rewrite(other, 1, { excludes: ["*.iso"], forget: true })).toMatchObject({ number: 2 });
  expect((await listSnapshots(other.repository)).map(({ number }) => number)).toEqual([2]);
});
