/** Damage to packs that have parity: what check and scrub say of it, and what repair brings back without a source. */
import * as fs from "node:fs";
import { join } from "node:path";
import { loadBlake3 } from "@bcat/crypto";
import { decodeParity, encodeParity, parityName } from "@bcat/pack";
import { findBadPacks, repairIndex, repairPacks, repairParity, scrub } from "@bcat/repository";
import { check, type Finding } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage, type PutOptions, type Storage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const sizes = { packSize: 400_000 };
const chunker = { kind: "cdc", minimum: 2_048, average: 4_096, maximum: 16_384 } as const;
const blake3 = loadBlake3("auto");

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;

beforeEach(() => {
  scratch = makeScratch(2 ** 25)!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  for (let i = 0; i < 20; i++) fs.writeFileSync(join(source, "folder", `${i}`), randomBytesOf(`${i}`, 3_000 + i));
  fs.writeFileSync(join(source, "large"), randomBytesOf("large", 900_000));
  storage = createMemoryStorage();
});
afterEach(() => scratch[Symbol.asyncDispose]());

interface Options {
  readonly parity?: number;
  readonly through?: Storage;
}

async function using<T>(use: (client: Client) => Promise<T>, { parity, through = storage }: Options = {}): Promise<T> {
  await using client = await openClient(through, { sizes, chunker, ...(parity !== undefined && { parity }) });
  client.time = Date.now() + 3_600_000;
  return await use(client);
}

const backUp = (options: Options = { parity: 5 }) => using((client) => client.backup([source]), options);
const names = (start: string) => [...storage.objects.keys()].filter((name) => name.startsWith(start)).sort();
const sizeOf = (name: string) => storage.objects.get(name)!.length;
const largestPack = () => names("packs/").reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));

/** Spoils a run of bytes of an object. */
function spoil(name: string, offset: number, length: number): void {
  const bytes = storage.objects.get(name)!;
  for (let i = offset; i < offset + length; i++) bytes[i]! ^= 0x5a;
}

async function cut(name: string, length: number): Promise<void> {
  const bytes = storage.objects.get(name)!.slice(0, length);
  await storage.delete(name);
  await storage.put(name, bytes);
}

/** What check says; with all data unless told otherwise. */
async function findings(readData = true): Promise<Finding[]> {
  const found: Finding[] = [];
  await using(({ repository }) => check(repository, { readData, onFinding: (finding) => found.push(finding) }));
  return found;
}

async function scrubbed(): Promise<Finding[]> {
  const found: Finding[] = [];
  await scrub(storage, { blake3, onFinding: (finding) => found.push(finding) });
  return found;
}

const repair = () =>
  using(async ({ repository }) => {
    const bad = await findBadPacks(repository, { readData: true });
    return await repairPacks(repository, bad, { level: 3 });
  });
const repairParities = (options: Parameters<typeof repairParity>[1] = {}, parity = 5) =>
  using(({ repository }) => repairParity(repository, options), { parity });

async function expectRestored(): Promise<void> {
  await using(async (client) => {
    const target = join(scratch.path, "restored");
    await client.restore("all", target);
    expect(client.warnings).toEqual([]);
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  });
}

function expectParityOfAllPacks(percent = 5): void {
  expect(names("parity/")).toEqual(names("packs/").map(parityName).sort());
  for (const pack of names("packs/")) {
    const expected = encodeParity(blake3, storage.objects.get(pack)!, percent);
    expect(Buffer.compare(storage.objects.get(parityName(pack))!, expected)).toBe(0);
  }
}

describe("a backup with parity", () => {
  test("writes it beside every pack, before a segment names that, and counts it", async () => {
    const puts: string[] = [];
    const kinds = new Map<string, PutOptions["kind"]>();
    const through: Storage = {
      ...{ location: storage.location, list: (prefix) => storage.list(prefix) },
      ...{ get: (name, options) => storage.get(name, options) },
      putIfAbsent: (name, bytes, options) => storage.putIfAbsent(name, bytes, options),
      put: async (name, bytes, options) => {
        await storage.put(name, bytes, options);
        puts.push(name);
        kinds.set(name, options?.kind);
      },
    };
    const { dataAddedPacked } = await backUp({ parity: 5, through });
    expectParityOfAllPacks();
    const stored = ["packs/", "parity/", "index/"].flatMap(names).reduce((sum, name) => sum + sizeOf(name), 0);
    expect(dataAddedPacked).toBe(stored);
    const lastOf = (start: string) => puts.findLastIndex((name) => name.startsWith(start));
    for (const pack of names("packs/")) {
      expect(puts.indexOf(parityName(pack))).toBeGreaterThan(puts.indexOf(pack));
      expect(kinds.get(parityName(pack))).toBe(kinds.get(pack));
    }
    expect(lastOf("parity/")).toBeLessThan(lastOf("index/"));
    expect(new Set(kinds.values())).toEqual(new Set(["data", undefined]));
    expect(await findings()).toEqual([]);
    expect(await scrubbed()).toEqual([]);
  });

  test("commits nothing when it cannot be written", async () => {
    const through: Storage = {
      ...{ location: storage.location, list: (prefix) => storage.list(prefix) },
      ...{ get: (name, options) => storage.get(name, options) },
      putIfAbsent: (name, bytes, options) => storage.putIfAbsent(name, bytes, options),
      put: async (name, bytes, options) => {
        if (name.startsWith("parity/")) throw new Error("no space for parity");
        await storage.put(name, bytes, options);
      },
    };
    await expect(backUp({ parity: 5, through })).rejects.toThrow("no space for parity");
    expect(names("outcomes/")).toEqual([]);
  });

  test("is what the repository was made for, unless a run is told otherwise", async () => {
    storage = createMemoryStorage();
    await using client = await openClient(storage, { sizes, chunker, inits: { parity: 7 } });
    expect(client.repository.config.parity).toBe(7);
    await backUp({});
    expectParityOfAllPacks(7);
    const before = names("parity/").length;
    fs.writeFileSync(join(source, "more"), randomBytesOf("more", 10_000));
    await backUp({ parity: 0 });
    expect(names("parity/")).toHaveLength(before);
  });
});

describe("a damaged pack", () => {
  beforeEach(() => backUp());

  /** Shown by check and scrub, then repaired without a source; the pack is not needed any more. */
  async function expectMended(pack: string): Promise<void> {
    const says = expect.stringContaining("; its parity mends all of it");
    const damage = { kind: "damage", object: pack, message: says };
    expect(await findings()).toEqual([expect.objectContaining({ ...damage, remedy: `bcat repair packs ${pack}` })]);
    expect(await scrubbed()).toEqual([expect.objectContaining(damage)]);
    const done = await repair();
    expect(done).toMatchObject({ lost: 0, mended: 1 });
    expect(done.saved).toBe(done.opened);
    await storage.delete(pack);
    await storage.delete(parityName(pack));
    expect((await findings()).filter(({ kind }) => kind === "damage")).toEqual([]);
    await expectRestored();
  }

  test.each(["packs/ of data", "packs/ of trees"])("comes back from a run of 5 %: %s", async (which) => {
    const packs = names("packs/").sort((a, b) => sizeOf(b) - sizeOf(a));
    const pack = which === "packs/ of data" ? packs[0]! : packs.at(-1)!;
    const length = Math.floor(sizeOf(pack) / 20);
    spoil(pack, Math.floor(sizeOf(pack) / 3), length);
    await expectMended(pack);
  });

  test("comes back from damage in several places, its trailer and directory among them", async () => {
    const pack = largestPack();
    for (const offset of [0, 123_456, 200_000, sizeOf(pack) - 200]) spoil(pack, offset, 150);
    await expectMended(pack);
  });

  test("comes back when it was cut short", async () => {
    const pack = largestPack();
    await cut(pack, sizeOf(pack) - 15_000);
    await expectMended(pack);
  });

  test("comes back although its parity is damaged in one place, too", async () => {
    const pack = largestPack();
    spoil(pack, 100_000, 5_000);
    spoil(parityName(pack), 0, 200);
    expect((await scrubbed()).map(({ object }) => object).sort()).toEqual([pack, parityName(pack)]);
    expect(await repair()).toMatchObject({ lost: 0, mended: 1 });
    await storage.delete(pack);
    await expectRestored();
  });

  test("with more damage than parity is said, saves what opens, and the next backup heals the rest", async () => {
    const pack = largestPack();
    spoil(pack, 50_000, 80_000);
    const says = expect.stringMatching(/; its parity mends \d+ of \d+ damaged blocks/);
    expect(await findings()).toEqual([expect.objectContaining({ object: pack, message: says })]);
    const { lost, mended } = await repair();
    expect(mended).toBe(0);
    expect(lost).toBeGreaterThan(0);
    expect(await backUp()).toMatchObject({ healedChunks: lost });
    await expectRestored();
  });

  test("that is missing is said to need more parity than there is", async () => {
    const pack = largestPack();
    await storage.delete(pack);
    const [finding] = await findings();
    expect(finding).toMatchObject({ object: pack, message: expect.stringContaining("too little to make it anew") });
    expect((await scrubbed()).map(({ object, code }) => [object, code])).toEqual([[parityName(pack), "orphan"]]);
    expect(await repair()).toMatchObject({ mended: 0, opened: 0 });
  });

  test("without readable parity is as one without any", async () => {
    const pack = largestPack();
    spoil(pack, 100, 1);
    await cut(parityName(pack), 100);
    const [finding] = await findings();
    expect(finding!.message).toContain("; its parity is damaged, too");
    expect((await repair()).lost).toBeGreaterThan(0);
  });

  test("whose segment is lost too is found again by its directory, as parity has it", async () => {
    const pack = largestPack();
    spoil(pack, sizeOf(pack) - 500, 100);
    for (const name of names("index/")) await storage.delete(name);
    const done = await using(({ repository }) => repairIndex(repository));
    expect(done).toMatchObject({ unreadable: [], packs: names("packs/").length });
    expect(await repair()).toMatchObject({ lost: 0, mended: 1 });
    await storage.delete(pack);
    await expectRestored();
  });
});

describe("packs with as much parity as they are long", () => {
  test("come back when they are missing", async () => {
    await backUp({ parity: 100 });
    const packs = names("packs/");
    for (const pack of packs) await storage.delete(pack);
    expect(await repair()).toMatchObject({ lost: 0, mended: packs.length });
    expect((await findings()).filter(({ kind }) => kind === "damage")).toEqual([]);
    await expectRestored();
  });
});

describe("repair parity", () => {
  test("adds it to packs that have none, once, and none to bad ones", async () => {
    await backUp({});
    expect(names("parity/")).toEqual([]);
    const packs = names("packs/");
    const bad = largestPack();
    spoil(bad, 10, 1);
    const would = await repairParities({ dryRun: true });
    expect(names("parity/")).toEqual([]);
    const done = await repairParities();
    expect(done).toMatchObject({ good: 0, added: packs.length - 1, replaced: 0, bytes: would.bytes });
    expect(done.bad.map(({ name }) => name)).toEqual([bad]);
    spoil(bad, 10, 1);
    expect(await repairParities()).toMatchObject({ good: packs.length - 1, added: 1, bad: [] });
    expect(await repairParities()).toMatchObject({ good: packs.length, added: 0, bytes: 0 });
    expectParityOfAllPacks();
    expect(await findings()).toEqual([]);
  });

  test("makes damaged parity anew, as check and scrub name it, but not while its pack is damaged", async () => {
    await backUp();
    const pack = largestPack();
    const parity = parityName(pack);
    spoil(parity, 9_000, 1);
    const damage = { kind: "damage", object: parity, objectKind: "parity", remedy: `bcat repair parity ${parity}` };
    expect(await findings()).toEqual([expect.objectContaining(damage)]);
    expect(await scrubbed()).toEqual([expect.objectContaining(damage)]);
    expect(await findings(false)).toEqual([]);
    expect(await repairParities()).toMatchObject({ replaced: 0 });
    spoil(pack, 10, 1);
    const { replaced, bad } = await repairParities({ readData: true });
    expect([replaced, bad.length, decodeParity(blake3, parity, storage.objects.get(parity)!).isWhole]).toEqual([
      0,
      1,
      false,
    ]);
    spoil(pack, 10, 1);
    expect(await repairParities({ names: new Set([parity]) })).toMatchObject({ good: 0, replaced: 1, bad: [] });
    expectParityOfAllPacks();
  });

  test("makes parity anew that was cut short, without reading the others", async () => {
    await backUp();
    const [cut, ...others] = names("parity/");
    const bytes = storage.objects.get(cut!)!.slice(0, -100);
    await storage.delete(cut!);
    await storage.put(cut!, bytes);
    expect(await repairParities()).toMatchObject({ good: others.length, replaced: 1, bad: [] });
    expectParityOfAllPacks();
  });

  test("of another pack is found, and put right", async () => {
    await backUp();
    const [one, other] = names("parity/");
    const bytes = storage.objects.get(other!)!.slice();
    await storage.delete(one!);
    await storage.put(one!, bytes);
    expect((await findings()).map(({ object }) => object)).toEqual([one]);
    expect(await repairParities({ readData: true })).toMatchObject({ replaced: 1 });
    expectParityOfAllPacks();
  });

  test("leaves condemned packs, wants to be told how much, and names that are parity's", async () => {
    await backUp({});
    const pack = largestPack();
    spoil(pack, 10, 1);
    await repair();
    await repairParities();
    expect(names("parity/")).not.toContain(parityName(pack));
    await expect(repairParities({}, 0)).rejects.toMatchObject({ code: "usage" });
    await expect(repairParities({ names: new Set(["parity/aa/x"]) })).rejects.toMatchObject({ code: "not-found" });
  });

  test("parity without a pack is an orphan to check", async () => {
    await backUp();
    const name = `parity/aa/0000000001-aa${"0".repeat(30)}`;
    await storage.put(name, new Uint8Array(100));
    expect(await findings()).toMatchObject([{ kind: "note", code: "orphan", object: name }]);
  });
});
