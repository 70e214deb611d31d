import { ChunkClaims, DATA, FrameBuilder } from "@bcat/pack";
import { beforeEach, expect, test } from "vitest";
import { ChunkStore } from "./chunk-store.js";
import type { Repository } from "./repository.js";
import { Session } from "./session.js";
import { emptySnapshot, TestRepository } from "./test-repository.js";

const CHUNK_SIZE = 9_000;

let world: TestRepository;
let repository: Repository;
let session: Session;

beforeEach(async () => {
  world = await TestRepository.create({ sizes: { packSize: 50_000, packsPerSegment: 2 } });
  repository = await world.open();
  session = await Session.begin(repository, { kind: "backup" });
});

const chunk = () => repository.environment.random(CHUNK_SIZE);

async function commit(store: ChunkStore): Promise<void> {
  await store.settle();
  const { logHead, seen } = session;
  const snapshot = { ...emptySnapshot, complete: true, logHead, seen };
  await session.decide({ kind: "snapshot", added: store.segments, removed: [], snapshot });
}

async function expectReadable(chunks: readonly (readonly [Uint8Array, Uint8Array])[]): Promise<void> {
  await using fresh = await world.open();
  await fresh.refresh();
  for (const [id, bytes] of chunks) expect(Buffer.from(await fresh.readChunk(DATA, id)).equals(bytes)).toBe(true);
}

test("claims are forgotten when there are many, and no chunk is stored twice for that", async () => {
  const store = new ChunkStore(session, { level: 0, claimsMax: 5 });
  const chunks: [Uint8Array, Uint8Array][] = [];
  for (let i = 0; i < 23; i++) {
    const bytes = chunk();
    chunks.push([store.store(DATA, bytes), bytes]);
    if (store.isBusy) await store.ready();
    expect(new ChunkClaims(store.share().claims).count).toBeLessThan(7);
    for (const [id, known] of chunks) {
      expect(store.has(DATA, id)).toBe(true);
      store.store(DATA, known);
    }
  }
  expect(store.added.dataChunks).toBe(23);
  await commit(store);
  await expectReadable(chunks);
});

test("frames that were built elsewhere lie beside those of the store", async () => {
  const store = new ChunkStore(session, { level: 0 });
  const { context, idHash } = repository;
  const shared = store.share();
  const claims = new ChunkClaims(shared.claims);
  const builder = new FrameBuilder(context, {
    ...shared.frames,
    idHash: idHash[DATA],
    onGroup: (group) => store.addGroup(group),
  });
  const chunks: [Uint8Array, Uint8Array][] = [];
  for (let i = 0; i < 30; i++) {
    const bytes = chunk();
    if (i % 3 === 0) chunks.push([store.store(DATA, bytes), bytes]);
    else {
      const id = idHash[DATA].hash(bytes);
      expect(claims.claim(id)).toBe(true);
      builder.add(id, bytes);
      chunks.push([id, bytes]);
      store.store(DATA, bytes);
    }
    if (i % 7 === 0) builder.flush();
    if (store.isBusy) await store.ready();
  }
  builder.flush();
  expect(store.added).toMatchObject({ dataChunks: 30, plainBytes: 30 * CHUNK_SIZE });
  await commit(store);
  await expectReadable(chunks);
});

test("an outcome cannot be decided twice, nor by a dry run", async () => {
  const store = new ChunkStore(session, { level: 0 });
  await commit(store);
  await expect(commit(store)).rejects.toThrow(RangeError);
  session = await Session.begin(repository, { kind: "backup", dryRun: true });
  await expect(commit(new ChunkStore(session, { level: 0 }))).rejects.toThrow(RangeError);
  session.abandon();
  expect([...world.storage.objects.keys()].filter((name) => name.startsWith("sessions/"))).toHaveLength(1);
});

test("a failed write is thrown by ready() and settle(), and leaves no outcome", async () => {
  const { objects } = world.storage;
  const failing = repository.withStorage({
    ...{ location: "memory", get: world.storage.get.bind(world.storage) },
    putIfAbsent: world.storage.putIfAbsent.bind(world.storage),
    put: async () => {
      throw new Error("the disk is full");
    },
  });
  session.abandon();
  session = await Session.begin(failing, { kind: "backup" });
  const store = new ChunkStore(session, { level: 0 });
  for (let i = 0; i < 7; i++) store.store(DATA, chunk());
  await expect(store.settle()).rejects.toThrow("the disk is full");
  expect(store.isBusy).toBe(true);
  await expect(store.ready()).rejects.toThrow("the disk is full");
  await store.close();
  session.abandon();
  expect([...objects.keys()].filter((name) => /^(outcomes|packs|index)/.test(name))).toEqual([]);
});

test("packs whose segment could not be written are named by the next, not forgotten", async () => {
  const { storage } = world;
  let fails = true;
  const failing = repository.withStorage({
    ...{ location: "memory", get: storage.get.bind(storage), putIfAbsent: storage.putIfAbsent.bind(storage) },
    put: async (name, bytes) => {
      if (fails && name.startsWith("index/")) throw new Error("the disk is full");
      await storage.put(name, bytes);
    },
  });
  session.abandon();
  session = await Session.begin(failing, { kind: "backup" });
  const store = new ChunkStore(session, { level: 0 });
  const bytes = chunk();
  const id = store.store(DATA, bytes);
  await expect(store.settle()).rejects.toThrow("the disk is full");
  fails = false;
  await commit(store);
  await expectReadable([[id, bytes]]);
});
