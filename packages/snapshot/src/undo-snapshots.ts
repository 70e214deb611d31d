/** Snapshots of what a restore in place has overwritten: known by a tag; never the latest, nor the parent of a backup. */
import { BcatError, isBcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { findSnapshot, knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "./snapshots.js";
import { showName } from "./tree/name.js";
import { continuedBy, isUndo } from "./undo-tag.js";

export interface UndoChoice {
  /** That of this number; the newest if not given. */
  readonly number?: string | undefined;
  /** Of what was overwritten there; on this host if not given. Nothing else goes over what is here. */
  readonly host?: string | undefined;
}

/** @throws BcatError not-found; usage for one that keeps nothing that was overwritten, or that of another host */
export async function findUndo(repository: Repository, choice: UndoChoice): Promise<SnapshotInfo> {
  const host = choice.host ?? repository.environment.host;
  const there = choice.host === undefined ? "this host" : quote(host);
  if (choice.number === undefined) return await findNewest(repository, { host, there });
  const info = await findSnapshot(repository, choice.number);
  const { snapshot, number } = info;
  if (!isUndo(snapshot))
    throw new BcatError("usage", `Cannot undo with snapshot ${number}: it is of a backup, see bcat restore`);
  if (snapshot.host === host) return info;
  const path = showName(snapshot.roots[0]!.path);
  const kept = `it keeps what was overwritten on ${quote(snapshot.host)}`;
  const remedy = `--host ${snapshot.host} puts it into ${path} here, bcat restore ${number} all TARGET elsewhere`;
  throw new BcatError("usage", `Cannot undo with snapshot ${number} for ${there}: ${kept}; ${remedy}`);
}

async function findNewest(
  repository: Repository,
  { host, there }: { readonly host: string; readonly there: string },
): Promise<SnapshotInfo> {
  await repository.refresh();
  const all = knownSnapshots(repository).filter(({ snapshot }) => isUndo(snapshot));
  const newest = all.filter(({ snapshot }) => snapshot.host === host).at(-1);
  const info = newest && (await readSnapshot(repository, newest.number));
  if (info !== undefined) return info;
  throw new BcatError("not-found", `Cannot undo: no restore on ${there} has overwritten anything${others(all)}`);
}

/** The newest of this host, of those that are known. Reads nothing. */
export function newestUndo(repository: Repository): ListedSnapshot | undefined {
  const { host } = repository.environment;
  return knownSnapshots(repository)
    .filter(({ snapshot }) => isUndo(snapshot) && snapshot.host === host)
    .at(-1);
}

/**
 * The one that was kept before it, by the same restore when it ended early, or by the same undo; undefined when there was
 * none.
 *
 * @throws BcatError not-found when it was forgotten
 */
export async function findContinued(repository: Repository, info: SnapshotInfo): Promise<SnapshotInfo | undefined> {
  const { options, host } = info.snapshot;
  const number = continuedBy(options);
  if (number === undefined || number >= info.number) return undefined;
  try {
    return await findUndo(repository, { number: String(number), host });
  } catch (error) {
    if (!isBcatError(error, "not-found")) throw error;
    const what = `snapshot ${number}, of what the same restore had overwritten before, is not there any more`;
    throw new BcatError("not-found", `Cannot undo more than that of snapshot ${info.number}: ${what}`, {
      cause: error,
    });
  }
}

function others(all: readonly ListedSnapshot[]): string {
  const other = all.at(-1);
  return other === undefined
    ? ""
    : `; the newest of another host is snapshot ${other.number} of ${quote(other.snapshot.host)}`;
}

function quote(host: string): string {
  return `"${host}"`;
}
