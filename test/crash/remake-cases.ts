/**
 * Forget, undelete, tag and rewrite, each stopped at one of its storage operations, and what must be true afterwards.
 *
 * A world is a repository of three snapshots, the first of them forgotten and its packs condemned, and a cache of it. A case
 * copies it, stops the command, and goes on as the next processes would: look, run the command again, look again.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isBcatError } from "@bcat/errors";
import { appendToLog, initRepository, type NameReference, type Repository } from "@bcat/repository";
import {
  findSnapshot,
  forgetSnapshots,
  type ListedSnapshot,
  listSnapshots,
  rewriteSnapshot,
  tagSnapshot,
  undelete,
} from "@bcat/snapshot";
import {
  createFaultyStorage,
  createMemoryStorage,
  type FaultWay,
  type MemoryStorage,
  type Operation,
} from "@bcat/storage";
import { asProcess, backUp, type ClientOptions, createEnvironment, requireClean } from "./client.js";
import type { Scratch } from "./scratch.js";
import { seededRandom } from "./seed.js";
import { writeGeneration } from "./source-tree.js";

const SIZES = { packSize: 16 * 1024, packsPerSegment: 3 };
const CHUNKER = { kind: "cdc", minimum: 1024, average: 4096, maximum: 16 * 1024 } as const;
const PACK_NAME = /^packs\/..\/(\d+)-([0-9a-f]{32})$/;
/** What rewrite leaves out: something that all generations have. */
const EXCLUDE = "file-1*";

/** By the number of the backup that each snapshot is of: its root node, in hex, and its tags. */
type Found = ReadonlyMap<number, readonly string[]>;

interface Action {
  run(repository: Repository): Promise<unknown>;
  /** The numbers of backups of which something must be there whenever it is stopped. */
  readonly alwaysThere: readonly number[];
}

const actionsByName = {
  forget: { run: (repository) => forgetAgain(repository, 2), alwaysThere: [3] },
  undelete: { run: (repository) => undelete(repository, 1), alwaysThere: [2, 3] },
  tag: { run: (repository) => tagAgain(repository, 2), alwaysThere: [2, 3] },
  rewrite: {
    run: (repository) => rewriteAgain(repository, 3),
    alwaysThere: [2, 3],
  },
} satisfies Record<string, Action>;

export type ActionName = keyof typeof actionsByName;
const actions: Readonly<Record<ActionName, Action>> = actionsByName;
export const actionNames = Object.keys(actionsByName) as ActionName[];

async function forgetAgain(repository: Repository, number: number): Promise<void> {
  await repository.refresh();
  if (!repository.history.isForgotten(number)) await forgetSnapshots(repository, [number]);
}

/** Whoever runs it again names what the list shows. */
async function tagAgain(repository: Repository, place: number): Promise<void> {
  for (const info of await listSnapshots(repository))
    if (placeOf(info) === place) await tagSnapshot(repository, info, { add: ["tagged"] });
}

async function rewriteAgain(repository: Repository, place: number): Promise<void> {
  for (const info of await listSnapshots(repository))
    if (placeOf(info) === place) await rewriteSnapshot(repository, info.number, { excludes: [EXCLUDE], forget: true });
}

function placeOf({ number, snapshot }: ListedSnapshot): number {
  return snapshot.originalNumber ?? number;
}

export interface RemakeWorld {
  readonly scratch: Scratch;
  readonly seed: number;
  readonly cache: string;
  readonly storage: MemoryStorage;
  readonly rootKey: Uint8Array;
  readonly before: Found;
  /** What there is when nothing stops it, and what it asks of the storage meanwhile. */
  readonly expected: Readonly<Record<ActionName, { readonly after: Found; readonly operations: readonly Operation[] }>>;
}

export type CacheAfter = "as before" | "as left" | "none";

export interface RemakeCase {
  readonly action: ActionName;
  readonly at: number;
  readonly operation: Operation;
  readonly way: FaultWay;
  readonly cacheAfter: CacheAfter;
}

export async function createRemakeWorld(scratch: Scratch, seed: number): Promise<RemakeWorld> {
  const [source, cache] = [scratch.folder("source"), scratch.folder("cache")];
  const storage = createMemoryStorage();
  const rootKey = seededRandom(`${seed} remake`)(32);
  const client = (label: string): ClientOptions => ({ label: `${seed} ${label}`, cache, sizes: SIZES });
  const environment = createEnvironment(client("remake"));
  await using _ = await initRepository(storage, { secret: { keyFile: rootKey }, chunker: CHUNKER }, environment);
  for (const generation of [1, 2, 3] as const) {
    writeGeneration(source, generation, seed);
    await asProcess({ storage, rootKey, client: client(`backup ${generation}`) }, (repository) =>
      backUp(repository, source),
    );
  }
  await asProcess({ storage, rootKey, client: client("condemn") }, async (repository) => {
    await repository.refresh();
    await forgetSnapshots(repository, [1]);
    await appendToLog(repository, { kind: "condemn", packs: packsOf(storage, 1) });
  });
  const world = { scratch, seed, cache, storage, rootKey };
  const before = await look(world, storage, undefined, "before");
  const expected = {} as Record<ActionName, RemakeWorld["expected"][ActionName]>;
  for (const name of actionNames) {
    const counting = createFaultyStorage(storage.clone());
    const counted = { label: `${seed} ${name}`, cache: copy(cache, scratch.fresh("counted")), sizes: SIZES };
    await asProcess({ storage: counting, rootKey, client: counted }, actions[name].run);
    const operations = [...counting.operations];
    expected[name] = { operations, after: await look(world, counting, undefined, `after ${name}`) };
  }
  return { ...world, before, expected };
}

function packsOf(storage: MemoryStorage, session: number): NameReference[] {
  return [...storage.objects.keys()].flatMap((name) => {
    const [, of, unique] = PACK_NAME.exec(name) ?? [];
    return Number(of) === session ? [{ session, unique: new Uint8Array(Buffer.from(unique!, "hex")) }] : [];
  });
}

export function listRemakeCases({ expected }: RemakeWorld): RemakeCase[] {
  return actionNames.flatMap((action) =>
    expected[action].operations.flatMap((operation, i) => {
      const ways: FaultWay[] = operation.kind === "get" ? ["before"] : ["before", "unanswered", "torn", "late"];
      return ways.flatMap((way) =>
        (["as before", "as left", "none"] as const).map((cacheAfter) => ({
          ...{ action, at: i + 1, operation, way, cacheAfter },
        })),
      );
    }),
  );
}

/** @throws Error that names the case and what was not as it must be. */
export async function runRemakeCase(world: RemakeWorld, crash: RemakeCase): Promise<void> {
  const { action, at, operation, way, cacheAfter } = crash;
  const folder = world.scratch.folder("case");
  try {
    await stopAndRepeat(world, crash, folder);
  } catch (error) {
    const where = `${action} stopped at ${at} (${operation.kind} ${operation.name}), ${way}; then the cache ${cacheAfter}`;
    throw new Error(`seed ${world.seed}, ${where}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function stopAndRepeat(world: RemakeWorld, crash: RemakeCase, folder: string): Promise<void> {
  const { action, at, way, cacheAfter } = crash;
  const storage = world.storage.clone();
  const faulty = createFaultyStorage(storage, { stop: { at, way } });
  const left = copy(world.cache, join(folder, "as left"));
  const label = `${world.seed} ${action} ${at} ${way} ${cacheAfter}`;
  const place = { rootKey: world.rootKey };
  try {
    const client = { label: `${label} stopped`, cache: left, sizes: SIZES };
    await asProcess({ ...place, storage: faulty, client }, actions[action].run);
    throw new Error("it ended although the storage was gone");
  } catch (error) {
    if (!isBcatError(error, "storage-failed") || !faulty.stopped) throw error;
  }
  const cache =
    cacheAfter === "none" ? undefined : cacheAfter === "as left" ? left : copy(world.cache, join(folder, "as before"));
  requireThere(world, action, await look(world, storage, cache, `${label} looks`));
  await asProcess({ ...place, storage, client: { label: `${label} again`, cache, sizes: SIZES } }, actions[action].run);
  const { after } = world.expected[action];
  requireSame(after, await look(world, storage, cache, `${label} after`), way === "late");
  await faulty.settle();
  requireSame(after, await look(world, storage, undefined, `${label} elsewhere`), way === "late");
}

/** What is there, by a process of its own, after a check of all of it. */
async function look(
  world: Pick<RemakeWorld, "rootKey">,
  storage: MemoryStorage | ReturnType<typeof createFaultyStorage>,
  cache: string | undefined,
  label: string,
): Promise<Found> {
  const client = { label, cache, sizes: SIZES };
  return await asProcess({ storage, rootKey: world.rootKey, client }, async (repository) => {
    await requireClean(repository, { readData: cache === undefined });
    const found = new Map<number, string[]>();
    for (const info of await listSnapshots(repository)) {
      const { snapshot } = await findSnapshot(repository, String(info.number));
      const nodes = snapshot.roots.map(({ node }) => Buffer.from(node).toString("hex"));
      const text = `${nodes.join()} ${snapshot.tags.join()}`;
      found.set(placeOf(info), [...(found.get(placeOf(info)) ?? []), text]);
    }
    return found;
  });
}

/** Of each backup that is not to go there is something, and nothing that neither run would have made. */
function requireThere({ before, expected }: RemakeWorld, action: ActionName, found: Found): void {
  for (const place of actions[action].alwaysThere)
    if (!found.has(place)) throw new Error(`nothing is left of backup ${place}`);
  for (const [place, texts] of found) {
    const known = new Set([...(before.get(place) ?? []), ...(expected[action].after.get(place) ?? [])]);
    if (texts.some((text) => !known.has(text))) throw new Error(`what there is of backup ${place} is nothing known`);
  }
}

/** @param mayRepeat what came late may be there twice */
function requireSame(expected: Found, found: Found, mayRepeat: boolean): void {
  const shown = (all: Found) =>
    [...all]
      .map(([place, texts]) => `${place}: ${(mayRepeat ? [...new Set(texts)] : texts).join(" and ")}`)
      .sort()
      .join("\n");
  if (shown(expected) !== shown(found)) throw new Error(`there is\n${shown(found)}\nand not\n${shown(expected)}`);
}

function copy(folder: string, target: string): string {
  cpSync(folder, target, { recursive: true });
  return target;
}
