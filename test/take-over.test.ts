/** Undelete and tag: what an old snapshot refers to, taken over into a new session under the reference rule. */
import * as fs from "node:fs";
import { join } from "node:path";
import { appendToLog, type NameReference, type Repository } from "@bcat/repository";
import {
  check,
  findSnapshot,
  forgetSnapshots,
  listSnapshots,
  pinSnapshots,
  tagSnapshot,
  undelete,
} from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const KIBIBYTE = 1024;
const chunker = { kind: "cdc", minimum: 4 * KIBIBYTE, average: 8 * KIBIBYTE, maximum: 64 * KIBIBYTE } as const;
const PACK_NAME = /^packs\/..\/(\d+)-([0-9a-f]{32})$/;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 27)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  for (let i = 0; i < 20; i++) fs.writeFileSync(join(source, "folder", String(i)), randomBytesOf(String(i), 1_000 + i));
  // More than 64 chunks: their references are a tree chunk of their own.
  fs.writeFileSync(join(source, "huge"), randomBytesOf("huge", 2_000 * KIBIBYTE));
  storage = createMemoryStorage();
});
afterEach(async () => await scratch[Symbol.asyncDispose]());

async function open(): Promise<Client> {
  const client = await openClient(storage, { sizes: { packSize: 200 * KIBIBYTE, packsPerSegment: 2 }, chunker });
  client.time = Date.now() + 3_600_000;
  return client;
}

const packs = () => [...storage.objects.keys()].filter((name) => PACK_NAME.test(name));

async function condemn(repository: Repository, names: readonly string[]): Promise<void> {
  const references = names.map((name): NameReference => {
    const [, session, unique] = PACK_NAME.exec(name)!;
    return { session: Number(session), unique: new Uint8Array(Buffer.from(unique!, "hex")) };
  });
  await appendToLog(repository, { kind: "condemn", packs: references });
}

async function expectRestored(client: Client, selector: string): Promise<void> {
  const target = join(scratch.path, "restored");
  await client.restore("all", target, { selector });
  expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
  fs.rmSync(target, { recursive: true });
}

const numbersOf = async (client: Client) => (await listSnapshots(client.repository)).map(({ number }) => number);
const headOf = async (client: Client, number: number) =>
  (await findSnapshot(client.repository, String(number))).snapshot.logHead;

test("what was forgotten comes back under a new number, in its old place, and is what it was", async () => {
  await using client = await open();
  const { snapshotNumber } = await client.backup([source], { tags: ["a"] });
  const other = join(scratch.path, "other");
  fs.writeFileSync(other, "later");
  await client.backup([source, other]);
  await forgetSnapshots(client.repository, [1]);
  const before = packs();
  expect(await undelete(client.repository, 1)).toEqual({ number: 3, copied: 0, wasThere: false });
  expect(packs()).toEqual(before);
  expect(snapshotNumber).toBe(1);
  expect(await numbersOf(client)).toEqual([3, 2]);
  const { snapshot } = await findSnapshot(client.repository, "3");
  expect(snapshot).toMatchObject({ tags: ["a"], original: { number: 1 }, complete: true, logHead: 0 });
  expect((await findSnapshot(client.repository, "latest")).number).toBe(2);
  await expectRestored(client, "3");
  expect(await undelete(client.repository, 1)).toEqual({ number: 3, copied: 0, wasThere: true });
  await expect(undelete(client.repository, 2)).rejects.toThrow(/it is not forgotten/);
  await expect(undelete(client.repository, 9)).rejects.toThrow(/none of this number/);
});

test("what lies in condemned packs only is stored again, and these may go", async () => {
  await using client = await open();
  await client.backup([source]);
  await forgetSnapshots(client.repository, [1]);
  const old = packs();
  await condemn(client.repository, old);
  const { number, copied } = await undelete(client.repository, 1);
  expect(copied).toBeGreaterThan(64);
  expect(await headOf(client, number)).toBe(2);
  for (const name of old) await storage.delete(name);
  await using other = await open();
  await expectRestored(other, String(number));
  expect(await check(other.repository, { readData: true })).toMatchObject({ damage: 0 });
});

test("of packs some may be condemned: each alone, and gone afterwards", async () => {
  await using client = await open();
  await client.backup([source]);
  await forgetSnapshots(client.repository, [1]);
  const original = storage;
  for (const pack of packs()) {
    storage = original.clone();
    await using one = await open();
    await condemn(one.repository, [pack]);
    const { number, copied } = await undelete(one.repository, 1);
    expect(copied, pack).toBeGreaterThan(0);
    await storage.delete(pack);
    await using other = await open();
    await expectRestored(other, String(number));
  }
});

test("what prune has taken is named by its path, and nothing is committed", async () => {
  await using client = await open();
  await client.backup([source]);
  await forgetSnapshots(client.repository, [1]);
  const original = storage;
  for (const pack of packs()) {
    storage = original.clone();
    await using one = await open();
    await condemn(one.repository, [pack]);
    await storage.delete(pack);
    await expect(undelete(one.repository, 1), pack).rejects.toThrow(
      /Cannot undelete snapshot 1: prune has taken a part of it, or it is damaged: ".*source.*"( and others, 2\d in all)?$/,
    );
    expect(await numbersOf(one)).toEqual([]);
  }
});

test("field 32 is the lowest head: a snapshot taken over unquestioned keeps that of the old one", async () => {
  await using client = await open();
  await client.backup([source]);
  await pinSnapshots(client.repository, [1]);
  const [info] = await listSnapshots(client.repository);
  expect(await tagSnapshot(client.repository, info!, { add: ["x"] })).toBe(2);
  expect(await headOf(client, 2)).toBe(0);
  expect(client.repository.history.logHead).toBe(3);
});

test("tag replaces a snapshot by one with other tags, which is pinned if that was, and the parent of the next", async () => {
  await using client = await open();
  await client.backup([source], { tags: ["a", "b"] });
  await pinSnapshots(client.repository, [1], { note: "why" });
  const listed = async () => (await listSnapshots(client.repository))[0]!;
  expect(await tagSnapshot(client.repository, await listed(), { add: ["c"], remove: ["a"] })).toBe(2);
  expect(await listed()).toMatchObject({ number: 2, snapshot: { tags: ["b", "c"], originalNumber: 1 } });
  expect(client.repository.history.pinNote(2)).toBe("why");
  expect(await tagSnapshot(client.repository, await listed(), { add: ["c"] })).toBeUndefined();
  expect(await tagSnapshot(client.repository, await listed(), { set: [] })).toBe(3);
  expect(await listed()).toMatchObject({ number: 3, snapshot: { tags: [], originalNumber: 1 } });
  expect(await client.backup([source])).toMatchObject({ parent: 3, filesUnmodified: 21, dataChunks: 0 });
  expect(client.opened).toEqual([]);
});

test("a tag that was stopped before the old snapshot was forgotten is finished by the next, without a third", async () => {
  await using client = await open();
  await client.backup([source]);
  const [info] = await listSnapshots(client.repository);
  expect(await tagSnapshot(client.repository, info!, { set: ["x"] })).toBe(2);
  const whole = storage;
  storage = createMemoryStorage();
  for (const [name, bytes] of whole.objects) if (!name.startsWith("log/")) await storage.put(name, bytes);
  await using other = await open();
  const [old] = await listSnapshots(other.repository);
  expect(await tagSnapshot(other.repository, old!, { set: ["x"] })).toBe(2);
  expect(await numbersOf(other)).toEqual([2]);
});
