/**
 * A backup that is stopped at one of its storage operations, and what must be true afterwards.
 *
 * A world is a repository with two snapshots, a cache of it, and a source that has changed since. A case copies it,
 * stops the third backup, and goes on as the next processes would: open, check, restore, back up, and all of it again.
 */
import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import { initRepository } from "@bcat/repository";
import { findSnapshot, listSnapshots } from "@bcat/snapshot";
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

/** Small, so that a small source makes many packs and several segments. */
const SIZES = { packSize: 16 * 1024, packsPerSegment: 3 };
const CHUNKER = { kind: "cdc", minimum: 1024, average: 4096, maximum: 16 * 1024 } as const;
/** Number of the backup that is stopped. */
const STOPPED = 3;

export interface World {
  readonly scratch: Scratch;
  readonly seed: number;
  readonly source: string;
  /** What takes the place of the source after the crash: some of its chunks are then in no later backup. */
  readonly changedSource: string;
  readonly cache: string;
  readonly storage: MemoryStorage;
  readonly rootKey: Uint8Array;
  /** What the source was, by generation; the stopped backup is of the third, the next one of the fourth. */
  readonly recorded: ReadonlyMap<number, RecordedTree>;
  /** What the third backup asks of the storage when nothing stops it: with the cache, and with none. */
  readonly operations: { readonly cached: readonly Operation[]; readonly uncached: readonly Operation[] };
}

/** The cache of whoever comes after the crash. */
export type CacheAfter = "as before" | "as left" | "none";
/** When a write that was on its way arrives. */
export type Arrival = "before the next process" | "during the next backup" | "after the next backup";

export interface CrashCase {
  readonly at: number;
  readonly way: FaultWay;
  readonly operation: Operation;
  /** Whether the stopped backup has a cache. */
  readonly isCached: boolean;
  readonly cacheAfter: CacheAfter;
  readonly arrival?: Arrival;
}

const arrivals: readonly Arrival[] = ["before the next process", "during the next backup", "after the next backup"];

export async function createWorld(scratch: Scratch, seed: number): Promise<World> {
  const [source, cache] = [scratch.folder("source"), scratch.folder("cache")];
  const storage = createMemoryStorage();
  const client = (label: string): ClientOptions => ({ label: `${seed} ${label}`, cache, sizes: SIZES });
  const environment = createEnvironment(client("init"));
  const rootKey = seededRandom(`${seed} init`)(32);
  await using _ = await initRepository(storage, { secret: { keyFile: rootKey }, chunker: CHUNKER }, environment);
  const recorded = new Map<number, RecordedTree>();
  for (const generation of [1, 2, 3] as const) {
    writeGeneration(source, generation, seed);
    recorded.set(generation, recordTree(source));
    if (generation === STOPPED) break;
    const place = { storage, rootKey, client: client(`backup ${generation}`) };
    const { snapshotNumber } = await asProcess(place, (repository) => backUp(repository, source));
    if (snapshotNumber !== generation) throw new Error(`backup ${generation} has number ${snapshotNumber}`);
  }
  const changedSource = scratch.folder("changed-source");
  for (const generation of [1, 2, 3, 4] as const) writeGeneration(changedSource, generation, seed);
  recorded.set(4, recordTree(changedSource));
  const world = { scratch, seed, source, changedSource, cache, storage, rootKey, recorded };
  const cached = await countOperations(world, true);
  return { ...world, operations: { cached, uncached: await countOperations(world, false) } };
}

/**
 * Every operation stopped in every way that makes a difference, followed by every cache. A backup without a cache writes
 * the same and reads more: there, only the reads are stopped.
 */
export function listCases({ operations }: World): CrashCase[] {
  return [
    ...operations.cached.flatMap((operation, i) => casesAt(operation, { at: i + 1, isCached: true })),
    ...operations.uncached.flatMap((operation, i) =>
      isWrite(operation) ? [] : casesAt(operation, { at: i + 1, isCached: false }),
    ),
  ];
}

export function describeCase({ at, way, operation, isCached, cacheAfter, arrival }: CrashCase): string {
  const before = isCached ? "" : " of a backup without cache";
  const late = arrival === undefined ? "" : `, arriving ${arrival}`;
  return `stop at ${at}${before} (${operation.kind} ${operation.name}), ${way}${late}; then the cache ${cacheAfter}`;
}

/** @throws Error that names the case and what was not as it must be. */
export async function runCase(world: World, crash: CrashCase): Promise<void> {
  const folder = world.scratch.folder("case");
  try {
    await new Recovery(world, crash, folder).run();
  } catch (error) {
    throw new Error(`seed ${world.seed}, ${describeCase(crash)}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A read merely fails, whatever the way; without a cache of its own the stopped process leaves none. */
function casesAt(operation: Operation, stop: { at: number; isCached: boolean }): CrashCase[] {
  const ways: FaultWay[] = isWrite(operation) ? ["before", "unanswered", "torn"] : ["before"];
  const caches: CacheAfter[] = stop.isCached ? ["as before", "as left", "none"] : ["as before", "none"];
  return caches.flatMap((cacheAfter) => [
    ...ways.map((way) => ({ ...stop, way, operation, cacheAfter })),
    ...(isWrite(operation) ? arrivals : []).map((arrival) => ({
      ...stop,
      way: "late" as const,
      operation,
      cacheAfter,
      arrival,
    })),
  ]);
}

function isWrite({ kind }: Operation): boolean {
  return kind !== "get" && kind !== "list";
}

/** Runs `use` while the changed source is where the source was. The cases of one world run one after another. */
async function withChangedSource<T>({ source, changedSource }: World, use: () => Promise<T>): Promise<T> {
  const aside = `${source}-aside`;
  renameSync(source, aside);
  renameSync(changedSource, source);
  try {
    return await use();
  } finally {
    renameSync(source, changedSource);
    renameSync(aside, source);
  }
}

async function countOperations(world: Omit<World, "operations">, isCached: boolean): Promise<readonly Operation[]> {
  const storage = createFaultyStorage(world.storage.clone());
  const cache = isCached ? copyCache(world.cache, world.scratch.fresh("counted")) : undefined;
  const client = { label: `${world.seed} stopped`, cache, sizes: SIZES };
  await asProcess({ storage, rootKey: world.rootKey, client }, (repository) => backUp(repository, world.source));
  return storage.operations;
}

function copyCache(cache: string, target: string): string {
  cpSync(cache, target, { recursive: true });
  return target;
}

/** What happens in one case, in order. */
class Recovery {
  readonly #world: World;
  readonly #case: CrashCase;
  readonly #folder: string;
  readonly #storage: MemoryStorage;
  readonly #faulty: ReturnType<typeof createFaultyStorage>;
  readonly #cache: string | undefined;
  /** Number of the backup after the crash, once it is there. */
  #next: number | undefined;
  #processes = 0;
  #restores = 0;

  constructor(world: World, crash: CrashCase, folder: string) {
    this.#world = world;
    this.#case = crash;
    this.#folder = folder;
    this.#storage = world.storage.clone();
    this.#faulty = createFaultyStorage(this.#storage, { stop: { at: crash.at, way: crash.way } });
    this.#cache = crash.cacheAfter === "none" ? undefined : join(folder, crash.cacheAfter);
    for (const kind of ["as before", "as left"]) copyCache(world.cache, join(folder, kind));
    mkdirSync(join(folder, "restored"));
  }

  async run(): Promise<void> {
    await this.#crash();
    await this.#arrive("before the next process");
    const found = await this.#inspect(this.#cache, { from: 1, readData: false });
    if (found.some((number) => number > STOPPED) || found[0] !== 1 || found[1] !== 2) {
      throw new Error(`found snapshots ${found.join(", ")} after the crash`);
    }
    const next = await this.#backUpNext();
    this.#next = next;
    await this.#arrive("after the next backup");
    const later = await this.#inspect(this.#cache, { from: STOPPED, readData: false });
    for (const number of [...found, next]) {
      if (!later.includes(number)) throw new Error(`snapshot ${number} is gone: there are ${later.join(", ")}`);
    }
    const elsewhere = await this.#inspect(undefined, { from: 1, readData: true });
    if (elsewhere.join() !== later.join()) {
      throw new Error(`found snapshots ${later.join(", ")} with a cache, ${elsewhere.join(", ")} without`);
    }
  }

  async #crash(): Promise<void> {
    const { isCached } = this.#case;
    const client = {
      label: `${this.#world.seed} stopped`,
      cache: isCached ? join(this.#folder, "as left") : undefined,
      sizes: SIZES,
    };
    try {
      const place = { storage: this.#faulty, rootKey: this.#world.rootKey, client };
      await asProcess(place, (repository) => backUp(repository, this.#world.source));
    } catch (error) {
      if (isBcatError(error, "storage-failed") && this.#faulty.stopped) return;
      throw error;
    }
    throw new Error("the backup ended although the storage was gone");
  }

  async #arrive(now: Arrival): Promise<void> {
    if (this.#case.arrival === now) await this.#faulty.settle();
  }

  #client(cache: string | undefined): ClientOptions {
    const { seed } = this.#world;
    return { label: `${seed} ${describeCase(this.#case)} ${++this.#processes}`, cache, sizes: SIZES };
  }

  /** A process that checks, and restores what is committed of number `from` and above. Gives all that is committed. */
  async #inspect(cache: string | undefined, options: { from: number; readData: boolean }): Promise<number[]> {
    const place = { storage: this.#storage, rootKey: this.#world.rootKey, client: this.#client(cache) };
    return await asProcess(place, async (repository) => {
      await requireClean(repository, options);
      const snapshots = await listSnapshots(repository);
      for (const { number } of snapshots.filter((listed) => listed.number >= options.from)) {
        const snapshot = await findSnapshot(repository, String(number));
        const generation = snapshot.number === this.#next ? 4 : snapshot.number;
        const expected = this.#world.recorded.get(generation)!;
        const target = join(this.#folder, "restored", String(++this.#restores));
        await requireRestores(repository, { snapshot, target, expected });
      }
      return snapshots.map(({ number }) => number);
    });
  }

  async #backUpNext(): Promise<number> {
    const storage = beforeCommit(this.#storage, () => this.#arrive("during the next backup"));
    const place = { storage, rootKey: this.#world.rootKey, client: this.#client(this.#cache) };
    const isTaken = this.#storage.objects.has("sessions/0000000003");
    const { snapshotNumber } = await withChangedSource(this.#world, () =>
      asProcess(place, (repository) => backUp(repository, this.#world.source)),
    );
    const expected = isTaken ? STOPPED + 1 : STOPPED;
    if (snapshotNumber !== expected) throw new Error(`the next backup has number ${snapshotNumber}, not ${expected}`);
    return snapshotNumber;
  }
}

/** `storage`, on which `run` happens just before the first outcome is put. */
function beforeCommit(storage: Storage, run: () => Promise<void>): Storage {
  return {
    location: storage.location,
    get: (name, options) => storage.get(name, options),
    put: (name, bytes, options) => storage.put(name, bytes, options),
    async putIfAbsent(name, bytes, options) {
      if (name.startsWith("outcomes/")) await run();
      await storage.putIfAbsent(name, bytes, options);
    },
    list: (prefix) => storage.list!(prefix),
  };
}
