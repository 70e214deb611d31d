/**
 * What users of the library give, and what they get. Nothing here comes from our other packages, which are bundled: these
 * types are all that is promised. Bytes of names that are not UTF-8 are lone surrogates (U+DC00 and the byte), in what is
 * given as in what is told.
 */

export interface RepositoryOptions {
  /** A folder or an address, as `--repo` takes it. */
  readonly repository: string;
  readonly secret: Secret;
  /** Folder of the cache, or false for none; the user's, as for the program, if not given. */
  readonly cache?: string | false;
  /** Ends every wait for the place, for as long as the repository is open. */
  readonly signal?: AbortSignal;
  /** Told in a line what makes the work slower but not wrong, and what is good to know. */
  readonly onNotice?: (line: string) => void;
}

/** `keyFile` is a path. */
export type Secret = { readonly passphrase: string } | { readonly keyFile: string };

/** An open repository. Its methods may be called side by side; {@link Repository.close} comes last. */
export interface Repository {
  /** 32 hexadecimal digits. */
  readonly id: string;

  /**
   * Makes a snapshot of files and folders.
   *
   * @param paths relative ones are relative to the current folder
   * @throws an error with code "source-failed" when none of them can be read
   */
  backup(paths: readonly string[], options?: BackupOptions): Promise<BackupResult>;

  /** All complete snapshots that are not forgotten, the oldest first. */
  snapshots(): Promise<Snapshot[]>;

  /** All entries, or what is at `path` and below it: folders before what is in them. */
  entries(snapshot: SnapshotName, path?: string): AsyncIterable<Entry>;

  /**
   * The bytes of a file, a piece at a time; what is not asked for is not fetched.
   *
   * @throws an error with code "usage" where there is a folder
   */
  read(snapshot: SnapshotName, path: string): AsyncIterable<Uint8Array>;

  /** Restores what is at `path`, under its own name, or everything where none is given, into the folder `target`. */
  restore(snapshot: SnapshotName, target: string, options?: RestoreOptions): Promise<RestoreResult>;

  /** Ends what is under way in the background and lets go of the place. May be called again. */
  close(): Promise<void>;
}

/** A number, or the newest. */
export type SnapshotName = number | "latest";

export interface BackupOptions {
  /** Patterns of what to leave out, as `--exclude` takes them. */
  readonly exclude?: readonly string[];
  readonly tags?: readonly string[];
  /** Recorded instead of the name of this host. */
  readonly host?: string;
  readonly signal?: AbortSignal;
  readonly onWarning?: (warning: Warning) => void;
}

export interface RestoreOptions {
  readonly path?: string;
  /** What is done with what is there; without it, nothing is restored when something is in the way. */
  readonly overwrite?: "always" | "if-changed" | "if-newer" | "never";
  readonly signal?: AbortSignal;
  readonly onWarning?: (warning: Warning) => void;
}

/** "error": not read or not restored; "changed": stored while it changed; "skipped": left out on purpose; "note". */
export interface Warning {
  readonly kind: "error" | "changed" | "skipped" | "note";
  /** Stable, as in the messages of the program. */
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

export interface BackupResult {
  /** Number of the snapshot. */
  readonly snapshot: number;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  /** Bytes added to the place. */
  readonly bytesStored: number;
  /** Entries that could not be read: the snapshot has the others. */
  readonly errors: number;
}

export interface RestoreResult {
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Entries that were not restored, or not with all that belongs to them. */
  readonly errors: number;
}

export interface Snapshot {
  readonly number: number;
  readonly time: Date;
  readonly host: string;
  readonly user: string;
  /** Absolute. */
  readonly paths: readonly string[];
  readonly tags: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** Entries that could not be read. */
  readonly errors: number;
}

export interface Entry {
  /** Absolute, as it was backed up. */
  readonly path: string;
  readonly type: "file" | "folder" | "symlink" | "other";
  /** Of files, bytes; of others 0. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modified: Date;
}

/** What every error of the library that can be handled is, by its stable code, such as "wrong-passphrase". */
export interface BcatError extends Error {
  readonly code: string;
}
