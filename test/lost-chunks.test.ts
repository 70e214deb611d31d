/** What check says of packs of which a part is damaged: that which restore cannot give back, and nothing else. */
import * as fs from "node:fs";
import { join } from "node:path";
import { findBadPacks, repairPacks } from "@bcat/repository";
import { check, type Finding, forgetSnapshots, measureRepository } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

/** Of so many bytes each has frames of its own. */
const FILE_SIZE = 200_000;
const FILES = ["one", "two", "three", "four"];

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
/** The pack that the files lie in. */
let pack: string;

beforeEach(async () => {
  scratch = makeScratch(2 ** 24)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(source);
  for (const name of FILES) fs.writeFileSync(join(source, name), randomBytesOf(name, FILE_SIZE));
  storage = createMemoryStorage();
  await using((client) => client.backup([source]));
  pack = [...storage.objects].sort(([, a], [, b]) => b.length - a.length)[0]![0];
});
afterEach(() => scratch[Symbol.asyncDispose]());

async function using<T>(use: (client: Client) => Promise<T>): Promise<T> {
  await using client = await openClient(storage);
  client.time = Date.now() + 3_600_000;
  return await use(client);
}

/** Of the first frame. */
const damage = () => {
  storage.objects.get(pack)![5]! ^= 1;
};

async function replace(bytes: Uint8Array): Promise<void> {
  await storage.delete(pack);
  await storage.put(pack, bytes);
}

async function findings(readData: boolean): Promise<Finding[]> {
  const found: Finding[] = [];
  await using(({ repository }) => check(repository, { readData, onFinding: (finding) => found.push(finding) }));
  return found.filter(({ kind }) => kind === "damage");
}

/** Files of the latest snapshot that cannot be had. */
async function unrestored(): Promise<string[]> {
  return await using(async (client) => {
    const target = join(scratch.path, "restored");
    await client.restore("all", target);
    fs.rmSync(target, { recursive: true });
    return client.warnings.map((line) => /^error (.*?): /.exec(line)![1]!).sort();
  });
}

const pathsOf = ({ paths = [] }: Finding) => paths.map((path) => Buffer.from(path).toString()).sort();
const condemn = () =>
  using(async ({ repository }) => {
    const bad = await findBadPacks(repository, { readData: true });
    return await repairPacks(repository, bad, { level: 3 });
  });
const missing = () => using(async ({ repository }) => (await measureRepository(repository)).missing);

describe("check of a pack in which a frame is damaged", () => {
  test("names the only file that needs the frame", async () => {
    damage();
    const lost = await unrestored();
    expect(lost).toHaveLength(1);
    const found = await findings(true);
    expect(found.map(pathsOf)).toEqual([lost]);
    expect(found[0]).toMatchObject({ object: pack, snapshots: [1], pathCount: 1, remedy: `bcat repair packs ${pack}` });
    expect(found[0]!.message).toContain("1 of its 4 parts cannot be read");
  });

  test("says that no snapshot needs the frame, but what else is in the pack", async () => {
    damage();
    const [lost] = await unrestored();
    fs.rmSync(lost!);
    await using((client) => client.backup([source]));
    await using(async ({ repository }) => {
      await repository.refresh();
      await forgetSnapshots(repository, [1]);
    });
    const found = await findings(true);
    expect(found.map(pathsOf)).toEqual([[]]);
    expect(found[0]!.message).toMatch(/; no snapshot needs what is damaged, but the rest of it$/);
  });

  test("names all files where the frames are whole, and the end of the pack is not", async () => {
    storage.objects.get(pack)!.set([255], storage.objects.get(pack)!.length - 40);
    for (const readData of [false, true]) expect((await findings(readData))[0]).toMatchObject({ pathCount: 4 });
  });
});

test("check of a pack that was cut short names the files in the part that is missing", async () => {
  const whole = storage.objects.get(pack)!;
  await replace(whole.subarray(0, 1.5 * FILE_SIZE));
  const lost = await unrestored();
  expect(lost).toHaveLength(3);
  for (const readData of [false, true]) expect((await findings(readData)).map(pathsOf)).toEqual([lost]);
});

describe("what was lost when packs were repaired", () => {
  test("stays damage for a check that reads no data, and is counted by stats, until it is healed", async () => {
    damage();
    const lost = await unrestored();
    expect(await condemn()).toMatchObject({ lost: 1, saved: 3 });
    for (const readData of [false, true, { kind: "share", percent: 1 } as const]) {
      const found = await findings(readData as boolean);
      expect(found.map(pathsOf)).toEqual([lost]);
      expect(found[0]).toMatchObject({ object: pack, snapshots: [1], remedy: expect.stringMatching(/^bcat backup/) });
    }
    expect(await missing()).toBe(1);
    expect(await using((client) => client.backup([source]))).toMatchObject({ healedChunks: 1 });
    expect(await findings(false)).toEqual([]);
    expect(await missing()).toBe(0);
  });

  test("is no damage any more when the pack is put back", async () => {
    const whole = storage.objects.get(pack)!.slice();
    damage();
    await condemn();
    await replace(whole);
    expect(await unrestored()).toEqual([]);
    for (const readData of [false, true]) expect(await findings(readData)).toEqual([]);
  });
});
