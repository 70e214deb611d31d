/** What a caller tells an import, and what it is told. */
import type { AclOwners } from "../archive/tar-attributes.js";
import type { Compression, Warning } from "../backup/options.js";
import type { Scratch } from "./sorted-records.js";

export interface ImportOptions {
  /** Absolute: what the top of the archive is in the snapshot. */
  readonly root: Uint8Array;
  readonly tags?: readonly string[];
  /** Recorded instead of the name of this host. */
  readonly host?: string | undefined;
  /** Recorded as start and end, ms. */
  readonly time?: number | undefined;
  readonly compression?: Compression | undefined;
  /** Stores when each entry was read last, where the archive says it. */
  readonly withAtime?: boolean;
  /** A file that is made when it is needed, for archives with many entries. */
  readonly scratch: Scratch;
  /** Bytes of entries that are in memory, for tests. */
  readonly memorySize?: number;
  /** Numbers of owners that access control lists name. */
  readonly owners: AclOwners;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly onWarning?: (warning: Warning) => void;
}

export interface ImportProgress {
  /** Read of the archive, other names of files included. */
  readonly filesDone: number;
  readonly bytesDone: number;
  readonly filesTotal: undefined;
  readonly bytesTotal: undefined;
  readonly errors: number;
  /** In the snapshot: what is being read. */
  readonly currentPath: Uint8Array | undefined;
}

export interface ImportSummary {
  readonly snapshotNumber: number;
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  /** Fifos and devices. */
  readonly others: number;
  readonly bytes: number;
  /** Entries that are not in the snapshot, or not wholly. */
  readonly errors: number;
  /** Entries that are no part of a snapshot: labels. */
  readonly skipped: number;
  readonly dataAdded: number;
  readonly dataAddedPacked: number;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
}
