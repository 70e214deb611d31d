/**
 * A copy that is stopped at one of its operations on the target, and what must be true afterwards.
 *
 * A world is a source with three snapshots, and a target with the first of them and a cache. A case copies the target,
 * stops the copy of the other two, and goes on as the next processes would: check, copy again, restore.
 */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import { initRepository } from "@bcat/repository";
import { copySnapshots, findSnapshot, listSnapshots, planCopy } from "@bcat/snapshot";
import {
  createFaultyStorage,
  createMemoryStorage,
  type FaultWay,
  type MemoryStorage,
  type Operation,
  type Storage,
} from "@bcat/storage";
import { asProcess, backUp, type ClientOptions, createEnvironment, requireClean, requireRestores } from "./client.js";
import { type RecordedTree, recordTree } from "./recorded-tree.js";
import type { Scratch } from "./scratch.js";
import { seededRandom } from "./seed.js";
import { writeGeneration } from "./source-tree.js";

const SIZES = { packSize: 16 * 1024, packsPerSegment: 3 };
const SOURCE_CHUNKER = { kind: "cdc", minimum: 1024, average: 4096, maximum: 16 * 1024 } as const;
const TARGET_CHUNKER = { kind: "cdc", minimum: 2048, average: 5000, maximum: 12 * 1024 } as const;
const GENERATIONS = [1, 2, 3] as const;

/** One repository, and what opens it. */
interface Place {
  readonly storage: MemoryStorage;
  readonly rootKey: Uint8Array;
}

export interface CopyWorld {
  readonly scratch: Scratch;
  readonly seed: number;
  readonly source: Place;
  readonly target: Place;
  /** Of the target, after its first snapshot. */
  readonly cache: string;
  /** What each snapshot of the source is. */
  readonly recorded: readonly RecordedTree[];
  /** What a copy of the other two asks of the target when nothing stops it. */
  readonly operations: readonly Operation[];
}

export interface CopyCase {
  readonly at: number;
  readonly way: FaultWay;
  readonly operation: Operation;
  /** The cache of the target that the next process has. */
  readonly cacheAfter: "as left" | "none";
}

export async function createCopyWorld(scratch: Scratch, seed: number): Promise<CopyWorld> {
  const [folder, cache] = [scratch.folder("source"), scratch.folder("cache")];
  const source = await createPlace(`${seed} source`, SOURCE_CHUNKER);
  const target = await createPlace(`${seed} target`, TARGET_CHUNKER);
  const recorded: RecordedTree[] = [];
  for (const generation of GENERATIONS) {
    writeGeneration(folder, generation, seed);
    recorded.push(recordTree(folder));
    const client = { label: `${seed} backup ${generation}`, cache: undefined, sizes: SIZES };
    await asProcess({ ...source, client }, (repository) => backUp(repository, folder));
    if (generation === 1) await copyAll({ source, target }, { label: `${seed} first copy`, cache });
  }
  const world = { scratch, seed, source, target, cache, recorded };
  return { ...world, operations: await countOperations(world) };
}

/** Every operation stopped in every way that makes a difference, with every cache afterwards. */
export function listCopyCases({ operations }: CopyWorld): CopyCase[] {
  return operations.flatMap((operation, i) => {
    const isRead = operation.kind === "get" || operation.kind === "list";
    const ways: FaultWay[] = isRead ? ["before"] : ["before", "unanswered", "torn"];
    const stop = { at: i + 1, operation };
    return ways.flatMap((way) => (["as left", "none"] as const).map((cacheAfter) => ({ ...stop, way, cacheAfter })));
  });
}

export function describeCopyCase({ at, way, operation, cacheAfter }: CopyCase): string {
  return `stop at ${at} (${operation.kind} ${operation.name}), ${way}; then the cache ${cacheAfter}`;
}

/** @throws Error that names the case and what was not as it must be. */
export async function runCopyCase(world: CopyWorld, crash: CopyCase): Promise<void> {
  const folder = world.scratch.folder("case");
  try {
    await recover(world, crash, folder);
  } catch (error) {
    throw new Error(`seed ${world.seed}, ${describeCopyCase(crash)}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function recover(world: CopyWorld, crash: CopyCase, folder: string): Promise<void> {
  const { source, seed } = world;
  const label = `${seed} ${describeCopyCase(crash)}`;
  const left = join(folder, "cache");
  cpSync(world.cache, left, { recursive: true });
  const target = { ...world.target, storage: world.target.storage.clone() };
  const stopped = createFaultyStorage(target.storage, { stop: { at: crash.at, way: crash.way } });
  try {
    await copyAll({ source, target: { ...target, storage: stopped } }, { label: `${label} stopped`, cache: left });
    throw new Error("the copy ended although the storage was gone");
  } catch (error) {
    if (!isBcatError(error, "storage-failed") || !stopped.stopped) throw error;
  }
  const cache = crash.cacheAfter === "none" ? undefined : left;
  await inspect(world, target, { label: `${label} between`, cache, folder: join(folder, "between"), isWhole: false });
  await copyAll({ source, target }, { label: `${label} again`, cache });
  await inspect(world, target, { label: `${label} after`, cache, folder: join(folder, "after"), isWhole: true });
  const copied = await copyAll({ source, target }, { label: `${label} once more`, cache: undefined });
  if (copied > 0) throw new Error(`${copied} snapshots were copied that were there already`);
}

/** Whatever is committed is whole, and each snapshot is there once; when `isWhole`, all of them. */
async function inspect(
  { recorded }: CopyWorld,
  target: Place,
  { label, cache, folder, isWhole }: { label: string; cache: string | undefined; folder: string; isWhole: boolean },
): Promise<void> {
  mkdirSync(folder);
  await asProcess({ ...target, client: { label, cache, sizes: SIZES } }, async (repository) => {
    await requireClean(repository, { readData: isWhole });
    const originals: number[] = [];
    for (const { number } of await listSnapshots(repository)) {
      const snapshot = await findSnapshot(repository, String(number));
      const original = snapshot.snapshot.original!.number;
      originals.push(original);
      const expected = recorded[original - 1]!;
      await requireRestores(repository, { snapshot, target: join(folder, String(original)), expected });
    }
    const wanted = isWhole ? GENERATIONS.length : originals.length;
    const are = originals.join(", ");
    if (originals.length !== wanted || originals.some((original, i) => original !== i + 1))
      throw new Error(`there are copies of snapshots ${are}`);
  });
}

async function createPlace(label: string, chunker: typeof SOURCE_CHUNKER | typeof TARGET_CHUNKER): Promise<Place> {
  const storage = createMemoryStorage();
  const rootKey = seededRandom(label)(32);
  const environment = createEnvironment({ label, cache: undefined });
  await using _ = await initRepository(storage, { secret: { keyFile: rootKey }, chunker }, environment);
  return { storage, rootKey };
}

/** Copies what is missing, as one process. Gives how many snapshots that were. */
async function copyAll(
  between: { source: Place; target: { storage: Storage; rootKey: Uint8Array } },
  { label, cache }: Pick<ClientOptions, "label" | "cache">,
): Promise<number> {
  const reader = { label: `${label} reading`, cache: undefined };
  const writer = { label, cache, sizes: SIZES };
  return await asProcess({ ...between.source, client: reader }, (source) =>
    asProcess({ ...between.target, client: writer }, async (target) => {
      const { missing } = await planCopy({ source, target }, await listSnapshots(source));
      return (await copySnapshots({ source, target }, missing)).length;
    }),
  );
}

async function countOperations(world: Omit<CopyWorld, "operations">): Promise<readonly Operation[]> {
  const storage = createFaultyStorage(world.target.storage.clone());
  const cache = world.scratch.fresh("counted");
  cpSync(world.cache, cache, { recursive: true });
  const { source, target, seed } = world;
  await copyAll({ source, target: { ...target, storage } }, { label: `${seed} stopped`, cache });
  return storage.operations;
}
