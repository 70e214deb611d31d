import { parseObjectName } from "@bcat/pack";
import { expect, test } from "vitest";
import { appendToLog } from "../log-writer.js";
import { withoutCache } from "../test-repository.js";
import type { PruneOptions, PruneSummary } from "./options.js";
import { PruneWorld } from "./test-world.js";

/** What a dry run can know. */
function planned({ copiedBytes: _c, reserveLost: _r, ...summary }: PruneSummary) {
  return summary;
}

/** A dry run and then the run, which have to agree. */
async function pruneTwice(world: PruneWorld, options: Partial<PruneOptions> = {}): Promise<PruneSummary> {
  const told = await world.prune({ ...options, isDryRun: true });
  const pruned = await world.prune(options);
  expect(planned(told)).toEqual(planned(pruned));
  return pruned;
}

/** Some packs without anything used, some of which a part is. */
async function createMixed(): Promise<PruneWorld> {
  const world = await PruneWorld.create();
  const first = await world.backup([1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => world.chunk(i)));
  await world.backup([1, 2, 4, 10].map((i) => world.chunk(i)));
  await world.forget(first);
  return world;
}

const packedBytes = (world: PruneWorld) =>
  world.names("packs/").reduce((sum, name) => sum + world.made.storage.objects.get(name)!.length, 0);

test("a dry run has the figures of the run: before anything was given up, after that, and at once", async () => {
  const world = await createMixed();
  expect(await pruneTwice(world)).toMatchObject({ freed: { packs: 0 }, left: { packs: 0 } });
  expect(await pruneTwice(world)).toMatchObject({ freed: { packs: 3 }, later: { packs: 0 } });
  expect(await pruneTwice(await createMixed(), { isAtOnce: true })).toMatchObject({
    freed: { packs: 3 },
    later: { packs: 0 },
  });
});

test("what is gained is what packs take less, and what is in use after that what they take", async () => {
  const world = await createMixed();
  const before = packedBytes(world);
  const { gainBytes, usedBytes, toCopyBytes, copiedBytes } = await world.prune();
  // What is copied is there twice until the next run.
  expect(packedBytes(world) - before).toBeGreaterThan(toCopyBytes - 1);
  await world.prune();
  const after = packedBytes(world);
  // Directories and trailers of packs are nobody's.
  const packs = world.names("packs/").length;
  expect(Math.abs(before - after - gainBytes)).toBeLessThan(1700 * packs);
  expect(Math.abs(after - usedBytes)).toBeLessThan(1700 * packs);
  expect(copiedBytes).toBeGreaterThanOrEqual(toCopyBytes);
  expect(copiedBytes).toBeLessThan(toCopyBytes + 1900 * packs);
});

test("a dry run names the sessions that the run waits for, and ends", async () => {
  let now = 1;
  const world = await PruneWorld.create({ now: () => now });
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(2)]);
  await world.forget(first);
  await using dead = await world.open();
  (await world.begin(dead, [world.chunk(3)])).abandon();
  now += 7 * 86_400_000;
  await using backing = await world.open();
  const writing = await world.begin(backing, [world.chunk(4)]);
  const told = await world.prune({ isDryRun: true, isAtOnce: true });
  expect(told).toMatchObject({ freed: { packs: 0 }, decided: [{ number: 3 }], waitsFor: [{ number: writing.number }] });
  expect(world.names("outcomes/")).toHaveLength(2);
});

test("a dry run refuses in a place for one writer that has an open session", async () => {
  const world = await createMixed();
  await using dying = await world.open();
  await (await world.begin(dying, [world.chunk(9)])).abandon();
  await using repository = await world.open(withoutCache);
  Object.defineProperty(repository.config, "isForOneWriter", { value: true });
  const refusal = { code: "conditions-not-met" };
  await expect(world.prune({ isDryRun: true }, repository)).rejects.toMatchObject(refusal);
});

test("a dry run refuses where what is in use lies only in a condemned pack and cannot be read", async () => {
  const world = await PruneWorld.create();
  await world.backup([world.chunk(1)]);
  const [name] = world.names("packs/");
  await using repository = await world.open();
  await appendToLog(repository, { kind: "condemn", packs: [parseObjectName(name!)!] });
  const log = world.names("log/");
  expect(await world.prune({ isDryRun: true })).toMatchObject({
    toCopyBytes: expect.toSatisfy((bytes) => bytes > 2999),
  });
  world.made.storage.objects.get(name!)!.fill(7, 100, 200);
  for (const isDryRun of [true, false])
    await expect(world.prune({ isDryRun })).rejects.toThrow(/is in use and cannot be read; bcat check/);
  expect(world.names("log/")).toEqual(log);
});
