/** How many runs and descriptors the local index takes, however many backups there were. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATA, TREE } from "@bcat/pack";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Repository } from "./repository.js";
import { commitChunk, TestRepository } from "./test-repository.js";
import { WriteSession } from "./write-session.js";

let folder: string;
let world: TestRepository;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-runs-"));
  world = await TestRepository.create({ cacheDirectory: join(folder, "cache") });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function runsOf(repository: Repository): Promise<number> {
  const index = await repository.index();
  return Math.max(...([DATA, TREE] as const).map((kind) => index.segments(kind).length));
}

/** Descriptors of this process that are open on files of the cache. */
function descriptors(): number {
  const targets = readdirSync("/proc/self/fd").map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith(folder)).length;
}

test("after 100 backups by one client, one process each, there are at most 9 runs of a kind and 4 descriptors", async () => {
  const ids: Uint8Array[] = [];
  for (let i = 0; i < 100; i++) {
    await using repository = await world.open();
    expect(await runsOf(repository)).toBeLessThan(10);
    ids.push(await commitChunk(repository));
    expect(await runsOf(repository)).toBeLessThan(10);
    expect(descriptors()).toBeLessThan(5);
  }
  expect(descriptors()).toBe(0);
  await using repository = await world.open();
  for (const id of ids) expect((await repository.index()).has(DATA, id)).toBe(true);
  expect(descriptors()).toBeLessThan(5);
});

test("one process that backs up 30 times has no more runs than 30 processes", async () => {
  await using repository = await world.open();
  for (let i = 0; i < 30; i++) {
    await commitChunk(repository);
    expect(await runsOf(repository)).toBeLessThan(10);
    expect(descriptors()).toBeLessThan(5);
  }
});

test("the cache of a repository used by two processes at once stays whole for both", async () => {
  await using first = await world.open();
  const ids = [await commitChunk(first)];
  for (let i = 0; i < 30; i++) {
    await using other = await world.open();
    ids.push(await commitChunk(other));
  }
  expect((await first.index()).has(DATA, ids[0]!)).toBe(true);
  const writing = await WriteSession.begin(first, { level: 0, dryRun: false });
  for (const id of ids) expect(writing.has(DATA, id)).toBe(true);
  await writing.abandon();
});
