/** What a prune makes of the dead sessions of its own client. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PruneWorld } from "./test-world.js";

let folder: string;
let world: PruneWorld;
let alive: Set<string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "bcat-dead-prune-"));
  alive = new Set();
  const processes = { mark: "client", mayRun: (mark: string) => alive.has(mark) };
  world = await PruneWorld.create({ cacheDirectory: join(folder, "cache"), processes });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A backup that dies with so many packs of its own. */
async function die(...fills: number[]): Promise<number> {
  const repository = await world.open({});
  const writing = await world.begin(
    repository,
    fills.map((fill) => world.chunk(fill, 8000)),
  );
  await writing.abandon();
  return writing.number;
}

test("they are ended without any patience, and what is forgotten comes free at once", async () => {
  const first = await world.backup([1, 2].map((i) => world.chunk(i)));
  await world.backup([world.chunk(3)]);
  await world.forget(first);
  const dead = await die(7);
  await using repository = await world.open({});
  expect(await world.prune({ isAtOnce: true }, repository)).toMatchObject({
    ended: [dead],
    waitsFor: [],
    decided: [],
    freed: { packs: 2 },
  });
  expect(await world.restoreAll()).toBe(1);
  expect(await world.surplus()).toEqual([]);
});

test("one whose process runs is waited for", async () => {
  await world.backup([world.chunk(3)]);
  const running = await world.open({});
  const writing = await world.begin(running, [world.chunk(7)]);
  alive.add("client");
  await using repository = await world.open({});
  const first = await world.backup([world.chunk(1)]);
  await world.forget(first);
  expect(await world.prune({ isAtOnce: true }, repository)).toMatchObject({
    ended: [],
    waitsFor: [{ number: writing.number }],
  });
  await writing.commit();
  expect(await world.restoreAll()).toBe(2);
});

test("their packs stay for the client's next backup, which stores nothing again", async () => {
  await world.backup([world.chunk(3)]);
  const dead = await die(7, 8);
  const packs = world.names("packs/");
  for (const ended of [[dead], []]) {
    await using repository = await world.open({});
    expect(await world.prune({}, repository)).toMatchObject({
      ended,
      spared: { packs: 1 },
      condemned: { orphans: { packs: 0 } },
    });
  }
  await using repository = await world.open({});
  await world.backup(
    [7, 8].map((fill) => world.chunk(fill, 8000)),
    repository,
  );
  expect(world.names("packs/")).toEqual(packs);
  expect(await world.restoreAll()).toBe(3);
});

test("in a place for one writer the client's own is no hindrance", async () => {
  const first = await world.backup([world.chunk(1)]);
  await world.backup([world.chunk(3)]);
  await world.forget(first);
  const dead = await die(7);
  await using repository = await world.open({});
  Object.defineProperty(repository.config, "isForOneWriter", { value: true });
  expect(await world.prune({ isAtOnce: true }, repository)).toMatchObject({ ended: [dead], freed: { packs: 2 } });
});
