/** What a caller tells a restore, and what it is told. */
import type { ArchivedObjects } from "@bcat/repository";
import type { Warning } from "../backup/options.js";
import type { FindOptions } from "../find-entries.js";
import type { KeepOptions } from "./keep-old.js";
import type { Overwrite } from "./overwrite.js";
import type { OwnerRules } from "./owners.js";
import type { SelectionPatterns } from "./selection.js";

export interface RestoreProgress {
  /** Files that are as the snapshot has them, and bytes, those included that were so before. */
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Known when all of a snapshot is restored, and else when they were counted ({@link RestoreOptions.countAhead}). */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
  /** With `verify`, from 0 to 1, of all that there is to write and to read back; else the bytes tell. */
  readonly share: number | undefined;
  /** In the snapshot: what was restored or read back last. */
  readonly currentPath: Uint8Array | undefined;
  /** What was done so far. */
  readonly summary: RestoreSummary;
}

/** What is in restored folders and not in the snapshot. */
export interface DeletionPlan {
  /** Whatever is no folder. */
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Paths in the target, of some. */
  readonly first: readonly Uint8Array[];
}

export interface DeletionOptions {
  /** Only folders that are in the way of entries which are none. */
  readonly onlyObstacles?: boolean;
  /** Called before anything is changed; it may throw. Not called when there is nothing to delete. */
  readonly onPlan: (plan: DeletionPlan) => Promise<void>;
}

/** An entry that was restored, or is as it should be; of `size` bytes, if it has contents of its own. */
export interface CountedEntry {
  readonly path: Uint8Array;
  readonly action: "restored" | "unchanged";
  readonly size: number;
}

export interface RestoreOptions extends FindOptions, SelectionPatterns {
  /** Files are read back in the end. */
  readonly verify?: boolean;
  /** Folders of the repository and its cache, absolute: they stay as they are, and nothing is restored into them. */
  readonly ownFolders?: readonly Uint8Array[];
  /** With `overwrite`: entries of restored folders that the snapshot has not are deleted. */
  readonly deletes?: DeletionOptions | undefined;
  /** With `overwrite`: what will be overwritten or deleted is kept as a snapshot first. */
  readonly keep?: KeepOptions | undefined;
  /** Whom entries are to belong to; by number if not given. */
  readonly owners?: OwnerRules | undefined;
  /** Patterns of extended attributes: only those are restored, or all but those. */
  readonly includeAttributes?: readonly string[];
  readonly excludeAttributes?: readonly string[];
  /** What is done with entries that are there; without it, nothing is restored when something is in the way. */
  readonly overwrite?: Overwrite | undefined;
  /** Threads that open packs and write files, this one included; 0 and 1 are this one alone. */
  readonly threads?: number;
  /** Blocks of zeros become holes in all files, and not only in those that had some. */
  readonly sparse?: boolean;
  /** Takes the names of what is archived: also when the restore ends with an error. */
  readonly archived?: ArchivedObjects;
  /** What goes on with it when it was interrupted; `--overwrite if-changed` if not given. */
  readonly goesOn?: string;
  readonly signal?: AbortSignal;
  /** Of a part of a snapshot, its files are counted meanwhile, for the progress: its trees are read once more. */
  readonly countAhead?: boolean;
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Called for each entry that is counted, but for folders. */
  readonly onEntry?: (entry: CountedEntry) => void;
  /** `path` is that of the entry in the snapshot. */
  readonly onWarning?: (warning: Warning) => void;
}

export interface RestoreSummary {
  readonly filesRestored: number;
  readonly directoriesRestored: number;
  readonly symlinksRestored: number;
  /** Fifos and device nodes. */
  readonly othersRestored: number;
  readonly bytesRestored: number;
  /** Files, symlinks and others that were there already, content and all. */
  readonly filesUnchanged: number;
  /** Bytes that were there already, and were not fetched; of files that were replaced too. */
  readonly bytesUnchanged: number;
  /** Entries that were deleted because the snapshot has not got them. */
  readonly deleted: number;
  /** Files that were read back and are right. */
  readonly filesVerified: number;
  /** Number of the snapshot of what was overwritten or deleted; undefined when nothing was, or was to be kept. */
  readonly undoSnapshot: number | undefined;
  /** Entries that were not restored, or not with all their metadata. */
  readonly errors: number;
  /** Those of them that lie in archived packs. */
  readonly archived: number;
  readonly skipped: number;
}
