/**
 * A repository on a disk that is only modelled, and a script that runs on it: backups, a forget, prunes, one after
 * another or at once. Whatever was told to be done is noted with the number of changes so far.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { initRepository, type Repository } from "@bcat/repository";
import { forgetSnapshots, listSnapshots, type PruneOptions, prune } from "@bcat/snapshot";
import { type LocalStorage, openLocalStorage } from "@bcat/storage";
import { asProcess, backUp, createEnvironment } from "../crash/client.js";
import { type RecordedTree, recordTree } from "../crash/recorded-tree.js";
import type { Scratch } from "../crash/scratch.js";
import { seededRandom } from "../crash/seed.js";
import { setTimes } from "../crash/source-tree.js";
import { Disk } from "./disk.js";
import { type DiskOptions, RunningDisk } from "./disk-file-system.js";

const SIZES = { packSize: 8 * 1024, packsPerSegment: 2 };
const CHUNKER = { kind: "cdc", minimum: 1024, average: 2048, maximum: 8 * 1024 } as const;
const PRUNE: PruneOptions = { maxUnused: { bytes: 0 }, level: 3, voidAfterMs: -1, isAtOnce: true };
const REPOSITORY = "/disk/repository";
const GENERATIONS = 3;
/** The root key is what whoever makes the repository draws first. */
const ROOT_KEY = "root key";

/** What the file system is like. */
export type WorldOptions = Pick<DiskOptions, "hasLinks" | "ignoresSyncOf"> & {
  /** The steps of the script run at once. */
  readonly isParallel?: boolean;
  /** Folder and key may be read by a group. */
  readonly isShared?: boolean;
};

export interface World {
  readonly scratch: Scratch;
  readonly options: WorldOptions;
  readonly rootKey: Uint8Array;
  /** With one snapshot, all of it durable. */
  readonly before: Disk;
  /** The source as of each generation, from 1. */
  readonly sources: readonly string[];
  readonly recorded: readonly RecordedTree[];
}

/** What somebody was told, or has asked for, when the disk had seen so many changes. */
export interface Told {
  readonly after: number;
  readonly committed?: { readonly number: number; readonly generation: number };
  readonly forgetting?: number;
  readonly forgotten?: number;
}

export async function createWorld(scratch: Scratch, options: WorldOptions = {}): Promise<World> {
  const sources = Array.from({ length: GENERATIONS }, (_, i) => makeSource(scratch, i + 1));
  const rootKey = seededRandom(ROOT_KEY)(32);
  const running = new RunningDisk(emptyDisk(options), { hasLinks: options.hasLinks ?? true });
  const storage = storageOn(running, "making");
  const environment = createEnvironment({ label: ROOT_KEY, cache: undefined });
  const made = await initRepository(storage, { secret: { keyFile: rootKey }, chunker: CHUNKER }, environment);
  await made[Symbol.asyncDispose]();
  const world = { scratch, options, rootKey, sources, recorded: sources.map(recordTree) };
  await withRepository(world, { running, label: "first" }, (repository) => backUp(repository, sources[0]!));
  return { ...world, before: running.disk };
}

/** Runs the script until it ends or the power is gone. */
export async function runScript(
  world: World,
  { running, cache }: { running: RunningDisk; cache?: string },
): Promise<readonly Told[]> {
  const told: Told[] = [];
  const tell = (what: Omit<Told, "after">) => told.push({ ...what, after: running.effects.length });
  const as = <Result>(label: string, use: (repository: Repository) => Promise<Result>) =>
    withRepository(world, { running, label, cache }, use);
  const backUpAt = async (generation: number) => {
    const source = world.sources[generation - 1]!;
    const { snapshotNumber } = await as(`backup ${generation}`, (repository) => backUp(repository, source));
    tell({ committed: { number: snapshotNumber!, generation } });
  };
  const forget = async () => {
    tell({ forgetting: 1 });
    await as("forget", async (repository) => {
      await listSnapshots(repository);
      await forgetSnapshots(repository, [1]);
    });
    tell({ forgotten: 1 });
  };
  const pruneAll = (label: string) => as(label, (repository) => prune(repository, PRUNE));
  const steps = [() => backUpAt(2), forget, () => pruneAll("prune"), () => backUpAt(3), () => pruneAll("prune again")];
  try {
    if (world.options.isParallel === true) await Promise.all(steps.map((step) => step()));
    else for (const step of steps) await step();
  } catch (error) {
    if (!running.isOff) throw error;
  }
  return told;
}

/** What the next machine does: back up again, free what is not used. */
export async function goOn(
  world: World,
  { running, cache }: { running: RunningDisk; cache: string | undefined },
): Promise<number> {
  const generation = GENERATIONS;
  const label = `next ${cache === undefined}`;
  const { snapshotNumber } = await withRepository(world, { running, label, cache }, (repository) =>
    backUp(repository, world.sources[generation - 1]!),
  );
  await withRepository(world, { running, label: `${label} prune`, cache }, (repository) => prune(repository, PRUNE));
  return snapshotNumber!;
}

/** Opens the repository for the time of `use`. */
export async function withRepository<Result>(
  { rootKey }: Pick<World, "rootKey">,
  { running, label, cache }: { running: RunningDisk; label: string; cache?: string | undefined },
  use: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const client = { label, cache, sizes: SIZES, location: REPOSITORY };
  return await asProcess({ storage: storageOn(running, label), rootKey, client }, use);
}

function storageOn({ fileSystem }: RunningDisk, label: string): LocalStorage {
  let count = 0;
  const suffix = () => `${label.replaceAll(" ", "-")}-${count++}`;
  return openLocalStorage(REPOSITORY, { fileSystem, suffix });
}

/** The folder that the user made. */
function emptyDisk({ isShared = false }: WorldOptions): Disk {
  const disk = new Disk();
  for (const [node, name] of [
    [1, "disk"],
    [2, "repository"],
  ] as const) {
    disk.apply({ kind: "make", node, is: "directory", mode: isShared ? 0o750 : 0o700 });
    disk.apply({ kind: "name", directory: node - 1, name, node });
  }
  return disk;
}

/** Some chunks of each generation are in the next one, too. */
function makeSource(scratch: Scratch, generation: number): string {
  const folder = join(scratch.folder("generation"), "source");
  mkdirSync(join(folder, "inner"), { recursive: true });
  for (let file = generation; file < generation + 3; file++)
    writeFileSync(join(folder, "inner", `file-${file}`), seededRandom(`file ${file}`)(3_000 + file * 500));
  writeFileSync(join(folder, "changing"), seededRandom(`changing ${generation}`)(6_000));
  setTimes(folder, generation);
  return folder;
}

export function removeCache(cache: string): void {
  rmSync(cache, { recursive: true, force: true });
}
