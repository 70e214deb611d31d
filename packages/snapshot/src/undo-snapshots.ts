/** Snapshots of what a restore in place has overwritten: known by a tag; never the latest, nor the parent of a backup. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { findSnapshot, knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "./snapshots.js";
import { isUndo } from "./undo-tag.js";

/**
 * The one of that number, or the newest of this host.
 *
 * @throws BcatError not-found; usage for one that keeps nothing that was overwritten
 */
export async function findUndo(repository: Repository, number: string | undefined): Promise<SnapshotInfo> {
  if (number !== undefined) {
    const info = await findSnapshot(repository, number);
    if (isUndo(info.snapshot)) return info;
    throw new BcatError("usage", `Cannot undo with snapshot ${info.number}: it is of a backup, see bcat restore`);
  }
  await repository.refresh();
  const { host } = repository.environment;
  const isOurs = ({ snapshot }: ListedSnapshot) => isUndo(snapshot) && snapshot.host === host;
  const newest = knownSnapshots(repository).filter(isOurs).at(-1);
  const info = newest && (await readSnapshot(repository, newest.number));
  if (info === undefined)
    throw new BcatError("not-found", "Cannot undo: no restore on this host has overwritten anything");
  return info;
}
