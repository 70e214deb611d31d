/**
 * The directories a restore makes. Each is reached from its parent's descriptor, never by a path, so a symbolic link
 * that somebody plants meanwhile is not followed. Few are open at once; the others are opened again
 * when they are needed.
 */
import type { Directory, Posix } from "@bcat/posix";
import { NewFiles } from "./new-files.js";

/** Open directories of a restore, in the main thread. */
const OPEN_MAX = 16;

export class TargetDirectory {
  readonly parent: TargetDirectory | undefined;
  readonly name: Uint8Array;
  /** Was there before the restore: entries may be in it. */
  readonly isOld: boolean;
  /** Undefined while it is closed. */
  open: Directory | undefined;
  /** What is made in it gets an access control list from it, which the snapshot knows nothing of. */
  givesLists = false;
  /** What the system gives to files in it. */
  readonly newFiles: NewFiles;

  /** @param isUnlike it may hand on something else than the one above: it was there, or its list was taken from it */
  constructor(
    parent: TargetDirectory | undefined,
    name: Uint8Array,
    isOld = false,
    isUnlike = isOld || parent?.givesLists === true,
  ) {
    this.parent = parent;
    this.name = name;
    this.isOld = isOld;
    this.newFiles = parent === undefined || isUnlike ? new NewFiles() : parent.newFiles;
  }
}

/** Opens and closes target directories, the least recently used first. The top one stays open. */
export class TargetDirectories {
  readonly #posix: Posix;
  readonly #openMax: number;
  readonly #open = new Set<TargetDirectory>();
  /** The one asked for last, which is the last of the open ones, unless it is the top. */
  #latest: TargetDirectory | undefined;

  /** @param openMax directories that are open at once */
  constructor(posix: Posix, openMax = OPEN_MAX) {
    this.#posix = posix;
    this.#openMax = openMax;
  }

  /** The top directory, which the caller has opened and closes. */
  top(directory: Directory, isOld = false): TargetDirectory {
    const top = new TargetDirectory(undefined, new Uint8Array(0), isOld);
    top.open = directory;
    return top;
  }

  handle(directory: TargetDirectory): Directory {
    if (directory === this.#latest && directory.open !== undefined) return directory.open;
    this.#latest = directory;
    const closed: TargetDirectory[] = [];
    let nearest = directory;
    for (; nearest.open === undefined; nearest = nearest.parent!) closed.push(nearest);
    if (this.#open.delete(nearest)) this.#open.add(nearest);
    let handle = nearest.open;
    for (const next of closed.reverse()) handle = this.#openIn(handle, next);
    return handle;
  }

  #openIn(parent: Directory, directory: TargetDirectory): Directory {
    const handle = this.#posix.openDirectoryAt(parent, directory.name);
    directory.open = handle;
    this.#open.add(directory);
    for (const oldest of this.#open) {
      if (this.#open.size <= this.#openMax) break;
      this.#close(oldest);
    }
    return handle;
  }

  closeAll(): void {
    for (const directory of this.#open) this.#close(directory);
  }

  #close(directory: TargetDirectory): void {
    const { open } = directory;
    this.#open.delete(directory);
    directory.open = undefined;
    if (open !== undefined) closeQuietly(this.#posix, open);
  }
}

/** Closes a directory that was only read: an error then says of no entry that it was not written. */
export function closeQuietly(posix: Posix, directory: Directory): void {
  try {
    posix.closeDirectory(directory);
  } catch {
    // The descriptor is gone all the same, and a second close could hit somebody else's.
  }
}
