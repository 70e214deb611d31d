/** Every storage operation of a prune stopped before and after its effect; another one then goes on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFaultyStorage, type FaultWay, type MemoryStorage } from "@bcat/storage";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Environment } from "../environment.js";
import { withoutCache } from "../test-repository.js";
import { prune } from "./prune.js";
import { PruneWorld, thorough } from "./test-world.js";

/** All of them, or each so-many-th. */
const STRIDE = Number(process.env.PRUNE_STRIDE ?? 13);
const WAYS: readonly FaultWay[] = ["before", "unanswered", "torn"];

let world: PruneWorld;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-stopped-prune-"));
  world = await PruneWorld.create();
  const chunks = (...fills: number[]) => fills.map((fill) => world.chunk(fill));
  const first = await world.backup(chunks(1, 2, 3, 4, 5, 6));
  const second = await world.backup(chunks(3, 7, 8));
  await world.backup(chunks(2, 6, 8, 9));
  await using dying = await world.open();
  await (await world.begin(dying, chunks(20, 21))).abandon();
  await world.forget(first, second);
  // Half done by an earlier one.
  await world.prune({ maxUnused: "unlimited" });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = { ...thorough, isAtOnce: true, voidAfterMs: -1 };

async function pruneIn(storage: Parameters<PruneWorld["open"]>[1], changes: Partial<Environment>): Promise<void> {
  await using repository = await world.open(changes, storage);
  await prune(repository, world.roots, options);
}

async function runCase(stop: { at: number; way: FaultWay }, changes: Partial<Environment>): Promise<boolean> {
  const storage: MemoryStorage = world.made.storage.clone();
  const faulty = createFaultyStorage(storage, { stop });
  const isStopped = await pruneIn(faulty, changes).then(
    () => false,
    () => true,
  );
  for (let run = 0; run < 2; run++) await pruneIn(storage, changes);
  await using reader = await world.open(withoutCache, storage);
  expect(await world.restoreAll(reader)).toBe(4);
  expect(await world.surplus(storage)).toEqual([]);
  return isStopped;
}

test("a prune stopped at any storage operation: nothing is lost, and the next one ends it", async () => {
  const counting = createFaultyStorage(world.made.storage.clone());
  await pruneIn(counting, withoutCache);
  const count = counting.operations.length;
  expect(count).toBeGreaterThan(30);
  let stopped = 0;
  for (const way of WAYS) {
    for (let at = 1 + (way.length % STRIDE); at <= count; at += STRIDE) {
      const cacheDirectory = at % 2 === 0 ? join(folder, `${way}-${at}`) : undefined;
      if (await runCase({ at, way }, { cacheDirectory })) stopped++;
    }
  }
  expect(stopped).toBeGreaterThan(count / STRIDE);
});
