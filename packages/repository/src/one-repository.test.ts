/** One open repository and many callers: none may refer to a chunk that only somebody's uncommitted session stored. */
import { DATA } from "@bcat/pack";
import { beforeEach, expect, test } from "vitest";
import type { Repository } from "./repository.js";
import { beginWriting, commitChunk, TestRepository } from "./test-repository.js";

const PACK_SIZE = 20_000;
const sizes = { packSize: PACK_SIZE, packsPerSegment: 1 };

let world: TestRepository;
let repository: Repository;

beforeEach(async () => {
  world = await TestRepository.create({ sizes });
  repository = await world.open();
});

const chunkOf = (value: number) => new Uint8Array(PACK_SIZE + 5_000).fill(value);

/** Stores `count` packs, each with a segment that names it, and commits nothing. */
async function storePacks(count: number) {
  const writing = await beginWriting(repository);
  const ids: Uint8Array[] = [];
  for (let i = 1; i <= count; i++) {
    ids.push(writing.store(chunkOf(i)));
    await writing.settle();
  }
  return { writing, ids };
}

/** Every chunk that a committed session has for stored can be read by a client that begins from nothing. */
async function expectReadable(ids: readonly Uint8Array[]): Promise<void> {
  await using fresh = await world.open();
  await fresh.refresh();
  for (const id of ids) expect(await fresh.readChunk(DATA, id)).toHaveLength(PACK_SIZE + 5_000);
}

test("a second session of one repository is refused until the first has ended", async () => {
  const { writing } = await storePacks(1);
  await expect(beginWriting(repository)).rejects.toMatchObject({ code: "refused" });
  await expect(beginWriting(repository)).rejects.toThrow(
    "Cannot begin a session: this repository has an open one; commit or abandon it first",
  );
  await writing.abandon();
  await (await beginWriting(repository)).commit();
  await (await beginWriting(repository)).abandon();
});

test("of several sessions that begin at once one is begun, and numbers are not burnt", async () => {
  const begun = await Promise.allSettled([1, 2, 3].map(() => beginWriting(repository)));
  expect(begun.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
  expect([...world.storage.objects.keys()].filter((name) => name.startsWith("sessions/"))).toHaveLength(1);
});

test("a session that could not begin leaves the repository free", async () => {
  const { objects } = world.storage;
  await commitChunk(repository);
  await using other = await world.open();
  await commitChunk(other);
  const name = "outcomes/0000000002";
  const sound = objects.get(name)!.slice();
  objects.get(name)!.fill(0, 100, 120);
  await expect(beginWriting(repository)).rejects.toMatchObject({ code: "corrupt" });
  objects.get(name)!.set(sound);
  await (await beginWriting(repository)).commit();
});

test("what an abandoned session has stored is stored again", async () => {
  const { writing, ids } = await storePacks(3);
  await writing.abandon();
  const next = await beginWriting(repository);
  for (const id of ids) expect(next.has(id)).toBe(false);
  const again = [1, 2, 3].map((value) => next.store(chunkOf(value)));
  await next.commit();
  await expectReadable(again);
});

test("a refresh while a session runs neither loses nor adopts what the session has stored", async () => {
  const { writing, ids } = await storePacks(7);
  const others = Array.from({ length: 12 }, (_, i) => chunkOf(100 + i));
  for (const bytes of others) {
    await using other = await world.open();
    await commitChunk(other, bytes);
  }
  await repository.refresh();
  for (const id of ids) expect(writing.has(id)).toBe(true);
  await expect(repository.readChunk(DATA, ids[0]!)).rejects.toThrow("no index segment names it");
  await writing.abandon();
  const next = await beginWriting(repository);
  for (const id of ids) expect(next.has(id)).toBe(false);
  await next.abandon();
});

test("readers come and go while sessions begin, store, commit and are abandoned", async () => {
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      await repository.refresh();
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const committed: Uint8Array[] = [];
  for (let round = 0; round < 12; round++) {
    const { writing, ids } = await storePacks(2 + (round % 3));
    const own = writing.store(chunkOf(200 + round));
    await using other = await world.open();
    await commitChunk(other, chunkOf(50 + round));
    await writing.ready();
    if (round % 2 === 0) await writing.abandon();
    else {
      await writing.commit();
      committed.push(...ids, own);
    }
  }
  isOver = true;
  await reading;
  await expectReadable(committed);
  for (const id of committed) expect(await repository.readChunk(DATA, id)).toBeDefined();
});

test("chunks that a session stored are read by its own process once it has committed", async () => {
  const { writing, ids } = await storePacks(12);
  await writing.commit();
  for (const id of ids) expect(await repository.readChunk(DATA, id)).toHaveLength(PACK_SIZE + 5_000);
  const next = await beginWriting(repository);
  for (const id of ids) expect(next.has(id)).toBe(true);
  await next.abandon();
});
