/** Copies of one repository in several places, and one place that goes back in time: what is read, and what is written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATA } from "@bcat/pack";
import { createFaultyStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Environment } from "./environment.js";
import type { Repository } from "./repository.js";
import { describeStanding } from "./standing.js";
import { commitChunk, TestRepository } from "./test-repository.js";

let folder: string;
let cacheDirectory: string;
let world: TestRepository;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-copies-"));
  cacheDirectory = join(folder, "cache");
  world = await TestRepository.create({ cacheDirectory, location: "/original" });
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (location: string): Partial<Environment> => ({ location });
const commit = (storage: MemoryStorage, location: string, more: Partial<Environment> = {}) =>
  withRepository(storage, { location, ...more }, commitChunk);

async function withRepository<T>(
  storage: MemoryStorage,
  changes: Partial<Environment>,
  use: (repository: Repository) => Promise<T>,
): Promise<T> {
  await using repository = await world.open(changes, storage);
  return await use(repository);
}

/** What a process that only reads finds there. */
async function read(storage: MemoryStorage, location: string) {
  return await withRepository(storage, at(location), async (repository) => {
    await repository.refresh();
    await repository.index();
    return { standing: repository.standing, snapshots: [...repository.history.summaries.keys()] };
  });
}

const current = { kind: "current" };
const refused = { code: "identity-changed" };

/** Every file of the cache that is about a place, with its bytes. */
function remembered(location: string): Record<string, string> {
  const [id] = readdirSync(cacheDirectory).filter((name) => /^[0-9a-f]{32}$/.test(name));
  const places = readdirSync(join(cacheDirectory, id!)).map((name) => join(cacheDirectory, id!, name));
  const place = places.find((path) => !path.endsWith("-aside") && read8(join(path, "place")).endsWith(`\n${location}`));
  if (place === undefined) throw new Error(`nothing is remembered of ${location}`);
  const names = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) =>
    /place|manifest|_/.test(name),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(place, name), "base64")]));
}
const read8 = (path: string) => readFileSync(path, "utf8");

describe("a copy in another place", () => {
  test("that is behind is read, with a warning, and not written to", async () => {
    await commit(world.storage, "/original");
    const copy = world.storage.clone();
    await commit(world.storage, "/original");
    for (let time = 0; time < 2; time++) {
      const { standing, snapshots } = await read(copy, "/copy");
      expect(standing).toMatchObject({ kind: "behind", name: "outcomes/0000000002", other: "/original" });
      expect(describeStanding(standing)).toBe(
        'the copy in "/copy" is behind "/original": "outcomes/0000000002" was seen there and is missing here; reading what is here',
      );
      expect(snapshots).toEqual([1]);
    }
    const names = [...copy.objects.keys()];
    await expect(commit(copy, "/copy")).rejects.toMatchObject(refused);
    await expect(commit(copy, "/copy")).rejects.toThrow(
      /back up into "\/original"; or, if it is to go on from here, stop what copies.*rsync.*back up or repair once with --accept-rollback$/,
    );
    expect([...copy.objects.keys()]).toEqual(names);
  });

  test("changes nothing of what is remembered of the original, whatever is done there", async () => {
    await commit(world.storage, "/original");
    const copy = world.storage.clone();
    await commit(world.storage, "/original");
    const before = remembered("/original");
    await read(copy, "/copy");
    await expect(commit(copy, "/copy")).rejects.toMatchObject(refused);
    for (let i = 0; i < 4; i++) {
      await using repository = await world.open(at("/copy"), copy, { acceptRollback: true });
      await commitChunk(repository);
    }
    expect(remembered("/original")).toEqual(before);
    expect((await read(world.storage, "/original")).standing).toEqual(current);
    await commit(world.storage, "/original");
    expect((await read(world.storage, "/original")).snapshots).toEqual([1, 2, 3]);
  });

  test("that is to go on forks once, is itself from then on, and makes no other copy look old", async () => {
    await commit(world.storage, "/original");
    const copy = world.storage.clone();
    await commit(world.storage, "/original");
    await forking(copy, async (repository) => {
      expect(describeStanding(repository.standing)).toMatch(/going on from what is here.*history of its own$/);
      await commitChunk(repository);
    });
    for (let i = 0; i < 3; i++) await commit(copy, "/copy");
    expect(await read(copy, "/copy")).toEqual({ standing: current, snapshots: [1, 2, 3, 4, 5] });
    // A fresh copy of the original lacks what the fork has.
    expect((await read(world.storage.clone(), "/third")).standing).toEqual(current);
    const ofFork = copy.clone();
    const { standing } = await read(ofFork, "/fourth");
    expect(standing).toMatchObject({ kind: "behind", change: "another", other: "/original" });
    expect(describeStanding(standing)).toContain('has another history than "/original"');
  });

  test("that is up to date or ahead is like any other, until the original goes on", async () => {
    await commit(world.storage, "/original");
    const copy = world.storage.clone();
    await commit(copy, "/elsewhere", { cacheDirectory: undefined });
    expect(await read(copy, "/copy")).toEqual({ standing: current, snapshots: [1, 2] });
    const upToDate = world.storage.clone();
    expect((await read(upToDate, "/up-to-date")).standing).toEqual(current);
    await commit(world.storage, "/original");
    expect((await read(upToDate, "/up-to-date")).standing).toMatchObject({ kind: "behind", other: "/original" });
    await expect(commit(upToDate, "/up-to-date")).rejects.toMatchObject(refused);
  });

  test("to which the repository was moved is written to at once; the old one is then only its own judge", async () => {
    await commit(world.storage, "/original");
    const moved = world.storage.clone();
    await commit(moved, "/moved");
    await commit(moved, "/moved");
    expect((await read(world.storage, "/another-path-of-the-old-one")).standing).toMatchObject({ other: "/moved" });
    expect((await read(world.storage, "/original")).standing).toEqual(current);
  });

  test("costs one request more as long as it was not written to, and none after", async () => {
    await commit(world.storage, "/original");
    const opening = async (location: string) => {
      const counting = createFaultyStorage(world.storage);
      await using _ = await world.open(at(location), counting);
      return counting.operations.map(({ name }) => name);
    };
    expect(await opening("/new")).toEqual(["config", "outcomes/0000000001"]);
    await read(world.storage, "/new");
    expect(await opening("/original")).toEqual(["config", "outcomes/0000000001"]);
    await commit(world.storage, "/new");
    expect(await opening("/new")).toEqual(["config", "outcomes/0000000002"]);
  });

  test("is known by nothing without a cache", async () => {
    const copy = world.storage.clone();
    await commit(world.storage, "/original");
    const { standing } = await world.open({ ...at("/copy"), cacheDirectory: undefined }, copy);
    expect(standing).toEqual(current);
  });
});

describe("a place that went back in time", () => {
  test("is read, time and again, with a warning, and what was known of it stays", async () => {
    await commit(world.storage, "/original");
    const old = world.storage.clone();
    await commit(world.storage, "/original");
    const before = remembered("/original");
    for (let time = 0; time < 2; time++) {
      const { standing, snapshots } = await read(old, "/original");
      expect([standing.kind, snapshots]).toEqual(["gone-back", [1]]);
      expect(describeStanding(standing)).toMatch(
        /^the repository in "\/original" was replaced or went back in time: "outcomes\/0000000002" was there before and is missing now; reading/,
      );
      await expect(commit(old, "/original")).rejects.toMatchObject(refused);
    }
    expect(remembered("/original")).toEqual(before);
    // It was not mounted, or a snapshot of the disk: now it is there again.
    expect(await read(world.storage, "/original")).toEqual({ standing: current, snapshots: [1, 2] });
    await commit(world.storage, "/original");
  });

  test("goes on when somebody says so, and is then what is remembered", async () => {
    const [first] = await world.commit(1);
    const old = world.storage.clone();
    await commit(world.storage, "/original");
    await using repository = await world.open(at("/original"), old, { acceptRollback: true });
    await commitChunk(repository);
    expect(await read(old, "/original")).toEqual({ standing: current, snapshots: [1, 2] });
    expect((await read(world.storage, "/original")).standing).toMatchObject({ kind: "gone-back", change: "another" });
    await commit(old, "/original");
    await withRepository(old, at("/original"), async (again) => {
      expect((await again.index()).has(DATA, first!)).toBe(true);
    });
  });

  test("keeps what it has read aside for the next process", async () => {
    await commit(world.storage, "/original");
    const old = world.storage.clone();
    await commit(world.storage, "/original");
    await read(old, "/original");
    const counting = createFaultyStorage(old);
    await using repository = await world.open(at("/original"), counting);
    await repository.index();
    expect(counting.operations.filter(({ name }) => name.startsWith("index/"))).toEqual([]);
  });
});

async function forking(storage: MemoryStorage, use: (repository: Repository) => Promise<unknown>): Promise<void> {
  await using repository = await world.open(at("/copy"), storage, { acceptRollback: true });
  await use(repository);
}
