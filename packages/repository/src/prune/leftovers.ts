/** Removes what nothing refers to: segments, checkpoints, parity of packs that are gone, and files without a name. */
import { parityName } from "@bcat/pack";
import type { ListedObject } from "@bcat/storage";
import { catchUpStrictly, type RepositoryParts } from "../repository.js";
import { deleteObjects } from "./delete-objects.js";
import { findLeftovers, findLostParity } from "./listing.js";
import { findTemporary } from "./temporary-files.js";

/** Some files; bytes as the file system counts them. */
export interface FileSum {
  readonly count: number;
  readonly bytes: number;
  /** The name of one of them. */
  readonly first: string | undefined;
}

/** What was removed, or would be. */
export interface Leftovers {
  readonly segments: number;
  readonly checkpoints: number;
  /** Parity of packs that are gone. */
  readonly parity: number;
  /** Left by writes that were cut off. */
  readonly temporary: FileSum;
  /** Such files, too, that stay: somebody may be at work on them. */
  readonly young: FileSum;
}

export const noLeftovers: Leftovers = {
  segments: 0,
  checkpoints: 0,
  parity: 0,
  temporary: sumFiles([]),
  young: sumFiles([]),
};

export interface LeftoverOptions {
  /** The session of whoever asks, 0 for none. */
  readonly own: number;
  readonly isDryRun: boolean;
  /** Segments that this run itself has made useless: removed, and not counted. */
  readonly replaced: ReadonlySet<string>;
}

/** @throws CorruptError, StorageError */
export async function removeLeftovers(parts: RepositoryParts, options: LeftoverOptions): Promise<Leftovers> {
  await catchUpStrictly(parts);
  const objects: string[] = [];
  for await (const name of findLeftovers(parts, options.own)) objects.push(name);
  const parity: string[] = [];
  for await (const name of findLostParity(parts)) parity.push(name);
  const { ended, young } = await findTemporary(parts, options.own);
  if (!options.isDryRun) {
    await deleteObjects(parts.storage, [...objects, ...parity], () => {});
    await deleteDroppedBefore(parts);
    for (const { name } of ended) await parts.storage.deleteTemporary!(name);
  }
  const checkpoints = objects.filter((name) => name.startsWith("partial/")).length;
  const replaced = objects.filter((name) => options.replaced.has(name)).length;
  return {
    segments: objects.length - checkpoints - replaced,
    checkpoints,
    parity: parity.length,
    temporary: sumFiles(ended),
    young: sumFiles(young),
  };
}

/**
 * Where no listing finds them: deletes the packs, and their parity, that the last prune has dropped, since it may have been
 * killed before it did.
 *
 * @throws StorageError
 */
export async function deleteDroppedBefore({ storage, history }: RepositoryParts): Promise<void> {
  if (storage.list !== undefined) return;
  const { log, droppedBefore, droppedHead } = history;
  const packs = [...log.condemnedBehind(droppedBefore, droppedHead)];
  await deleteObjects(storage, [...packs.map(parityName), ...packs], () => {});
}

function sumFiles(files: readonly ListedObject[]): FileSum {
  return { count: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0), first: files[0]?.name };
}
