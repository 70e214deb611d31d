/**
 * The directories of the source that are open. Each is reached from its parent's descriptor, never by a path. At most
 * {@link OPEN_MAX} that nobody holds are open at once; the others are opened again when they are needed, and must then
 * be what they were.
 */
import { isExhaustion, SourceError, systemErrorCode } from "@bcat/errors";
import { type Directory, type Identity, isOneFile, type Posix, Stat } from "@bcat/posix";
import { joinNames, joinPath } from "../path.js";
import { DEEP, findWay, type Reachable, type WayToDirectory } from "../way-to-directory.js";
import { fromSource, isEndByExhaustion, sourceFault } from "./source-fault.js";

const OPEN_MAX = 16;
const KEPT_EACH = 64;

/** Closes a directory that was only read: that the system cannot close it well says nothing about what it has given. */
export function closeDirectory(posix: Posix, directory: Directory): void {
  closeRead(() => posix.closeDirectory(directory));
}

/** As {@link closeDirectory}, of a file that was only looked at. */
export function closeFile(posix: Posix, fd: number): void {
  closeRead(() => posix.close(fd));
}

function closeRead(close: () => void): void {
  try {
    close();
  } catch (error) {
    const code = systemErrorCode(error);
    // A descriptor that is none, or another's, is a fault of this program.
    if (code === undefined || code === "EBADF") throw error;
  }
}

export class SourceDirectory implements Reachable<SourceDirectory> {
  readonly parent: SourceDirectory | undefined;
  readonly name: Uint8Array;
  /** Undefined while it is closed. */
  open: Directory | undefined;
  /** Files that are being read, or will be, by this descriptor: it stays open for them. */
  holders = 0;
  readonly depth: number;
  /** Of all but the root, once they were opened. */
  identity: Identity | undefined;

  readonly #root: Uint8Array;
  /** Where few directories lie above it, and of each 64th: all on the way down to a deep one would keep a long path each. */
  readonly #path: Uint8Array | undefined;

  /** @param parent the directory it is in, or the absolute path of the root that it is */
  constructor(parent: SourceDirectory | Uint8Array, name: Uint8Array) {
    const isRoot = !(parent instanceof SourceDirectory);
    this.parent = isRoot ? undefined : parent;
    this.depth = isRoot ? 0 : parent.depth + 1;
    this.name = name;
    const isKept = this.depth <= DEEP || this.depth % KEPT_EACH === 0;
    this.#path = isRoot ? name : isKept ? joinPath(parent.path, name) : undefined;
    this.#root = isRoot ? parent : parent.#root;
  }

  /** Relative to the root. */
  get path(): Uint8Array {
    const names: Uint8Array[] = [];
    let at: SourceDirectory = this;
    for (; at.#path === undefined; at = at.parent!) names.push(at.name);
    return names.length === 0 ? at.#path : joinPath(at.#path, joinNames(names.reverse()));
  }

  get absolutePath(): Uint8Array {
    return joinPath(this.#root, this.path);
  }
}

export class SourceDirectories {
  readonly #posix: Posix;
  /** Directories that are open, the least recently used first. The root is not among them: its owner closes it. */
  readonly #open = new Set<SourceDirectory>();
  readonly #stat = new Stat();
  /** Waits until files that are being read have let go of directories; false when none are. */
  readonly #relieve: () => Promise<boolean>;

  constructor(posix: Posix, relieve: () => Promise<boolean>) {
    this.#posix = posix;
    this.#relieve = relieve;
  }

  /** The directory of a root, which the caller has opened and closes; its path is absolute. */
  root(path: Uint8Array, directory: Directory): SourceDirectory {
    const root = new SourceDirectory(path, new Uint8Array(0));
    root.open = directory;
    return root;
  }

  /** The open directory, opened again if it was closed. @throws SourceError; BcatError when descriptors run out */
  async handle(directory: SourceDirectory): Promise<Directory> {
    if (directory.open !== undefined) {
      if (this.#open.delete(directory)) this.#open.add(directory);
      return directory.open;
    }
    const isFar = directory.depth > DEEP && directory.parent!.open === undefined;
    const way = findWay(directory, isFar && this.#posix.openParent !== undefined ? this.#open : []);
    return await this.#goDown(this.#goUp(way) ? way.closed : findWay(directory, []).closed, directory);
  }

  async #goDown(closed: readonly SourceDirectory[], directory: SourceDirectory): Promise<Directory> {
    for (const next of [...closed].reverse()) {
      const above = next.parent!;
      // While descriptors are waited for, others open and close directories.
      this.hold(above);
      try {
        await this.#openIn(above.open!, next);
      } finally {
        above.holders--;
      }
    }
    return directory.open!;
  }

  /** False when what is above has become something else, or cannot be opened, which shows on the way down. */
  #goUp({ from, up }: WayToDirectory<SourceDirectory>): boolean {
    let at = from;
    for (let step = 0; step < up; step++) {
      const above = at.parent!;
      if (!this.#openAbove(at.open!, above)) return false;
      if (step > 0) this.#close(at);
      at = above;
    }
    return true;
  }

  #openAbove(handle: Directory, above: SourceDirectory): boolean {
    let parent: Directory | undefined;
    try {
      parent = this.#posix.openParent!(handle);
      this.#posix.statFile(parent.fd, this.#stat);
      if (isOneFile(this.#stat, above.identity!)) {
        above.open = parent;
        this.#open.add(above);
        this.#closeOldest(OPEN_MAX, parent);
        return true;
      }
    } catch {
      // The call that follows says why.
    }
    if (parent !== undefined) closeDirectory(this.#posix, parent);
    return false;
  }

  /** Keeps an open directory open until it is let go of as often as it was held. */
  hold(directory: SourceDirectory): void {
    directory.holders++;
  }

  letGo(directory: SourceDirectory): void {
    directory.holders--;
    this.#closeOldest(OPEN_MAX);
  }

  /** The walk has left the directory: it is closed as soon as nobody holds it. */
  leave(directory: SourceDirectory): void {
    if (directory.parent === undefined) return;
    // From one that is deep those above it are reached.
    if (directory.holders === 0 && directory.depth <= DEEP) this.#close(directory);
    else if (this.#open.delete(directory)) {
      // To the front: the first to go.
      const others = [...this.#open];
      this.#open.clear();
      this.#open.add(directory);
      for (const other of others) this.#open.add(other);
    }
  }

  /** Closes all that nobody holds. */
  closeIdle(): void {
    this.#closeOldest(0);
  }

  closeAll(): void {
    for (const directory of this.#open) this.#close(directory);
  }

  async #openIn(parent: Directory, directory: SourceDirectory): Promise<Directory> {
    const handle = await this.patiently(() => this.#posix.openDirectoryAt(parent, directory.name));
    try {
      fromSource(() => this.#posix.statFile(handle.fd, this.#stat));
      this.#requireSame(directory);
    } catch (error) {
      closeDirectory(this.#posix, handle);
      throw error;
    }
    directory.open = handle;
    this.#open.add(directory);
    this.#closeOldest(OPEN_MAX, handle);
    return handle;
  }

  /**
   * Makes a call that opens something. When descriptors run out, those of directories that nobody needs now are given back
   * first: a directory that the call needs is to be held.
   *
   * @throws SourceError; BcatError when there are none
   */
  async patiently<T>(open: () => T): Promise<T> {
    for (;;) {
      try {
        return open();
      } catch (error) {
        if (!isExhaustion(error) && !isEndByExhaustion(error)) throw sourceFault(error);
        if (this.#closeOldest(0)) continue;
        if (!(await this.#relieve())) throw sourceFault(error);
      }
    }
  }

  #requireSame(directory: SourceDirectory): void {
    const { inodeLow, inodeHigh, deviceMajor, deviceMinor } = this.#stat;
    const known = directory.identity;
    if (known !== undefined && (inodeLow !== known.inodeLow || inodeHigh !== known.inodeHigh))
      throw new SourceError("another directory has taken its name", { messageCode: "replaced" });
    directory.identity = { inodeLow, inodeHigh, deviceMajor, deviceMinor };
  }

  /** Closes the oldest that nobody holds until `count` of those are open; false when nothing could be closed. */
  #closeOldest(count: number, except?: Directory): boolean {
    const free = [...this.#open].filter(({ holders, open }) => holders === 0 && open !== except);
    const excess = free.slice(0, Math.max(0, free.length - count));
    for (const oldest of excess) this.#close(oldest);
    return excess.length > 0;
  }

  #close(directory: SourceDirectory): void {
    this.#open.delete(directory);
    const { open } = directory;
    directory.open = undefined;
    if (open !== undefined) closeDirectory(this.#posix, open);
  }
}
