/** Prunes of real snapshots: what is left restores byte for byte, is clean, and is all that is left. */
import * as fs from "node:fs";
import { join } from "node:path";
import { appendToLog } from "@bcat/repository";
import { check, type Finding, measureRepository, type PruneOptions, type PruneSummary, prune } from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const KIBIBYTE = 2 ** 10;
const sizes = { packSize: 128 * KIBIBYTE, packsPerSegment: 4 };
const chunker = { kind: "cdc", minimum: 8 * KIBIBYTE, average: 16 * KIBIBYTE, maximum: 64 * KIBIBYTE } as const;
const thorough: PruneOptions = { maxUnused: { bytes: 0 }, level: 3, voidAfterMs: 7 * 86_400_000 };

describe("a prune", () => {
  let scratch: Scratch;
  let source: string;
  let storage: MemoryStorage;

  beforeEach(() => {
    scratch = makeScratch(2 ** 27)!;
    source = join(scratch.path, "source");
    fs.mkdirSync(join(source, "folder/inner"), { recursive: true });
    for (let i = 0; i < 60; i++)
      fs.writeFileSync(join(source, "folder", String(i)), randomBytesOf(String(i), 2_000 + i));
    fs.writeFileSync(join(source, "large"), randomBytesOf("large", 700 * KIBIBYTE));
    // More than 64 chunks: its references are a tree chunk of their own.
    fs.writeFileSync(join(source, "huge"), randomBytesOf("huge", 3_000 * KIBIBYTE));
    storage = createMemoryStorage();
  });

  afterEach(async () => await scratch[Symbol.asyncDispose]());

  const open = async (): Promise<Client> => await openClient(storage, { sizes, chunker });
  const pruneAll = async (options: Partial<PruneOptions> = {}): Promise<PruneSummary> => {
    await using client = await open();
    return await prune(client.repository, { ...thorough, ...options });
  };
  const forget = async (...snapshots: number[]) => {
    await using client = await open();
    await appendToLog(client.repository, { kind: "forget", snapshots });
  };
  const change = (round: number) => {
    for (let i = round % 3; i < 60; i += 3)
      fs.writeFileSync(join(source, "folder", String(i)), randomBytesOf(`${i}-${round}`, 2_000 + i));
    const descriptor = fs.openSync(join(source, "huge"), "r+");
    fs.writeSync(descriptor, randomBytesOf(`huge-${round}`, 60_000), 0, 60_000, round * 300_000);
    fs.closeSync(descriptor);
  };
  const findings = async (): Promise<Finding[]> => {
    await using client = await open();
    const found: Finding[] = [];
    await check(client.repository, { readData: true, onFinding: (finding) => found.push(finding) });
    return found;
  };
  const expectRestored = async (selector: string) => {
    await using client = await open();
    const target = join(scratch.path, `restored ${selector}`);
    await client.restore("all", target, { selector });
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
    fs.rmSync(target, { recursive: true });
  };
  const packedBytes = () =>
    [...storage.objects].reduce((sum, [name, bytes]) => sum + (name.startsWith("packs/") ? bytes.length : 0), 0);

  test("of all snapshots but the last leaves what a repository with that one alone has", async () => {
    for (let round = 0; round < 6; round++) {
      await using client = await open();
      if (round > 0) change(round);
      await client.backup([source]);
    }
    const alone = createMemoryStorage();
    {
      await using client = await openClient(alone, { sizes, chunker });
      await client.backup([source]);
    }
    const ideal = [...alone.objects].reduce(
      (sum, [name, { length }]) => sum + (name.startsWith("packs/") ? length : 0),
      0,
    );
    await forget(1, 2, 3, 4, 5);
    expect(await pruneAll({ isAtOnce: true })).toMatchObject({ later: { packs: 0 }, waitsFor: [] });
    await expectRestored("6");
    expect(await findings()).toEqual([]);
    expect(packedBytes()).toBeLessThan(1.05 * ideal);
    await using client = await open();
    change(7);
    await client.backup([source]);
    await expectRestored("latest");
    expect(await findings()).toEqual([]);
  });

  test("leaves unused what --max-unused permits, and copies no more than --max-repack-size", async () => {
    for (let round = 0; round < 4; round++) {
      await using client = await open();
      if (round > 0) change(round);
      await client.backup([source]);
    }
    await forget(1, 2, 3);
    const all = await pruneAll({ isDryRun: true });
    const some = await pruneAll({ isDryRun: true, maxUnused: { share: 0.1 } });
    expect(all.unusedBytes).toBe(0);
    expect(some.unusedBytes).toBeGreaterThan(0);
    expect(some.unusedBytes).toBeLessThan(0.1 * (some.usedBytes + some.unusedBytes) + 1);
    expect(some.condemned.mixed.packs).toBeLessThan(all.condemned.mixed.packs);
    expect(await pruneAll({ isDryRun: true, maxUnused: "unlimited" })).toMatchObject({
      condemned: { mixed: { packs: 0 } },
    });
    const { mixed } = (await pruneAll({ isDryRun: true, maxRepackSize: 300 * KIBIBYTE })).condemned;
    expect(mixed.packs).toBeGreaterThan(0);
    expect(mixed.bytes).toBeLessThanOrEqual(300 * KIBIBYTE);
  });

  test("is counted by stats as condemned until it has deleted, also by a client whose cache still names the packs", async () => {
    const cacheDirectory = join(scratch.path, "cache");
    const condemned = async () => {
      await using client = await openClient(storage, { sizes, chunker, cacheDirectory });
      return (await measureRepository(client.repository)).condemnedPacks;
    };
    for (let round = 0; round < 2; round++) {
      await using client = await openClient(storage, { sizes, chunker, cacheDirectory });
      if (round > 0) change(round);
      await client.backup([source]);
    }
    await forget(1);
    const { later } = await pruneAll();
    expect(await condemned()).toEqual({ count: later.packs, size: later.bytes });
    await pruneAll();
    expect(await condemned()).toEqual({ count: 0, size: 0 });
  });

  test("beside a client that goes on with its cache", async () => {
    const cacheDirectory = join(scratch.path, "cache");
    const openKept = async () => await openClient(storage, { sizes, chunker, cacheDirectory });
    for (let round = 0; round < 3; round++) {
      await using client = await openKept();
      if (round > 0) change(round);
      await client.backup([source]);
      if (round > 0) await forget(round);
      await pruneAll({ isAtOnce: round % 2 === 1 });
    }
    await pruneAll({ isAtOnce: true });
    await using client = await openKept();
    const { dataChunks } = await client.backup([source]);
    expect(dataChunks).toBe(0);
    await expectRestored("latest");
    expect(await findings()).toEqual([]);
  });
});
