/**
 * The local copy of the index: the segments of the repository, merged as they come, and a manifest that says what they
 * cover. In a folder it outlives the process; in memory it does not. Nothing in it is trusted: runs and manifest are
 * sealed as objects of the repository are, and what does not open is a miss. The folder is that of one place (places.ts).
 *
 *     <folder>/index/<name>      runs: segments as stored, or merged ones, in the same layout
 *     <folder>/manifest          sealed record: heads covered, log records, runs
 *
 * Two processes may share a folder: files are written under names of their own and renamed into place whole; the last
 * manifest wins, and runs are removed a day after the last manifest that named them was replaced. Only that long may a
 * process go on with a run that another one has merged: of all runs, few are open.
 */
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { isExhaustion, StorageError, systemErrorCode } from "@bcat/errors";
import { type ByteSource, memorySource, RunFiles } from "@bcat/pack";

/** Age at which a run that no manifest names is taken for garbage, milliseconds. */
const GARBAGE_AGE_MS = 24 * 3_600_000;
export const MANIFEST = "manifest";
/** Beginning of the names of files that are being written. */
const TEMPORARY = ".tmp-";

/** Keeps named immutable byte strings. Failing to keep one is never an error: the caller goes on with what it has. */
export interface IndexStore {
  /** The folder, for messages; undefined when nothing outlives the process. */
  readonly folder: string | undefined;
  /** Writes what `produce` gives out and returns it as a source of bytes. */
  write(name: string, produce: (sink: (piece: Uint8Array) => void) => void): ByteSource;
  /** @throws StorageError when the system has no descriptor left: that does not mean that there is no such run */
  open(name: string): ByteSource | undefined;
  /** False for a run that was written and could not be kept. */
  holds(name: string): boolean;
  /** @throws StorageError as {@link open} */
  readManifest(): Uint8Array | undefined;
  /** Makes `manifest` the manifest; runs other than `keep` may go, once they are old. */
  writeManifest(manifest: Uint8Array, keep: ReadonlySet<string>, now: number): void;
}

/** An index store that lives as long as the process. */
export function createMemoryIndexStore(): IndexStore {
  return {
    folder: undefined,
    write: (_name, produce) => bytesInMemory(produce),
    open: () => undefined,
    holds: () => true,
    readManifest: () => undefined,
    writeManifest: () => {},
  };
}

/** The calls to the system, so that tests can fail them. */
export type IndexFiles = Pick<
  typeof nodeFs,
  | "closeSync"
  | "fsyncSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readFileSync"
  | "renameSync"
  | "rmSync"
  | "statSync"
  | "utimesSync"
  | "writeFileSync"
  | "writeSync"
>;

/** An index store in a folder, made when it is first written to. */
export function createFolderIndexStore(folder: string, suffix: () => string, files: IndexFiles = nodeFs): IndexStore {
  return new FolderIndexStore(folder, suffix, files);
}

class FolderIndexStore implements IndexStore {
  readonly folder: string;
  readonly #runs: string;
  readonly #suffix: () => string;
  readonly #files: IndexFiles;
  readonly #runFiles = new RunFiles();
  /** Names of runs that could only be kept in memory. */
  readonly #lost = new Set<string>();
  /** Names of files that this process has used: others may use them too. */
  readonly #used = new Set<string>();

  constructor(folder: string, suffix: () => string, files: IndexFiles) {
    this.folder = folder;
    this.#runs = join(folder, "index");
    this.#suffix = suffix;
    this.#files = files;
  }

  write(name: string, produce: (sink: (piece: Uint8Array) => void) => void): ByteSource {
    try {
      this.#writeFile(name, produce);
      this.#lost.delete(name);
      return this.#source(name);
    } catch {
      this.#lost.add(name);
      return bytesInMemory(produce);
    }
  }

  open(name: string): ByteSource | undefined {
    return this.#unlessMissing(() => this.#source(name));
  }

  holds(name: string): boolean {
    return !this.#lost.has(name);
  }

  readManifest(): Uint8Array | undefined {
    return this.#unlessMissing(() => this.#files.readFileSync(join(this.folder, MANIFEST)));
  }

  writeManifest(manifest: Uint8Array, keep: ReadonlySet<string>, now: number): void {
    try {
      const temporary = join(this.folder, `${TEMPORARY}${this.#suffix()}`);
      this.#files.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      this.#files.writeFileSync(temporary, manifest, { mode: 0o600 });
      this.#files.renameSync(temporary, join(this.folder, MANIFEST));
      const kept = new Set([...keep].map(fileName));
      this.#removeGarbage(this.#runs, (file) => !kept.has(file), now);
      // Everything else there belongs to others.
      this.#removeGarbage(this.folder, (file) => file.startsWith(TEMPORARY), now);
    } catch {
      // A cache that cannot be written is a cache that is not there.
    }
  }

  #path(name: string): string {
    return join(this.#runs, fileName(name));
  }

  /** Anything but a want of descriptors or memory is as if there were no cache. */
  #unlessMissing<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (isExhaustion(error)) throw this.#exhausted(error);
      return undefined;
    }
  }

  #exhausted(error: unknown): StorageError {
    const found = systemErrorCode(error) === "ENOMEM" ? "out of memory" : "too many open files; see ulimit -n";
    return new StorageError(`Cannot read the cache in "${this.folder}": ${found}`, { cause: error });
  }

  #writeFile(name: string, produce: (sink: (piece: Uint8Array) => void) => void): void {
    const files = this.#files;
    files.mkdirSync(this.#runs, { recursive: true, mode: 0o700 });
    const temporary = join(this.#runs, `${TEMPORARY}${this.#suffix()}`);
    const file = files.openSync(temporary, "wx", 0o600);
    try {
      try {
        produce((piece) => {
          for (let done = 0; done < piece.length; ) done += files.writeSync(file, piece, done, piece.length - done);
        });
        // A name that a crash leaves without its bytes would be taken for a run.
        files.fsyncSync(file);
      } finally {
        files.closeSync(file);
      }
      files.renameSync(temporary, this.#path(name));
    } catch (error) {
      files.rmSync(temporary, { force: true });
      throw error;
    }
  }

  #source(name: string): ByteSource {
    const path = this.#path(name);
    const { size } = this.#files.statSync(path);
    this.#used.add(fileName(name));
    const damage = `Cannot use the cache in "${this.folder}": it is damaged; it was given up, run again`;
    // Without its manifest the cache is not looked at again.
    return this.#runFiles.source({ path, size, damage, manifest: join(this.folder, MANIFEST) });
  }

  #removeGarbage(folder: string, isGarbage: (file: string) => boolean, now: number): void {
    for (const file of this.#files.readdirSync(folder)) {
      if (!isGarbage(file)) continue;
      const path = join(folder, file);
      // Its day begins now.
      if (this.#used.delete(file)) this.#files.utimesSync(path, now / 1000, now / 1000);
      else if (now - this.#files.statSync(path).mtimeMs > GARBAGE_AGE_MS) this.#files.rmSync(path, { force: true });
    }
  }
}

function bytesInMemory(produce: (sink: (piece: Uint8Array) => void) => void): ByteSource {
  const pieces: Uint8Array[] = [];
  produce((piece) => {
    pieces.push(piece);
  });
  return memorySource(Buffer.concat(pieces));
}

function fileName(name: string): string {
  return name.replaceAll("/", "_");
}
