/**
 * Removes what is below a folder of the target and is not in the snapshot, unless that may be so because it could not be
 * read. Each folder is reached from the one above, no link is followed. What lies on another file system, and the folders
 * of the repository and its cache, stay, and so do the folders above them. Inode flags that protect an entry are taken off;
 * what stays, gets them back.
 */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, EntryList, FileType, mountOf, type Posix, Stat } from "@bcat/posix";
import type { OwnFolders } from "../backup/own-folders.js";
import { joinPath } from "../path.js";
import { OldNames } from "./old-names.js";
import { closeQuietly } from "./target-directory.js";
import { protectAgain, removeProtected } from "./unprotect.js";
import type { WantedNodes } from "./wanted-nodes.js";

export interface TreeRemoverParts {
  readonly posix: Posix;
  readonly own: OwnFolders;
  readonly report: (path: Uint8Array, error: unknown) => void;
  readonly onRemoved?: () => void;
  /** Lets others run, now and then; it rejects when the restore is interrupted. */
  readonly breathe: () => Promise<void> | undefined;
  /** Whether an entry is what was to be removed; all are if not given. */
  readonly mayRemove?: (path: Uint8Array, stat: Stat) => boolean;
}

/** What there is to remove. */
export interface RemovalCounts {
  files: number;
  folders: number;
  bytes: number;
}

/** Deeper folders stay: each on the way down is open. */
const DEPTH_MAX = 400;

export class TreeRemover {
  readonly #parts: TreeRemoverParts;
  readonly #list = new EntryList();
  /** By descriptor, of folders: flags that were taken off. What is found for the folder at hand is of it. */
  readonly #unprotected = new Map<number, number>();

  constructor(parts: TreeRemoverParts) {
    this.#parts = parts;
  }

  /** Removes an entry and all below it. False when something stayed, which was reported. */
  async remove(parent: Directory, name: Uint8Array, left?: LeftAlone): Promise<boolean> {
    const { posix, onRemoved } = this.#parts;
    return await this.#each(parent, name, {
      left,
      entry: (directory, inner) => {
        this.#remove(directory, inner, () => posix.removeFileAt(directory, inner));
        onRemoved?.();
      },
      folder: (directory, inner) => {
        this.#remove(directory, inner, () => posix.removeDirectoryAt(directory, inner));
        onRemoved?.();
      },
    });
  }

  #remove(directory: Directory, name: Uint8Array, remove: () => void): void {
    const flags = removeProtected(this.#parts.posix, directory, name, remove);
    if (flags !== undefined) this.#unprotected.set(directory.fd, flags);
  }

  /** Counts what {@link remove} would remove, and names each entry by its path. */
  async count(
    parent: Directory,
    name: Uint8Array,
    {
      counts,
      visit,
      left,
    }: { counts: RemovalCounts; visit: (path: Uint8Array, stat: Stat) => void; left?: LeftAlone | undefined },
  ): Promise<void> {
    await this.#each(parent, name, {
      left,
      entry: (directory, inner, stat) => {
        counts.files++;
        if (stat.type === FileType.FILE) counts.bytes += stat.size;
        visit(joinPath(directory.path, inner), stat);
      },
      folder: (directory, inner, stat) => {
        counts.folders++;
        visit(joinPath(directory.path, inner), stat);
      },
    });
  }

  async #each(parent: Directory, name: Uint8Array, act: Action, depth = 0): Promise<boolean> {
    const { posix, own, report, mayRemove, breathe } = this.#parts;
    const path = joinPath(parent.path, name);
    try {
      const turn = breathe();
      if (turn !== undefined) await turn;
      const stat = new Stat();
      posix.statAt(parent, name, stat);
      const isFolder = stat.type === FileType.DIRECTORY;
      if (act.left?.nodes.wouldTake(act.left.folder)?.(name, isFolder) === false) return false;
      if (act.left?.nodes.mayBeUnread(joinPath(act.left.folder, name)) === true) return this.#leave(path, UNREAD);
      const isPlanned = mayRemove?.(path, stat) ?? true;
      if (!isFolder) {
        if (!isPlanned) return this.#leave(path, CHANGED);
        act.entry(parent, name, stat);
        return true;
      }
      const reason = own.has(stat) ? OWN : depth >= DEPTH_MAX ? DEEP : this.#isMounted(parent, stat) ? MOUNTED : "";
      if (reason !== "") return this.#leave(path, reason);
      const { left } = act;
      const below = left === undefined ? act : { ...act, left: { ...left, folder: joinPath(left.folder, name) } };
      if (!(await this.#eachIn(parent, name, below, depth))) return false;
      if (!isPlanned) return this.#leave(path, CHANGED);
      act.folder(parent, name, stat);
      return true;
    } catch (error) {
      // What ends the restore.
      if (systemErrorCode(error) === undefined) throw error;
      report(path, error);
      return false;
    }
  }

  #leave(path: Uint8Array, reason: string): false {
    this.#parts.report(path, reason);
    return false;
  }

  async #eachIn(parent: Directory, name: Uint8Array, act: Action, depth: number): Promise<boolean> {
    const { posix } = this.#parts;
    const directory = posix.openDirectoryAt(parent, name);
    this.#unprotected.delete(directory.fd);
    try {
      // A part of the same file system can be mounted, too.
      if (mountOf(parent.fd) !== mountOf(directory.fd)) return this.#leave(directory.path, MOUNTED);
      const names = OldNames.read(posix, directory, this.#list);
      let areAll = true;
      for (let i = 0; i < names.count; i++)
        areAll = (await this.#each(directory, names.name(i), act, depth + 1)) && areAll;
      return areAll;
    } finally {
      // It may stay; to remove it takes them off once more.
      const flags = this.#unprotected.get(directory.fd);
      if (flags !== undefined) protectAgain(posix, directory.fd, flags);
      closeQuietly(posix, directory);
    }
  }

  #isMounted(parent: Directory, stat: Stat): boolean {
    const above = new Stat();
    this.#parts.posix.statFile(parent.fd, above);
    return above.deviceMajor !== stat.deviceMajor || above.deviceMinor !== stat.deviceMinor;
  }
}

/** What patterns leave out of the restore stays, and the folders above it; a folder that they leave out as a whole. */
export interface LeftAlone {
  /** In the snapshot, of the entry. */
  readonly folder: Uint8Array;
  readonly nodes: WantedNodes;
}

interface Action {
  readonly left: LeftAlone | undefined;
  entry(directory: Directory, name: Uint8Array, stat: Stat): void;
  folder(directory: Directory, name: Uint8Array, stat: Stat): void;
}

const CHANGED = "it was not deleted: it has appeared or changed since the target was looked at";
const UNREAD = "it was not deleted: the snapshot is not all that was there, and may lack it only for that";
const OWN = "it was not deleted: it belongs to the repository";
const MOUNTED = "it was not deleted: another file system is mounted there";
const DEEP = `it was not deleted: it lies more than ${DEPTH_MAX} folders deep`;
