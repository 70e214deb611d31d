/**
 * The directories a restore makes. Each is reached from its parent's descriptor, never by a path, so a symbolic link
 * that somebody plants meanwhile is not followed. Few are open at once; the others are opened again
 * when they are needed: from the nearest one above that is open or, where that is far, from one below by `..`, which must
 * then be what it was. So each step of a walk costs a few calls, however deep it goes.
 */
import { type Directory, type Identity, isOneFile, type Posix, Stat } from "@bcat/posix";
import { DEEP, findWay, type Reachable, type WayToDirectory } from "../way-to-directory.js";
import { NewFiles } from "./new-files.js";

/** Open directories of a restore, in the main thread. */
const OPEN_MAX = 16;

export class TargetDirectory implements Reachable<TargetDirectory> {
  readonly parent: TargetDirectory | undefined;
  readonly name: Uint8Array;
  /** Was there before the restore: entries may be in it. */
  readonly isOld: boolean;
  /** Undefined while it is closed. */
  open: Directory | undefined;
  readonly depth: number;
  identity: Identity | undefined;
  /** What is made in it gets an access control list from it, which the snapshot knows nothing of. */
  givesLists = false;
  /** Inode flags that it is to have in the end; undefined for those that it has. */
  flags: number | undefined;
  /** Those who use its descriptor while others run: it stays open for them. */
  holders = 0;
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
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.name = name;
    this.isOld = isOld;
    this.newFiles = parent === undefined || isUnlike ? new NewFiles() : parent.newFiles;
  }
}

/** Opens and closes target directories, the least recently used first. The top one stays open. */
export class TargetDirectories {
  readonly #posix: Posix;
  readonly #openMax: number;
  readonly #stat = new Stat();
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

  /**
   * The open directory, for calls that are made at once: before another one is asked for, or others run, for then it may be
   * closed, and its descriptor be another directory's.
   */
  handle(directory: TargetDirectory): Directory {
    if (directory === this.#latest && directory.open !== undefined) return directory.open;
    this.#latest = directory;
    if (directory.open === undefined) this.#reach(directory);
    else if (this.#open.delete(directory)) this.#open.add(directory);
    return directory.open!;
  }

  /** The open directory, which stays open, whatever else is, until it is let go of as often as it was held. */
  hold(directory: TargetDirectory): Directory {
    const handle = this.handle(directory);
    directory.holders++;
    return handle;
  }

  letGo(directory: TargetDirectory): void {
    directory.holders--;
  }

  /** Calls with the open directory, and holds it until what is called is done: others run meanwhile. */
  async holding<T>(directory: TargetDirectory, use: (handle: Directory) => Promise<T>): Promise<T> {
    const handle = this.hold(directory);
    try {
      return await use(handle);
    } finally {
      this.letGo(directory);
    }
  }

  #reach(directory: TargetDirectory): void {
    const { openParent } = this.#posix;
    const isFar = directory.depth > DEEP && directory.parent!.open === undefined && openParent !== undefined;
    const way = findWay(directory, isFar ? this.#open : []);
    if (!this.#goUp(way)) this.#goDown(findWay(directory, []));
    else this.#goDown(way);
  }

  /** False when what is above has become something else. */
  #goUp({ from, up }: WayToDirectory<TargetDirectory>): boolean {
    let at = from;
    for (let step = 0; step < up; step++) {
      const above = at.parent!;
      if (!this.#openAbove(at.open!, above, step > 0 ? at : undefined)) return false;
      at = above;
    }
    return true;
  }

  #goDown({ closed }: WayToDirectory<TargetDirectory>): void {
    const nearest = closed.at(-1)?.parent;
    if (nearest !== undefined && this.#open.delete(nearest)) this.#open.add(nearest);
    let passed: TargetDirectory | undefined;
    for (let i = closed.length - 1; i >= 0; i--) {
      const next = closed[i]!;
      this.#openIn(next.parent!.open!, next, passed);
      passed = next;
    }
  }

  /** False when `..` is something else, or cannot be opened: who moves directories meanwhile does not lead us elsewhere. */
  #openAbove(handle: Directory, above: TargetDirectory, passed: TargetDirectory | undefined): boolean {
    let parent: Directory | undefined;
    try {
      parent = this.#posix.openParent!(handle);
      const found = this.#identify(parent);
      if (found !== undefined && above.identity !== undefined && isOneFile(found, above.identity)) {
        this.#keep(above, parent, passed);
        return true;
      }
    } catch {
      // Whatever that is shows on the way down.
    }
    if (parent !== undefined) closeQuietly(this.#posix, parent);
    return false;
  }

  #openIn(parent: Directory, directory: TargetDirectory, passed: TargetDirectory | undefined): void {
    const handle = this.#posix.openDirectoryAt(parent, directory.name);
    if (directory.depth > DEEP) directory.identity = this.#identify(handle);
    this.#keep(directory, handle, passed);
  }

  #identify({ fd }: Directory): Identity | undefined {
    try {
      this.#posix.statFile(fd, this.#stat);
    } catch {
      return undefined;
    }
    const { inodeLow, inodeHigh, deviceMajor, deviceMinor } = this.#stat;
    return { inodeLow, inodeHigh, deviceMajor, deviceMinor };
  }

  /** @param passed a directory that was opened only to get to this one: a long way is not to close all that others use */
  #keep(directory: TargetDirectory, handle: Directory, passed: TargetDirectory | undefined): void {
    if (passed !== undefined && passed.depth > DEEP && this.#posix.openParent !== undefined) this.#close(passed);
    directory.open = handle;
    this.#open.add(directory);
    for (const oldest of this.#open) {
      if (this.#open.size <= this.#openMax) break;
      if (oldest.holders === 0 && oldest !== directory) this.#close(oldest);
    }
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
