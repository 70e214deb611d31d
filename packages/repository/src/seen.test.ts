/** The outcomes that a snapshot names as seen (docs/format.md section 8, field 33). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFaultyStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestRepository, withoutCache } from "./test-repository.js";

let folder: string;
let world: TestRepository;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-seen-"));
  world = await TestRepository.create({ cacheDirectory: join(folder, "cache") });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function seenBy(number: number): Promise<number[]> {
  await using repository = await world.open(withoutCache);
  const outcome = await repository.readOutcome(number);
  if (outcome?.kind !== "snapshot") throw new Error(`no snapshot ${number}`);
  return outcome.snapshot.seen.map((seen) => seen.number);
}

test("a snapshot names the newest three outcomes, also when its client has a cache", async () => {
  await world.commit(5);
  expect(await seenBy(1)).toEqual([]);
  expect(await seenBy(3)).toEqual([2, 1]);
  expect(await seenBy(5)).toEqual([4, 3, 2]);
  await world.commit(1, withoutCache);
  expect(await seenBy(6)).toEqual([5, 4, 3]);
});

test("a reader without a cache reads each outcome once", async () => {
  await world.commit(12, withoutCache);
  const counting = createFaultyStorage(world.storage);
  await using repository = await world.open(withoutCache, counting);
  await repository.refresh();
  const names = counting.operations.map(({ name }) => name).filter((name) => name.startsWith("outcomes/"));
  // One more for the hole behind the head.
  expect(names.length).toBe(13);
  expect(new Set(names).size).toBe(13);
});

test("an outcome that others have seen and that is gone is damage", async () => {
  await world.commit(4);
  await world.storage.delete("outcomes/0000000002");
  await using repository = await world.open(withoutCache);
  await repository.refresh();
  expect(repository.history.problems.map(({ object }) => object)).toContain("outcomes/0000000002");
});
