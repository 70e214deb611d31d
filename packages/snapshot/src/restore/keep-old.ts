/** Keeps what a restore in place will overwrite or delete, as a snapshot that `bcat undo` puts back. */
import { BcatError, inSentence, isBcatError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { backup } from "../backup/backup.js";
import type { BackupOptions, Warning } from "../backup/options.js";
import { showName } from "../tree/name.js";
import { continuesOption, undoTag } from "../undo-tag.js";
import type { KeptPaths } from "./kept-paths.js";

/** As for a backup by the same user. */
export interface KeepOptions extends Pick<BackupOptions, "isPrivileged" | "owners" | "signal"> {
  /** Called when there is something to keep; it may throw. */
  readonly begin?: () => void;
  /** The snapshot of what a restore has overwritten that this one goes on with, or that belongs to it. */
  readonly continues?: number;
  /** Told of the number of the snapshot, before anything is written; undefined where nothing is overwritten. */
  readonly onKept?: (number: number | undefined) => void;
}

const UNCHANGED = "nothing was changed, and no snapshot was made; --no-undo restores without keeping anything";
/** Whether there is a snapshot is not always known. */
const NOT_BEGUN = "nothing was restored or deleted; --no-undo restores without keeping anything";
const SLASH = Buffer.from("/");

export interface OldToKeep {
  readonly paths: KeptPaths;
  /** Of the target, absolute. */
  readonly top: Uint8Array;
  readonly ownFolders: readonly Uint8Array[];
}

/** The number of the snapshot. @throws BcatError refused when something cannot be kept, and nothing is; as a backup */
export async function keepOld(
  repository: Repository,
  posix: Posix,
  { paths, top, ownFolders }: OldToKeep,
  options: KeepOptions,
): Promise<number> {
  options.begin?.();
  const refusal = new AbortController();
  const signals = options.signal === undefined ? [] : [options.signal];
  try {
    const summary = await backup(repository, posix, [top.length > 1 ? Buffer.concat([top, SLASH]) : top], {
      ...options,
      signal: AbortSignal.any([...signals, refusal.signal]),
      ownFolders,
      tags: [undoTag],
      notes: options.continues === undefined ? [] : [continuesOption(options.continues)],
      // What is there differs from what any snapshot has: nothing is compared.
      force: true,
      isUnwanted: (path) => !paths.has(path),
      bcatIgnore: false,
      onWarning: (warning) => {
        // A snapshot without it would be one that cannot put everything back, of a restore that there was not.
        if (warning.kind === "error" && !refusal.signal.aborted) refusal.abort(notKept(warning));
      },
      beforeCommit: () => refusal.signal.throwIfAborted(),
    });
    return summary.snapshotNumber!;
  } catch (error) {
    if (refusal.signal.aborted && options.signal?.aborted !== true) throw refusal.signal.reason;
    if (isBcatError(error, "storage-failed"))
      throw new BcatError(error.code, `${error.message}; ${NOT_BEGUN}`, { cause: error });
    if (!isBcatError(error, "identity-changed")) throw error;
    throw new BcatError(error.code, `${error.message}; ${UNCHANGED}`, { cause: error });
  }
}

function notKept(warning: Warning): BcatError {
  const what = `Cannot keep ${showName(warning.path)} before it is overwritten or deleted: ${inSentence(warning.message)}`;
  return new BcatError("refused", `${what}; ${UNCHANGED}`, { cause: warning });
}
