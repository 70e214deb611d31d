/** What a caller tells a backup, and what it is told. */

import type { MessageCode } from "@bcat/errors";
import type { ChoiceOptions } from "../choosing/choice-options.js";
import type { OwnerNames } from "./owners.js";

/** How hard to compress: zstd levels 0 (not at all), 1, 3, 7 and 19. */
export type Compression = "off" | "fastest" | "auto" | "better" | "max";

export const COMPRESSION_LEVELS: Readonly<Record<Compression, number>> = {
  off: 0,
  fastest: 1,
  auto: 3,
  better: 7,
  max: 19,
};

/** The zstd level of it; `auto` if not given. */
export function compressionLevel(compression: Compression = "auto"): number {
  return COMPRESSION_LEVELS[compression];
}

/** What there is to say of one entry, or of several that the first stands for. */
export interface Warning {
  readonly path: Uint8Array;
  readonly message: string;
  /**
   * "error": it could not be read or restored, or not wholly. "changed": it changed whenever it was read, and is stored
   * and marked. "skipped": left out on purpose. "note": nothing is missing that was asked for.
   */
  readonly kind: "error" | "changed" | "skipped" | "note";
  readonly code: MessageCode;
  /** Of the operating system, such as `EACCES`, where there was one. */
  readonly systemCode?: string | undefined;
  /** Entries that it is said of; not there for one. */
  readonly count?: number;
}

export interface RootParent {
  readonly path: Uint8Array;
  /** Number of the snapshot; undefined when there is none, and everything will be read. */
  readonly parent: number | undefined;
  /** What a backup that did not end has kept of it, or of some of it, in a partial snapshot of all its sources. */
  readonly partial?: { readonly number: number; readonly files: number; readonly bytes: number };
}

/** What was stored by backups that did not end, behind what partial snapshots name. */
export interface AdoptedPacks {
  readonly packs: number;
  /** As stored. */
  readonly bytes: number;
}

export interface BackupProgress {
  readonly filesDone: number;
  readonly bytesDone: number;
  /** Of the parent snapshot, or of a {@link BackupOptions.countAhead}: an estimate. In the last report it is what was done. */
  readonly filesTotal: number | undefined;
  readonly bytesTotal: number | undefined;
  readonly errors: number;
  readonly currentPath: Uint8Array | undefined;
  /** Bytes sent to the storage so far. */
  readonly dataAdded: number;
}

/** A file that is stored, or was. */
export interface CountedFile {
  readonly path: Uint8Array;
  readonly change: "new" | "changed" | "unmodified";
  readonly size: number;
}

export interface BackupOptions extends ChoiceOptions {
  readonly tags?: readonly string[];
  /** Recorded instead of the name of this host, and used to find the parent. */
  readonly host?: string;
  readonly dryRun?: boolean;
  /** Recorded as the time of the snapshot (ms), instead of now. */
  readonly time?: number;
  /** Makes no snapshot when it would be the same as the newest parent. */
  readonly skipIfUnchanged?: boolean;
  /** Stores when each entry was read last. */
  readonly withAtime?: boolean;
  /** Stores what is on a block device, as a file; without, the node of the device is all. */
  readonly readSpecial?: boolean;
  /** The process sees extended attributes of every namespace. */
  readonly isPrivileged?: boolean;
  /** Folders that the repository and its cache are in, absolute: left out where they are met below a root. */
  readonly ownFolders?: readonly Uint8Array[];
  /** Without them owners are kept by number alone. */
  readonly owners?: OwnerNames;
  readonly compression?: Compression;
  /** Compare with this snapshot, by its selector, instead of the newest that fits. */
  readonly parent?: string;
  /** Compare with none: read every file. */
  readonly force?: boolean;
  /** Change times say nothing, as on a file system that makes them up. */
  readonly ignoreCtime?: boolean;
  /** Inode numbers say nothing, as on a file system that gives new ones at every mount. */
  readonly ignoreInode?: boolean;
  /** Threads that read files and make packs of them, this one included; 0 and 1 are this one alone. */
  readonly threads?: number;
  /** Ends it at once: no call to the storage is waited for any more. */
  readonly signal?: AbortSignal;
  /** Ends it in order: what is stored until then is kept as a partial snapshot. */
  readonly stop?: AbortSignal;
  /** Called once, with the snapshot that each root is compared with, if there is one, and with what was found beside it. */
  readonly onParents?: (parents: readonly RootParent[], adopted: AdoptedPacks) => void;
  /** Called for each file that is counted, which costs its path: also for those of folders that nothing is read of. */
  readonly onFile?: (file: CountedFile) => void;
  /** Counts the source beside the backup where no parent tells how much there will be. Looks at every entry once more. */
  readonly countAhead?: boolean;
  /** Called every few MiB or hundred files, and when all is stored. */
  readonly onProgress?: (progress: BackupProgress) => void;
  readonly onWarning?: (warning: Warning) => void;
  /** Recorded among the options, `name=value`. */
  readonly notes?: readonly string[];
  /** Called when all is stored and every warning told: nothing is committed if it throws. */
  readonly beforeCommit?: () => void;
}

export interface BackupSummary {
  /** Undefined for a dry run, and where nothing has changed. */
  readonly snapshotNumber: number | undefined;
  readonly isDryRun: boolean;
  /** The snapshot that another one would have been the same as, and was not made for that. */
  readonly unchangedSince: number | undefined;
  readonly parent: number | undefined;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  /** Entries that could not be read. */
  readonly errors: number;
  /** Files that changed whenever they were read: stored, marked, and no errors. */
  readonly filesChangedWhileRead: number;
  /** Entries left out on purpose. */
  readonly skipped: number;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  readonly dirsNew: number;
  readonly dirsChanged: number;
  readonly dirsUnmodified: number;
  readonly dataChunks: number;
  readonly treeChunks: number;
  /** Of both, those that lay in packs which are missing or damaged. */
  readonly healedChunks: number;
  /** Plain bytes of the chunks added. */
  readonly dataAdded: number;
  /** Bytes added to the storage. */
  readonly dataAddedPacked: number;
  readonly totalFiles: number;
  readonly totalSymlinks: number;
  /** Fifos, sockets and device nodes. */
  readonly totalOthers: number;
  readonly totalBytes: number;
}
