import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFaultyStorage, createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { overwriting } from "./elsewhere/test-world.js";
import { initRepository, openRepository, unlockRepository } from "./open.js";
import { createTestEnvironment } from "./test-environment.js";
import { beginWriting, commitChunk } from "./test-repository.js";

const secret = { keyFile: new Uint8Array(32) };

let cacheDirectory: string;
let memory: MemoryStorage;
let environment: Awaited<ReturnType<typeof createTestEnvironment>>;
let rootKey: Uint8Array;
beforeEach(async () => {
  cacheDirectory = mkdtempSync(join(tmpdir(), "bcat-outbox-"));
  environment = await createTestEnvironment({ cacheDirectory });
  memory = createMemoryStorage();
  await using _ = await initRepository(overwriting(memory), { secret, isForOneWriter: true }, environment);
  ({ rootKey } = await unlockRepository(memory, secret, environment));
});
afterEach(() => rmSync(cacheDirectory, { recursive: true }));

const kept = () => readdirSync(cacheDirectory, { recursive: true }).filter((name) => /_\d{10}$/.test(String(name)));
const numbers = () => [...memory.objects.keys()].filter((name) => name.startsWith("outcomes/")).sort();

/** A run that dies when it puts the register `name`, which lands when it is told to. */
async function die(name: string): Promise<() => Promise<void>> {
  const counting = createFaultyStorage(overwriting(memory.clone()));
  await backUp(counting);
  const at =
    counting.operations.findIndex((operation) => operation.kind === "putIfAbsent" && operation.name === name) + 1;
  rmSync(cacheDirectory, { recursive: true });
  const storage = createFaultyStorage(overwriting(memory), { stop: { at, way: "late" } });
  await expect(backUp(storage)).rejects.toThrow();
  return () => storage.settle();
}

async function backUp(storage = overwriting(memory)): Promise<void> {
  await using repository = await openRepository(storage, rootKey, environment);
  const writing = await beginWriting(repository);
  writing.store(environment.random(3000));
  try {
    await writing.commit();
  } finally {
    await writing.abandon().catch(() => {});
  }
}

test.each([
  ["sessions/0000000001", ["outcomes/0000000002"]],
  ["outcomes/0000000001", ["outcomes/0000000001", "outcomes/0000000002"]],
])("what a dead run had sent as %s is put again first, and changes nothing when it lands", async (name, outcomes) => {
  const settle = await die(name);
  expect(memory.objects.has(name)).toBe(false);
  expect(kept().length).toBe(1);
  await backUp();
  expect(kept()).toEqual([]);
  expect(numbers()).toEqual(outcomes);
  const before = new Map([...memory.objects].map(([key, bytes]) => [key, Buffer.from(bytes).toString("hex")]));
  await settle();
  for (const [key, bytes] of memory.objects) expect(Buffer.from(bytes).toString("hex")).toBe(before.get(key));
});

test("nothing is kept of a repository that keeps writers apart, nor by a run that ends well", async () => {
  await backUp();
  expect(kept()).toEqual([]);
  const other = createMemoryStorage();
  const elsewhere = { ...environment, location: "another" };
  await using repository = await initRepository(other, { secret }, elsewhere);
  await commitChunk(repository);
  expect(readdirSync(join(cacheDirectory, "outbox")).length).toBe(1);
});
