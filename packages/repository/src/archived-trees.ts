/** Which packs of trees are archived, once one is: what lies below a folder is not known before its tree was read. */
import { ArchivedError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { ArchivedObjects } from "@bcat/storage";
import { partsOf, type Repository } from "./repository.js";

/** Packs asked for a byte at the same time, and at all. */
const LOOK_WIDTH = 8;
const LOOKS_MAX = 10_000;

/**
 * Adds to `archived`, of which this is a view, the other packs of trees that are archived when one is, so that they can be
 * thawed together.
 *
 * @returns how many of all those that are archived are packs of trees
 * @throws StorageError
 */
export async function findArchivedTrees(repository: Repository, archived: ArchivedObjects): Promise<number> {
  if (archived.count === 0) return 0;
  const packs = treePacks(repository);
  const isArchived = (name: string) => archived.has(name);
  if (!packs.some(isArchived)) return 0;
  const { storage } = partsOf(repository);
  const waiting = packs.slice(0, LOOKS_MAX).values();
  const look = async () => {
    for (const name of waiting) {
      try {
        await storage.get(name, { range: { offset: 0, length: 1 } });
      } catch (error) {
        if (!(error instanceof ArchivedError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: LOOK_WIDTH }, look));
  return packs.filter(isArchived).length;
}

/** Those that the index names and nobody has condemned, without reading any of it. */
function treePacks(repository: Repository): string[] {
  const { chunks } = partsOf(repository).index;
  const names = new Set<string>();
  for (const segment of chunks.segments(TREE)) {
    for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) {
      const { name } = segment.packRecord(ordinal);
      if (!chunks.isCondemned(name)) names.add(name);
    }
  }
  return [...names];
}
