/**
 * Repairs that are stopped at one of their storage operations. A world is a repository with two snapshots, damaged for
 * each repair in its own way. A case stops the repair; then nothing more may be lost than was, and the same repair, run
 * again with the old cache or with none, must end as one that nothing stopped.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import { findBadPacks, type Repository, repairIndex, repairPacks } from "@bcat/repository";
import { check, healFrom, repairSnapshots } from "@bcat/snapshot";
import {
  createFaultyStorage,
  createMemoryStorage,
  type FaultWay,
  type MemoryStorage,
  type Operation,
  type Storage,
} from "@bcat/storage";
import { openClient } from "../kit/client.js";
import { randomBytesOf } from "../kit/random-bytes.js";

const sizes = { packSize: 20_000 };
const chunker = { kind: "cdc", minimum: 1_024, average: 2_048, maximum: 8_192 } as const;

interface Repair {
  readonly name: string;
  readonly damage: (storage: MemoryStorage) => Promise<void>;
  readonly run: (repository: Repository, other: Repository) => Promise<unknown>;
}

const packsOf = (storage: MemoryStorage, session: number) =>
  [...storage.objects.keys()].filter((name) => name.includes(`/000000000${session}-`) && name.startsWith("packs/"));

async function damagePacks(storage: MemoryStorage): Promise<void> {
  const [first, second] = packsOf(storage, 1).sort((a, b) => sizeOf(storage, b) - sizeOf(storage, a));
  storage.objects.get(first!)![200]! ^= 1;
  await storage.delete(second!);
}

const sizeOf = (storage: MemoryStorage, name: string) => storage.objects.get(name)!.length;
const badOf = (repository: Repository) => findBadPacks(repository, { readData: true });

const repairs: readonly Repair[] = [
  {
    name: "index",
    async damage(storage) {
      for (const name of [...storage.objects.keys()].filter((name) => name.startsWith("index/")).slice(1))
        await storage.delete(name);
    },
    run: (repository) => repairIndex(repository),
  },
  {
    name: "packs",
    damage: damagePacks,
    run: async (repository) => await repairPacks(repository, await badOf(repository), { level: 1 }),
  },
  {
    name: "snapshots",
    damage: damagePacks,
    run: async (repository) =>
      await repairSnapshots(repository, { badPacks: [...(await badOf(repository)).keys()], forget: true }),
  },
  {
    name: "from",
    damage: damagePacks,
    run: async (repository, other) =>
      await healFrom(repository, other, { badPacks: [...(await badOf(repository)).keys()] }),
  },
];

export interface RepairWorld {
  readonly folder: string;
  /** Of the whole repository, before the damage. */
  readonly cache: string;
  readonly subjects: readonly Subject[];
  /** Another repository of the same source. */
  readonly other: MemoryStorage;
}

interface Subject {
  readonly repair: Repair;
  readonly storage: MemoryStorage;
  readonly operations: readonly Operation[];
  /** What is lost of which snapshot: before the repair, and after one that nothing stopped. */
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
}

export interface RepairCase {
  readonly subject: Subject;
  readonly at: number;
  readonly way: FaultWay;
  readonly hasCache: boolean;
}

export async function createRepairWorld(folder: string, whole: MemoryStorage): Promise<RepairWorld> {
  const source = join(folder, "source");
  const cache = join(folder, "cache");
  for (const number of [1, 2]) {
    mkdirSync(join(source, `folder ${number}`), { recursive: true });
    for (let i = 0; i < 6; i++)
      writeFileSync(join(source, `folder ${number}`, `file ${i}`), randomBytesOf(`${number} ${i}`, 3_000));
    await using client = await openClient(whole, { sizes, chunker, cacheDirectory: cache });
    await client.backup([source]);
  }
  const other = createMemoryStorage();
  {
    await using client = await openClient(other);
    await client.backup([source]);
  }
  const subjects: Subject[] = [];
  for (const repair of repairs) {
    const storage = whole.clone();
    await repair.damage(storage);
    const done = storage.clone();
    const faulty = createFaultyStorage(done);
    await repairIn(faulty, undefined, { repair, other });
    const { operations } = faulty;
    subjects.push({ repair, storage, operations, before: await lossesOf(storage), after: await lossesOf(done) });
  }
  return { folder, cache, subjects, other };
}

export function listRepairCases({ subjects }: RepairWorld): RepairCase[] {
  return subjects.flatMap((subject) =>
    subject.operations.flatMap(({ kind }, i) => {
      const ways: FaultWay[] =
        kind === "get" || kind === "list" ? ["before"] : ["before", "unanswered", "torn", "late"];
      return ways.flatMap((way) => [true, false].map((hasCache) => ({ subject, at: i + 1, way, hasCache })));
    }),
  );
}

export function describeRepairCase({ subject, at, way, hasCache }: RepairCase): string {
  const { kind, name } = subject.operations[at - 1]!;
  return `repair ${subject.repair.name} stopped at ${at} (${kind} ${name}), ${way}; then ${hasCache ? "the old" : "no"} cache`;
}

/** @throws Error that names the case and what was not as it must be */
export async function runRepairCase(world: RepairWorld, repairCase: RepairCase): Promise<void> {
  const cache = join(world.folder, "case");
  cpSync(world.cache, cache, { recursive: true });
  try {
    await stopAndGoOn(repairCase, world.other, repairCase.hasCache ? cache : undefined);
  } catch (error) {
    throw new Error(`${describeRepairCase(repairCase)}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

async function stopAndGoOn(
  { subject, at, way }: RepairCase,
  other: MemoryStorage,
  cache: string | undefined,
): Promise<void> {
  const { repair, before, after } = subject;
  const storage = subject.storage.clone();
  const faulty = createFaultyStorage(storage, { stop: { at, way } });
  try {
    await repairIn(faulty, undefined, { repair, other });
    throw new Error("it ended although the storage was gone");
  } catch (error) {
    if (!isBcatError(error, "storage-failed") || !faulty.stopped) throw error;
  }
  for (const loss of await lossesOf(storage)) if (!before.has(loss)) throw new Error(`after the stop, lost: ${loss}`);
  await repairIn(storage, cache, { repair, other });
  await faulty.settle();
  const found = await lossesOf(storage);
  const wrong = [...found].filter((loss) => !after.has(loss)).concat([...after].filter((loss) => !found.has(loss)));
  if (wrong.length > 0) throw new Error(`in the end, other than without a stop: ${wrong.join("; ")}`);
}

async function repairIn(
  storage: Storage,
  cacheDirectory: string | undefined,
  { repair, other }: { readonly repair: Repair; readonly other: MemoryStorage },
): Promise<void> {
  await using from = await openClient(other);
  await using(storage, cacheDirectory, (repository) => repair.run(repository, from.repository));
}

async function using<T>(storage: Storage, cacheDirectory: string | undefined, use: (of: Repository) => Promise<T>) {
  await using client = await openClient(storage, {
    sizes,
    chunker,
    ...(cacheDirectory !== undefined && { cacheDirectory }),
  });
  return await use(client.repository);
}

/** What is lost of the snapshots that are there, as a line each; what a check says of the index and the registers. */
async function lossesOf(storage: MemoryStorage): Promise<Set<string>> {
  const losses = new Set<string>();
  await using(storage, undefined, async (repository) => {
    await check(repository, {
      readData: true,
      onFinding: ({ kind, objectKind, object, snapshots = [] }) => {
        if (kind !== "damage") return;
        if (objectKind !== "pack") losses.add(`${object}`);
        else for (const number of snapshots) losses.add(`${number === 1 || number === 2 ? number : "anew"}: ${object}`);
      },
    });
  });
  return losses;
}
