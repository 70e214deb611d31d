import { DATA } from "@bcat/pack";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { expect, test } from "vitest";
import { initRepository } from "./open.js";
import { createTestEnvironment } from "./test-environment.js";
import { WriteSession } from "./write-session.js";

/** Chunks of this size have frames of their own, so that each makes a pack. */
const PACK_SIZE = 128 * 1024;
const MINUTE = 60_000;

/** A session with small packs, and a clock that stands until it is moved. */
async function begin(storage: MemoryStorage, clock: { now: number }, packsPerSegment?: number) {
  const sizes = packsPerSegment === undefined ? { packSize: PACK_SIZE } : { packSize: PACK_SIZE, packsPerSegment };
  const environment = await createTestEnvironment({ seed: 3, now: () => clock.now, sizes });
  const { random } = environment;
  const repository = await initRepository(storage, { secret: { keyFile: random(32) } }, environment);
  const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
  const storePack = async () => {
    session.store(DATA, random(PACK_SIZE));
    await session.ready();
  };
  return { session, storePack };
}

const segmentsIn = (storage: MemoryStorage) => [...storage.objects.keys()].filter((name) => name.startsWith("index/"));

test("a segment is written after so many packs", async () => {
  const storage = createMemoryStorage();
  const { session, storePack } = await begin(storage, { now: 0 }, 3);
  for (let i = 0; i < 7; i++) await storePack();
  await session.flush();
  expect(segmentsIn(storage)).toHaveLength(3);
});

test("a segment is written when the last is five minutes old, whatever the packs", async () => {
  const storage = createMemoryStorage();
  const clock = { now: 0 };
  const { session, storePack } = await begin(storage, clock);
  for (let i = 0; i < 4; i++) {
    await storePack();
    clock.now += 2 * MINUTE;
  }
  await session.abandon();
  expect(segmentsIn(storage)).toHaveLength(1);
});

test("a chunk is found at every moment: noted, in a pack without segment, and in a segment", async () => {
  const storage = createMemoryStorage();
  const { session, storePack } = await begin(storage, { now: 0 }, 2);
  const ids = [];
  for (let i = 0; i < 5; i++) {
    ids.push(session.store(DATA, Uint8Array.of(i, 1, 2, 3)));
    await storePack();
    for (const id of ids) expect(session.has(DATA, id)).toBe(true);
  }
  await session.flush();
  for (const id of ids) expect(session.has(DATA, id)).toBe(true);
  expect(session.added.dataChunks).toBe(10);
});
