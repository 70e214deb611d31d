/** What copy, prune, check and an import say of how far they are: a share that only grows, the path, and what is true. */
import * as fs from "node:fs";
import { join } from "node:path";
import {
  type CheckProgress,
  type CopyProgress,
  check,
  copySnapshots,
  type ImportProgress,
  importTar,
  listSnapshots,
  type PruneProgress,
  planCopy,
  prune,
} from "@bcat/snapshot";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { tarOf } from "./kit/tar.js";

const FILES = 1_200;
const LARGE = 9_000_000;

describe("progress of what goes over all of a repository", () => {
  let scratch: Scratch;
  let source: string;
  let storage: MemoryStorage;
  let client: Client;

  /** Two snapshots: of the second, a file is new. */
  beforeEach(async () => {
    scratch = makeScratch(2 ** 27)!;
    source = join(scratch.path, "source");
    for (let i = 0; i < FILES; i++) {
      fs.mkdirSync(join(source, `folder ${i % 400}`), { recursive: true });
      fs.writeFileSync(join(source, `folder ${i % 400}`, `${i}`), `content ${i}`);
    }
    fs.writeFileSync(join(source, "large"), randomBytesOf("large", LARGE));
    storage = createMemoryStorage();
    client = await openClient(storage);
    await client.backup([source]);
    fs.writeFileSync(join(source, "new"), randomBytesOf("new", 1_000_000));
    client.time += 60_000;
    await client.backup([source]);
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await scratch[Symbol.asyncDispose]();
  });

  test("a copy knows how much is new in each snapshot, and says what is at hand", async () => {
    await using target = await openClient(createMemoryStorage(), { host: "copier" });
    const between = { source: client.repository, target: target.repository };
    const plan = await planCopy(between, await listSnapshots(client.repository));
    const told: CopyProgress[] = [];
    await copySnapshots(between, plan.missing, { onProgress: (counts) => told.push(counts) });
    expectShares(told.map(({ share }) => share));
    const [first, second] = [1, 2].map((snapshot) => told.filter((counts) => counts.snapshot === snapshot));
    expect(first!.at(-1)).toMatchObject({ filesDone: FILES + 1, filesTotal: FILES + 1, snapshotsTotal: 2 });
    expect(first!.at(-1)!.bytesDone).toBeLessThanOrEqual(first!.at(-1)!.bytesTotal);
    // The second has a tenth of the work, by what is new in it.
    expect(first!.at(-1)!.share).toBeGreaterThan(0.85);
    expect(second!.at(-1)).toMatchObject({ snapshotsDone: 1, bytesDone: 1_000_000 });
    for (const { currentPath } of told) expect(Buffer.from(currentPath!).toString()).toContain(source);
  });

  test("the share of a check is a number where the index has lost all trees", async () => {
    for (const name of storage.objects.keys()) if (name.startsWith("index/")) await storage.delete(name);
    await using other = await openClient(storage);
    const told: CheckProgress[] = [];
    await check(other.repository, { onProgress: (counts) => told.push(counts) });
    expect(told.map(({ phase }) => phase)).toContain("trees");
    expect(told.filter(({ share }) => share !== undefined && !(share >= 0 && share <= 1))).toEqual([]);
  });

  test("a prune knows how many trees there may be to walk", async () => {
    const told: PruneProgress[] = [];
    const options = {
      maxUnused: { share: 0 },
      level: 0,
      voidAfterMs: 1,
      onProgress: (one: PruneProgress) => told.push(one),
    };
    await prune(client.repository, options);
    const walking = told.filter(({ phase }) => phase === "walking").map(({ share }) => share!);
    expect(walking.length).toBeGreaterThan(0);
    expectShares(walking);
    expect(walking.at(-1)).toBeGreaterThan(0.5);
  });

  test("a check knows it, too", async () => {
    const told: CheckProgress[] = [];
    await check(client.repository, { onProgress: (counts) => told.push(counts) });
    const trees = told.filter(({ phase }) => phase === "trees").map(({ share }) => share!);
    expect(trees.length).toBeGreaterThan(400);
    expectShares(trees);
    expect(trees.at(-1)).toBeGreaterThan(0.9);
  });

  test("an import says which entry it reads, and counts files alone", async () => {
    const items = [
      { name: "folder/", type: "5" },
      { name: "folder/a", content: "a".repeat(5_000_000) },
      { name: "link", type: "1", target: "folder/a" },
      { name: "symlink", type: "2", target: "folder" },
    ];
    const told: ImportProgress[] = [];
    const scratchFile = {
      append: () => Promise.reject(new Error("full")),
      read: () => Promise.reject(new Error("empty")),
    };
    await importTar(client.repository, pieces(tarOf(items)), {
      root: Buffer.from("/archive"),
      scratch: scratchFile,
      owners: { userId: () => undefined, groupId: () => undefined },
      onProgress: (counts) => told.push(counts),
    });
    const paths = told.map(({ currentPath }) => Buffer.from(currentPath!).toString());
    expect(new Set(paths)).toEqual(new Set(["/archive/folder/", "/archive/folder/a", "/archive/symlink"]));
    expect(told.at(-1)).toMatchObject({ filesDone: 2, bytesDone: 5_000_000, errors: 0 });
  });
});

/** Never less than before, and of what is not done less than 1. */
function expectShares(shares: readonly number[]): void {
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  for (const share of shares) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}
