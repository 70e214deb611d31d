/** What a caller tells a restore, and what it is told. */
import type { Warning } from "../backup/options.js";
import type { FindOptions } from "../find-entries.js";
import type { Overwrite } from "./overwrite.js";

export interface RestoreProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Known when all of a snapshot is restored. */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
}

export interface RestoreOptions extends FindOptions {
  /** What is done with entries that are there; without it, nothing is restored when something is in the way. */
  readonly overwrite?: Overwrite | undefined;
  /** Threads that open packs and write files, this one included; 0 and 1 are this one alone. */
  readonly threads?: number;
  /** Blocks of zeros become holes in all files, and not only in those that had some. */
  readonly sparse?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
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
  /** Entries that were not restored, or not with all their metadata. */
  readonly errors: number;
  readonly skipped: number;
}
