/**
 * A backup that is stopped at one of its storage operations, and the next one, which goes on from there and may be
 * stopped, too: what it must not read or store again, and what must be there in the end.
 */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import { type BackupSummary, check, type Finding, findSnapshot, listSnapshots } from "@bcat/snapshot";
import {
  createFaultyStorage,
  createMemoryStorage,
  type FaultWay,
  type MemoryStorage,
  type Operation,
  type Storage,
} from "@bcat/storage";
import { filesBelow, openStoppable } from "../kit/interrupted.js";
import { randomBytesOf } from "../kit/random-bytes.js";
import type { Scratch } from "./scratch.js";

const PACK_SIZE = 24 * 1024;
const CHECKPOINT_SIZE = 48 * 1024;
const OPTIONS = {
  sizes: { packSize: PACK_SIZE, packsPerSegment: 2, checkpointSize: CHECKPOINT_SIZE },
  chunker: { kind: "cdc", minimum: 1024, average: 4096, maximum: 16 * 1024 },
} as const;
/** Of so many threads each gets few folders at once: a batch of files ends with every second folder. */
const THREADS = 33;
/** What may be on its way when a backup ends: a pack that is put, and one that is filled. */
const UNDER_WAY_SIZE = 2 * (PACK_SIZE + 16 * 1024);

export interface ResumeWorld {
  readonly scratch: Scratch;
  readonly source: string;
  /** An empty repository, and the cache of who has made it. */
  readonly storage: MemoryStorage;
  readonly cache: string;
  readonly wholeRoot: Uint8Array;
  /** Bytes of packs of data that a backup puts which nothing stops, and what it asks of the storage. */
  readonly dataSize: number;
  readonly operations: readonly Operation[];
}

export type CacheAfter = "as left" | "none";

/** Where a backup is stopped, and what the next one has of its cache. */
export interface Stop {
  readonly at: number;
  readonly way: FaultWay;
  readonly cacheAfter: CacheAfter;
}

export async function createResumeWorld(scratch: Scratch): Promise<ResumeWorld> {
  const source = scratch.folder("source");
  for (let folder = 0; folder < 12; folder++) {
    const path = join(source, `folder-${folder}`, ...(folder % 3 === 0 ? ["below"] : []));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 4; file++)
      writeFileSync(join(path, `file-${file}`), randomBytesOf(`${folder} ${file}`, 300 + file * 7_000));
  }
  const storage = createMemoryStorage();
  const cache = scratch.folder("cache");
  await using _ = (await openStoppable(storage, { ...OPTIONS, cacheDirectory: cache })).client;
  const world = { scratch, source, storage, cache, wholeRoot: new Uint8Array(0), dataSize: 0, operations: [] };
  const run = new Run(world, storage.clone(), scratch.folder("whole"));
  await run.backUp();
  return { ...world, wholeRoot: await run.latestRoot(), dataSize: run.dataSize, operations: run.operations };
}

/** One stop at each operation in each way, by turns with and without the cache that it leaves. */
export function listStops(operations: readonly Operation[]): Stop[] {
  return operations.flatMap(({ kind }, i) => {
    const ways: FaultWay[] = kind === "get" ? ["before"] : ["before", "unanswered", "torn", "late"];
    return ways.flatMap((way) => (["as left", "none"] as const).map((cacheAfter) => ({ at: i + 1, way, cacheAfter })));
  });
}

/** A backup that is stopped, and the next one. @throws Error that names the case, and what was not as it must be */
export async function runStop(world: ResumeWorld, stop: Stop): Promise<void> {
  const folder = world.scratch.folder("case");
  const run = new Run(world, world.storage.clone(), folder);
  await inCase(`stop at ${describe(stop, run)}`, folder, async () => {
    const stopped = await run.backUpUntil(stop);
    await run.goOn(stop.cacheAfter, { stopped, isExact: stop.cacheAfter === "as left" });
  });
}

/** A backup that is stopped at `first`, the next one that is stopped at one of its own operations, and a third. */
export async function runStops(world: ResumeWorld, first: Stop, second: Stop): Promise<void> {
  const folder = world.scratch.folder("case");
  const run = new Run(world, world.storage.clone(), folder);
  await inCase(`stop at ${describe(first, run)}, then at ${describe(second, run)}`, folder, async () => {
    await run.backUpUntil(first);
    run.takeCache(first.cacheAfter);
    const stopped = await run.backUpUntil(second);
    await run.goOn(second.cacheAfter, { stopped, isExact: false });
  });
}

/** What the next backup asks of the storage after a stop. */
export async function operationsAfter(world: ResumeWorld, first: Stop): Promise<readonly Operation[]> {
  const folder = world.scratch.folder("case");
  const run = new Run(world, world.storage.clone(), folder);
  await run.backUpUntil(first);
  run.takeCache(first.cacheAfter);
  await run.backUp();
  rmSync(folder, { recursive: true });
  return run.operations;
}

function describe({ at, way, cacheAfter }: Stop, { operations }: Run): string {
  const operation = operations[at - 1];
  const what = operation === undefined ? "" : ` (${operation.kind} ${operation.name})`;
  return `${at}${what}, ${way}, the cache ${cacheAfter}`;
}

async function inCase(what: string, folder: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processes one after another, which share a repository and a cache. */
class Run {
  dataSize = 0;
  operations: readonly Operation[] = [];
  readonly #world: ResumeWorld;
  readonly #storage: MemoryStorage;
  readonly #folder: string;
  #caches = 0;

  constructor(world: ResumeWorld, storage: MemoryStorage, folder: string) {
    this.#world = world;
    this.#storage = storage;
    this.#folder = folder;
    cpSync(world.cache, this.#cache, { recursive: true });
  }

  get #cache(): string {
    return join(this.#folder, `cache-${this.#caches}`);
  }

  /** The next process begins with this cache. */
  takeCache(cache: CacheAfter): void {
    if (cache === "none") this.#caches++;
  }

  async backUp(): Promise<{ summary: BackupSummary; opened: number }> {
    const storage = createFaultyStorage(this.#counting());
    const { client } = await openStoppable(storage, { ...OPTIONS, cacheDirectory: this.#cache });
    await using _ = client;
    const summary = await client.backup([this.#world.source], { threads: THREADS });
    this.operations = storage.operations;
    return { summary, opened: client.opened.length };
  }

  /** A process that dies; true when it did. */
  async backUpUntil({ at, way }: Stop): Promise<boolean> {
    const faulty = createFaultyStorage(this.#counting(), { stop: { at, way } });
    try {
      const { client } = await openStoppable(faulty, { ...OPTIONS, cacheDirectory: this.#cache });
      await using _ = client;
      await client.backup([this.#world.source], { threads: THREADS });
    } catch (error) {
      if (!isBcatError(error, "storage-failed") || !faulty.stopped) throw error;
    } finally {
      this.operations = faulty.operations;
    }
    if (way === "late") await faulty.settle();
    return faulty.stopped;
  }

  /** The next process backs up, and all is there. @param isExact what was stored must not be stored again */
  async goOn(cache: CacheAfter, { stopped, isExact }: { stopped: boolean; isExact: boolean }): Promise<void> {
    this.takeCache(cache);
    const { opened, summary } = await this.backUp();
    if (!Buffer.from(await this.latestRoot()).equals(this.#world.wholeRoot)) throw new Error("the trees differ");
    await this.#requireClean();
    if (stopped && cache === "as left") await this.#requireEnded();
    if (!isExact || !stopped) return;
    const again = this.dataSize - this.#world.dataSize;
    if (again > UNDER_WAY_SIZE) throw new Error(`${again} bytes were stored twice`);
    const files = await this.#filesOf(summary.parent);
    if (opened > summary.totalFiles - files) throw new Error(`${opened} files were read, though ${files} were done`);
  }

  async latestRoot(): Promise<Uint8Array> {
    const { client } = await openStoppable(this.#storage, OPTIONS);
    await using _ = client;
    return (await client.find("latest")).snapshot.roots[0]!.node;
  }

  /** Files of a partial snapshot. */
  async #filesOf(number: number | undefined): Promise<number> {
    if (number === undefined) return 0;
    const { client } = await openStoppable(this.#storage, OPTIONS);
    await using _ = client;
    const target = join(this.#folder, "partial");
    const { snapshot } = await findSnapshot(client.repository, String(number));
    if (snapshot.complete || snapshot.roots.length === 0) return 0;
    await client.restore("all", target, { selector: String(number) });
    return existsSync(target) ? filesBelow(target).length : 0;
  }

  /** Every session but the last has ended: as what it left. */
  async #requireEnded(): Promise<void> {
    const { client } = await openStoppable(this.#storage, OPTIONS);
    await using _ = client;
    await listSnapshots(client.repository);
    const { openSessions } = client.repository.history;
    if (openSessions.length > 0) throw new Error(`sessions ${openSessions.join(", ")} have not ended`);
  }

  async #requireClean(): Promise<void> {
    const { client } = await openStoppable(this.#storage, OPTIONS);
    await using _ = client;
    const damage: string[] = [];
    const onFinding = ({ kind, message }: Finding) => kind === "damage" && damage.push(message);
    await check(client.repository, { readData: true, onFinding });
    if (damage.length > 0) throw new Error(damage.join("; "));
  }

  /** Counts the bytes of packs of data that arrive. */
  #counting(): Storage {
    const inner = this.#storage;
    return {
      location: inner.location,
      get: (name, options) => inner.get(name, options),
      putIfAbsent: (name, bytes) => inner.putIfAbsent(name, bytes),
      put: async (name, bytes, options) => {
        if (options?.kind === "data") this.dataSize += bytes.length;
        await inner.put(name, bytes);
      },
    };
  }
}
