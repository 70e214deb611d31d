/** What a caller tells a restore, and what it is told. */
import type { Warning } from "../backup/options.js";
import type { FindOptions } from "../find-entries.js";

export interface RestoreProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Known when all of a snapshot is restored. */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
}

export interface RestoreOptions extends FindOptions {
  /** Threads that open packs and write files, this one included; 0 and 1 are this one alone. */
  readonly threads?: number;
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
  /** Entries that were not restored, or not with all their metadata. */
  readonly errors: number;
  readonly skipped: number;
}
