import { randomFillSync } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TREE } from "@bcat/pack";
import { createFaultyStorage, type FaultyStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Environment } from "./environment.js";
import type { Repository } from "./repository.js";
import { emptySnapshot, TestRepository } from "./test-repository.js";
import { WriteSession } from "./write-session.js";

const keeping = { keepsTrees: true };

let folder: string;
let world: TestRepository;

beforeEach(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), "bcat-kept-trees-"));
  world = await TestRepository.create({ cacheDirectory: folder });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Stores `count` trees in one pack, and returns the id of the last. */
async function storeTrees(count: number, size: number, changes: Partial<Environment> = keeping): Promise<Uint8Array> {
  await using repository = await world.open(changes);
  const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
  let id: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < count; i++) id = session.store(TREE, randomFillSync(new Uint8Array(size)));
  await session.commit(emptySnapshot);
  return id;
}

const storeTree = (changes?: Partial<Environment>) => storeTrees(1, 3000, changes);

/** What the next process does, and what it asks the storage for. */
async function readTree(
  id: Uint8Array,
  changes: Partial<Environment> = keeping,
  view: (repository: Repository) => Repository = (repository) => repository,
): Promise<FaultyStorage["operations"]> {
  const storage = createFaultyStorage(world.storage);
  await using repository = await world.open(changes, storage);
  await repository.index();
  const before = storage.operations.length;
  const bytes = await view(repository).readChunk(TREE, id);
  expect(repository.idHash[TREE].hash(bytes)).toEqual(id);
  return storage.operations.slice(before);
}

/** Paths of the packs that are kept. */
function packs(): string[] {
  const paths = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
  return paths.filter((path) => path.includes("/trees/")).map((path) => join(folder, path));
}

test("a tree that this client has stored is read from the cache", async () => {
  expect(await readTree(await storeTree())).toEqual([]);
});

test("where nothing is to be kept, nothing is, and the storage is asked", async () => {
  const id = await storeTree({});
  expect(packs()).toEqual([]);
  expect(await readTree(id)).toHaveLength(1);
});

test("whoever wants to know what is in the storage asks the storage", async () => {
  const id = await storeTree();
  expect(await readTree(id, keeping, (repository) => repository.withoutKeptTrees())).toHaveLength(1);
});

test.each<[string, (path: string) => void]>([
  ["damaged", (path) => fs.writeFileSync(path, fs.readFileSync(path).fill(0))],
  ["cut short", (path) => fs.truncateSync(path, 50)],
  ["gone", (path) => fs.rmSync(path)],
])("a kept pack that is %s costs a request", async (_, spoil) => {
  const id = await storeTree();
  for (const path of packs()) spoil(path);
  expect(await readTree(id)).toHaveLength(1);
});

test("at most 64 MiB are kept, the newest; a pack of more than 16 MiB is not", async () => {
  const size = 3 * 2 ** 20;
  await storeTrees(6, size);
  expect(packs()).toEqual([]);
  const first = await storeTrees(5, size);
  for (const path of packs()) fs.utimesSync(path, 1, 1);
  for (let i = 0; i < 4; i++) await storeTrees(5, size);
  expect(packs()).toHaveLength(4);
  expect(await readTree(first)).toHaveLength(1);
});
