/** What a caller tells a dump, and what it is told. */
import type { Warning } from "../backup/options.js";

/** Takes what is dumped, piece by piece: `bytes` is the dump's again when the promise settles. */
export interface DumpSink {
  write(bytes: Uint8Array): Promise<void>;
}

export type ArchiveFormat = "tar" | "zip";

export interface DumpOptions {
  /** Of folders; of what is neither file nor folder only when it is given. */
  readonly format?: ArchiveFormat | undefined;
  /** A file becomes the one entry of an archive, too. */
  readonly archivesFiles?: boolean;
  /** The folder that relative paths are below, absolute. */
  readonly currentFolder?: Uint8Array | undefined;
  /** A folder of the snapshot whose content stands at the top of the archive, without the names above. */
  readonly below?: Uint8Array | undefined;
  /** Called before the first byte is written, when it is known what will be. */
  readonly onStart?: (form: DumpForm) => void;
  readonly signal?: AbortSignal | undefined;
  /** Of a part of a snapshot, its files are counted meanwhile, for the progress: its trees are read once more. */
  readonly countAhead?: boolean;
  readonly onProgress?: (progress: DumpProgress) => void;
  readonly onWarning?: (warning: Warning) => void;
}

export type DumpForm = "file" | ArchiveFormat;

export interface DumpProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Known when all of a snapshot is dumped, or a file, and else when they were counted ({@link DumpOptions.countAhead}). */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
  /** In the snapshot: what was written last. */
  readonly currentPath: Uint8Array | undefined;
}

export interface DumpSummary {
  readonly form: DumpForm;
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  /** Fifos and devices. */
  readonly others: number;
  /** Of files, without those that are links to others. */
  readonly bytes: number;
  /** Entries that are not in the archive, or not as they were. */
  readonly errors: number;
  readonly skipped: number;
}
