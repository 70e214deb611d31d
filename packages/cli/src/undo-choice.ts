/** Which snapshot `bcat undo` begins with: the one that is named, or else that of the last restore in place here. */
import { BcatError, textOfBytes } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import type { SnapshotInfo } from "@bcat/snapshot";
import { formatLocalTime } from "./format.js";
import { quoteText } from "./quote.js";
import { type RememberedRestore, RestoreMemory } from "./restore-memory.js";

export interface UndoWords {
  readonly number: string | undefined;
  readonly host: string | undefined;
}

/** @throws BcatError not-found, also when the last restore has overwritten nothing; usage */
export async function chooseUndo(repository: Repository, { number, host }: UndoWords): Promise<SnapshotInfo> {
  const { findUndo } = await import("@bcat/snapshot");
  const newest = await findUndo(repository, { number, host });
  const { last } = new RestoreMemory(repository);
  if (number !== undefined || host !== undefined || last === undefined || newest.number > (last.newest ?? 0))
    return newest;
  // An undo that was interrupted is not to be undone, but done.
  const meant = last.kind === "undo" && !last.isFinished ? last.snapshot : last.undo;
  if (meant === undefined) throw nothingKept(last, newest);
  return await findUndo(repository, { number: String(meant) });
}

/** What has been done since in another place would be lost. */
function nothingKept({ kind, snapshot, target }: RememberedRestore, newest: SnapshotInfo): BcatError {
  const last = `the last ${kind}, of snapshot ${snapshot} to ${quoteText(target)}, has kept nothing`;
  const { roots, start } = newest.snapshot;
  const other = `snapshot ${newest.number} keeps what was in ${quoteText(textOfBytes(roots[0]!.path))} on ${formatLocalTime(start)}`;
  return new BcatError(
    "not-found",
    `Cannot undo: ${last}; ${other}, before another: bcat undo ${newest.number} puts that back`,
  );
}
