/** The newest snapshot that has an entry. */
import type { Repository } from "@bcat/repository";
import { EntryLookup } from "../find/entry-lookup.js";
import { isAtOrBelow } from "../path.js";
import { knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";

/** Snapshots that are looked into: one costs as many reads as the path has names, where its folders have changed. */
const LOOKED_MAX = 1_000;

export interface LastSnapshot {
  readonly info: SnapshotInfo | undefined;
  /** Older ones were not looked into. */
  readonly isCut: boolean;
}

/** The newest snapshot that `among` takes and that has the path, or a folder above it, as a source. */
export async function findSourceOf(
  repository: Repository,
  path: Uint8Array,
  among: (info: ListedSnapshot) => boolean,
): Promise<SnapshotInfo | undefined> {
  const found = knownSnapshots(repository).findLast((info) => among(info) && covers(info, path));
  return found === undefined ? undefined : await readSnapshot(repository, found.number);
}

/** Looks through the snapshots that `among` takes and that have the path, or a folder above it, as a source. */
export async function findLastWith(
  repository: Repository,
  path: Uint8Array,
  among: (info: ListedSnapshot) => boolean,
): Promise<LastSnapshot> {
  const candidates = knownSnapshots(repository).filter((info) => among(info) && covers(info, path));
  const lookup = new EntryLookup(repository);
  for (const { number } of candidates.toReversed().slice(0, LOOKED_MAX)) {
    const info = await readSnapshot(repository, number);
    if (info !== undefined && (await lookup.find(info, path)) !== undefined) return { info, isCut: false };
  }
  return { info: undefined, isCut: candidates.length > LOOKED_MAX };
}

function covers({ snapshot }: ListedSnapshot, path: Uint8Array): boolean {
  return snapshot.roots.some((root) => isAtOrBelow(path, root.path));
}
