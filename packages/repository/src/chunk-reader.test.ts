import { buildSegment, DATA, type IndexedPack } from "@bcat/pack";
import { createMemoryStorage, createMulberry32, type MemoryStorage } from "@bcat/storage";
import { beforeEach, expect, test } from "vitest";
import { initRepository, openRepository } from "./open.js";
import { partsOf, type Repository } from "./repository.js";
import { createTestEnvironment } from "./test-environment.js";
import { emptySnapshot } from "./test-repository.js";
import { WriteSession } from "./write-session.js";

let storage: MemoryStorage;
let repository: Repository;
let a: Uint8Array;
let b: Uint8Array;

/** The first 32 bytes that the seeded randomness gives, at init. */
const rootKey = () => {
  const next = createMulberry32(7);
  return Uint8Array.from({ length: 32 }, () => next() * 256);
};

const createEnvironment = () => createTestEnvironment({ seed: 7 });

/** A repository with two chunks, `a` and `b`, in one pack. */
beforeEach(async () => {
  storage = createMemoryStorage();
  const environment = await createEnvironment();
  const options = { secret: { keyFile: new Uint8Array(32).fill(1) } };
  repository = await initRepository(storage, options, environment);
  const session = await WriteSession.begin(repository, { level: 3, dryRun: false });
  a = session.store(DATA, Buffer.from("the bytes of a"));
  b = session.store(DATA, Buffer.alloc(700_000, "the bytes of b, in two frames "));
  await session.commit(emptySnapshot);
});

test("readChunk() gives what was stored, within a frame and over several", async () => {
  expect(Buffer.from(await repository.readChunk(DATA, a)).toString()).toBe("the bytes of a");
  expect(await repository.readChunk(DATA, b)).toHaveLength(700_000);
});

test("readChunk() takes the first 16 bytes of an id, of which the index knows no more, and compares all that it is given", async () => {
  expect(Buffer.from(await repository.readChunk(DATA, a.subarray(0, 16))).toString()).toBe("the bytes of a");
  for (const at of [16, 31])
    await expect(repository.readChunk(DATA, a.with(at, a[at]! ^ 1))).rejects.toThrow(/a part of it/);
  await expect(repository.readChunk(DATA, a.subarray(0, 8))).rejects.toThrow(/chunk/);
});

test("readChunk() reads again what arrived wrong", async () => {
  const get = storage.get.bind(storage);
  let isRight = false;
  storage.get = async (name, options) => {
    const bytes = (await get(name, options))?.slice();
    if (bytes !== undefined && !isRight) bytes[bytes.length >> 1]! ^= 1;
    isRight = true;
    return bytes;
  };
  expect(await repository.readChunk(DATA, b)).toHaveLength(700_000);
  expect(isRight).toBe(true);
});

test("withFrames() keeps as many opened frames as it is told to, and no others are read again", async () => {
  let gets = 0;
  const get = storage.get.bind(storage);
  storage.get = async (name, options) => {
    gets++;
    return await get(name, options);
  };
  const getsOf = async (framesSizeMax: number) => {
    const reader = repository.withFrames(framesSizeMax);
    for (const id of [b, a]) await reader.readChunk(DATA, id);
    gets = 0;
    for (const id of [b, a]) await reader.readChunk(DATA, id);
    return gets;
  };
  expect([await getsOf(2 ** 20), await getsOf(0)]).toEqual([0, 2]);
});

/** Adds a segment in which the ids of `a` and `b` stand at each other's places. */
async function adoptSwapped(target: Repository): Promise<void> {
  const index = await repository.index();
  const record = index.locate(DATA, a)[0]!.pack;
  const places = [a, b].map((id) => index.locate(DATA, id)[0]!);
  const order = places[0]!.offset < places[1]!.offset ? [1, 0] : [0, 1];
  const ids = Buffer.concat(order.map((i) => [a, b][i]!.subarray(0, 16)));
  const byOffset = [...places].sort((left, right) => left.offset - right.offset);
  const chunks = {
    count: 2,
    ids,
    offsets: Uint32Array.from(byOffset, ({ offset }) => offset),
    lengths: Uint32Array.from(byOffset, ({ length }) => length),
  };
  const lie: IndexedPack = {
    reference: record.reference,
    size: record.size,
    keys: record.keys,
    frames: record.frames,
    chunks,
  };
  const { name, bytes } = buildSegment(repository.context, { kind: DATA, epoch: 0, domain: 0, session: 1 }, [lie]);
  const { index: local } = partsOf(target);
  const runs = local.fork();
  runs.add(name, bytes);
  local.adopt(runs);
}

test("a chunk that does not have the id it was asked for is refused, though every tag verifies", async () => {
  const fresh = await openRepository(storage, rootKey(), await createEnvironment());
  await adoptSwapped(fresh);
  await expect(fresh.readChunk(DATA, a)).rejects.toThrow(/a part of it is not what the index says/);
  const failures: number[] = [];
  const ids = Buffer.concat([a, b]);
  await fresh.readChunks(
    { kind: DATA, count: 2, ids },
    { onChunk: () => expect.unreachable("a wrong chunk was handed out"), onFailure: (index) => failures.push(index) },
  );
  expect(failures.sort()).toEqual([0, 1]);
});

test("a place that lies is passed over when there is another", async () => {
  await adoptSwapped(repository);
  expect(Buffer.from(await repository.readChunk(DATA, a)).toString()).toBe("the bytes of a");
  expect(await repository.readChunk(DATA, b)).toHaveLength(700_000);
});
