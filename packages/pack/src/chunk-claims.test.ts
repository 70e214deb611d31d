import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { ChunkClaims } from "./chunk-claims.js";
import { createTestContext } from "./test-context.js";

test("an id is claimed once, and had from then on, through many growths", async () => {
  const { random } = await createTestContext();
  const claims = ChunkClaims.create();
  const ids = random(16 * 200_000);
  for (let at = 0; at < ids.length; at += 16) if (!claims.claim(ids, at)) expect.unreachable();
  for (let at = 0; at < ids.length; at += 16) if (claims.claim(ids, at) || !claims.has(ids, at)) expect.unreachable();
  expect(claims.count).toBe(200_000);
  const others = random(16 * 20_000);
  for (let at = 0; at < others.length; at += 16) if (claims.has(others, at)) expect.unreachable();
});

test("the first 16 bytes of an id count, also where they are zero", () => {
  const claims = ChunkClaims.create();
  const id = new Uint8Array(32);
  expect(claims.has(id)).toBe(false);
  expect(claims.claim(id)).toBe(true);
  id[20] = 1;
  expect(claims.claim(id)).toBe(false);
  for (const at of [1, 5, 9, 13]) {
    const other = new Uint8Array(16);
    other[at] = 1;
    expect(claims.has(other)).toBe(false);
    expect(claims.claim(other)).toBe(true);
    expect(claims.has(other)).toBe(true);
  }
});

test("clear() forgets all claims", async () => {
  const { random } = await createTestContext();
  const claims = ChunkClaims.create();
  const ids = random(16 * 60_000);
  for (let at = 0; at < ids.length; at += 16) claims.claim(ids, at);
  claims.clear();
  expect(claims.count).toBe(0);
  for (let at = 0; at < ids.length; at += 16) if (claims.has(ids, at)) expect.unreachable();
  expect(claims.claim(ids)).toBe(true);
});

test("beyond its memory every claim is granted, and what was claimed before is still known", async () => {
  const { random } = await createTestContext();
  const memory = ChunkClaims.create().share();
  const claims = new ChunkClaims({ ...memory, tables: memory.tables.slice(0, 5) });
  const ids = random(16 * 60_000);
  const room = 0.75 * 2 ** 16;
  for (let at = 0; at < ids.length; at += 16) if (!claims.claim(ids, at)) expect.unreachable();
  expect(claims.count).toBe(room);
  expect(claims.claim(ids, 0)).toBe(false);
  expect(claims.has(ids, 16 * (room - 1))).toBe(true);
  expect(claims.has(ids, 16 * room)).toBe(false);
});

/** Claims all ids, from one of them on, and notes which were its own. */
const CLAIMER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { module, memory, ids, gate, first } = workerData;
  import(module).then(({ ChunkClaims }) => {
    const claims = new ChunkClaims(memory);
    const count = ids.length / 16;
    const mine = new Uint8Array(count);
    parentPort.postMessage("ready");
    Atomics.wait(gate, 0, 0);
    for (let i = 0; i < count; i++) {
      const index = (first + i) % count;
      if (claims.claim(ids, 16 * index)) mine[index] = 1;
    }
    parentPort.postMessage(mine);
  });
`;

/** What each of three threads is told when all claim the same ids at the same time. */
async function claimTogether(claims: ChunkClaims, ids: Uint8Array): Promise<Uint8Array[]> {
  const module = new URL("../dist/chunk-claims.js", import.meta.url).href;
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const count = ids.length / 16;
  // Two go the same way, one from the middle: they meet at the same ids, and at different ones.
  const workers = [0, 0, Math.floor(count / 2)].map((first) => {
    const workerData = { module, memory: claims.share(), ids, gate, first };
    return new Worker(CLAIMER, { eval: true, workerData });
  });
  await Promise.all(workers.map((worker) => nextMessage(worker)));
  const results = workers.map((worker) => nextMessage(worker));
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  return (await Promise.all(results)) as Uint8Array[];
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  });
}

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** How often each id was somebody's. */
function ownersOf(mine: readonly Uint8Array[]): number[] {
  return Array.from(mine[0]!, (_, i) => mine.reduce((sum, some) => sum + some[i]!, 0));
}

test("of threads that claim the same ids at the same time, exactly one is told that an id is its own", async () => {
  const { random } = await createTestContext();
  const claims = ChunkClaims.create();
  const ids = inSharedMemory(random(16 * 40_000));
  const mine = await claimTogether(claims, ids);
  expect(ownersOf(mine).filter((owners) => owners !== 1)).toEqual([]);
  expect(claims.count).toBe(40_000);
});

test("also while tables grow every id is somebody's, and an id has two owners at most in a growth", async () => {
  const { random } = await createTestContext();
  const claims = ChunkClaims.create();
  const ids = inSharedMemory(random(16 * 200_000));
  const owners = ownersOf(await claimTogether(claims, ids));
  expect(owners.filter((count) => count < 1)).toEqual([]);
  // Two growths, in each of which a thread may be behind with one id.
  const twice = owners.reduce((sum, count) => sum + count - 1, 0);
  expect(twice).toBeLessThanOrEqual(2 * 2);
  expect(claims.count).toBe(200_000 + twice);
});
