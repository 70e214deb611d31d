/**
 * Entries that are there already, in a restore that may overwrite: what is as the snapshot has it stays, what differs is
 * replaced: made anew, and takes its place.
 */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, EntryList, FileType, Stat } from "@bcat/posix";
import { OWN_TARGET, type OwnFolders } from "../backup/own-folders.js";
import { joinPath } from "../path.js";
import { type Node, NodeType } from "../tree/node.js";
import type { KeptPaths } from "./kept-paths.js";
import { SameEntries, type SameEntriesParts } from "./same-entries.js";
import { closeQuietly, type TargetDirectory } from "./target-directory.js";
import { removeProtected } from "./unprotect.js";

/** What is to be done about an entry of the snapshot. */
export type Verdict =
  /** It is there. */
  | "same"
  /** The other one stays; that has been said. */
  | "left"
  /** Nothing has its name any more. */
  | "free"
  /** It is a folder, and one is there. */
  | "merge"
  /** It is to take the place of what is there. */
  | "replace";

export interface ExistingEntriesParts extends SameEntriesParts {
  /** Folders that are in the way, and not empty, have been removed before. */
  readonly deletes: boolean;
  readonly own: OwnFolders;
  readonly guard?: OverwriteGuard | undefined;
  /** What stays is counted and reported all the same. */
  readonly tells?: boolean;
}

/** Lets only be overwritten what is kept as it is, or would still be found to be what the snapshot has. */
export interface OverwriteGuard {
  readonly paths: KeptPaths;
  /** That changes nothing. */
  readonly survey: ExistingEntries;
}

/** An entry of the snapshot, where it goes. */
export interface EntryToPlace {
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly path: Uint8Array;
  readonly node: Node;
}

const NOT_EMPTY = "a folder that is not empty has its name";
const CHANGED =
  "what has its name in the target has appeared or changed since the target was looked at, and was left as it is";

export class ExistingEntries {
  readonly #parts: ExistingEntriesParts;
  readonly #same: SameEntries;
  readonly #stat = new Stat();

  constructor(parts: ExistingEntriesParts) {
    this.#parts = parts;
    this.#same = new SameEntries(parts);
  }

  /** @throws what the system says of this entry */
  async decide(entry: EntryToPlace): Promise<Verdict> {
    return await this.#parts.directories.holding(entry.directory, (handle) => this.#decide(entry, handle));
  }

  async #decide(entry: EntryToPlace, handle: Directory): Promise<Verdict> {
    const { node } = entry;
    const stat = this.#look(handle, node.name);
    const room = this.#makeRoom(entry, handle, stat);
    if (room !== "replace" || stat === undefined) return room;
    if (await this.#same.holds(entry, handle, stat)) return "same";
    if (this.#isKept(handle, node.name) || (await this.#parts.guard?.survey.decide(entry)) === "same") return "replace";
    this.#reportChanged(entry);
    return "left";
  }

  /** As {@link decide}, without a look at what the old entry holds: also what is the same would be replaced. */
  decideRoom(entry: EntryToPlace): Exclude<Verdict, "same"> {
    const handle = this.#parts.directories.handle(entry.directory);
    return this.makeRoom(entry, handle, this.#look(handle, entry.node.name));
  }

  /**
   * As {@link decide}, but without a look at what the old entry holds: also what is the same would be replaced.
   *
   * @param stat of the old entry
   */
  makeRoom(entry: EntryToPlace, handle: Directory, stat: Stat | undefined): Exclude<Verdict, "same"> {
    const room = this.#makeRoom(entry, handle, stat);
    if (room !== "replace" || this.#isKept(handle, entry.node.name)) return room;
    this.#reportChanged(entry);
    return "left";
  }

  #makeRoom(entry: EntryToPlace, handle: Directory, stat: Stat | undefined): Exclude<Verdict, "same"> {
    const { node } = entry;
    // Of a socket nothing is restored.
    if (stat === undefined || node.type === NodeType.socket) return "free";
    const { run, overwrite, posix, own, isDry, tells = isDry !== true } = this.#parts;
    const isFolder = stat.type === FileType.DIRECTORY;
    if (isFolder && own.has(stat)) {
      if (tells) run.report(entry.path, `${OWN_TARGET}; nothing was restored into it`);
      return "left";
    }
    if (isFolder && node.type === NodeType.directory) return "merge";
    if (overwrite === "never" || (overwrite === "if-newer" && !isNewer(node, stat))) {
      if (!tells) return "left";
      const reason = `it exists, and was left as it is (--overwrite ${overwrite})`;
      if (node.type === NodeType.directory) run.report(entry.path, `${reason}; what is in the folder was not restored`);
      else run.leaveOut(entry.path, reason);
      return "left";
    }
    if (isDry === true) return tells && isFolder ? this.#lookInto(entry, handle) : "replace";
    if (isFolder) return this.#removeFolder(entry, handle);
    if (node.type !== NodeType.directory) return "replace";
    if (!this.#isKept(handle, node.name)) {
      this.#reportChanged(entry);
      return "left";
    }
    removeProtected(posix, handle, node.name, () => posix.removeFileAt(handle, node.name));
    return "free";
  }

  /** Whether the entry of that name, or that there is none, is as when the target was looked at; so it is if nobody did. */
  #isKept(handle: Directory, name: Uint8Array): boolean {
    const { guard } = this.#parts;
    if (guard === undefined) return true;
    const stat = this.#look(handle, name);
    return stat === undefined || guard.paths.holds(joinPath(handle.path, name), stat);
  }

  #reportChanged(entry: EntryToPlace): void {
    this.#parts.run.report(entry.path, CHANGED);
  }

  /** What is known of the entry of that name; undefined when there is none. */
  #look(handle: Directory, name: Uint8Array): Stat | undefined {
    try {
      this.#parts.posix.statAt(handle, name, this.#stat);
      return this.#stat;
    } catch (error) {
      if (systemErrorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  #removeFolder(entry: EntryToPlace, handle: Directory): "free" | "left" {
    const { name } = entry.node;
    const { posix } = this.#parts;
    try {
      removeProtected(posix, handle, name, () => posix.removeDirectoryAt(handle, name));
      return "free";
    } catch (error) {
      const code = systemErrorCode(error);
      if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
      const why = this.#parts.deletes ? "it could not be deleted" : "only --delete removes one";
      this.#parts.run.report(entry.path, `${NOT_EMPTY}; ${why}`);
      return "left";
    }
  }

  /** Of a folder what {@link #removeFolder} would come to, where nothing is deleted before. */
  #lookInto(entry: EntryToPlace, handle: Directory): "replace" | "left" {
    const { posix, run, deletes } = this.#parts;
    if (deletes) return "replace";
    const folder = posix.openDirectoryAt(handle, entry.node.name);
    try {
      const list = new EntryList();
      posix.readEntries(folder, list);
      if (list.count === 0) return "replace";
      run.report(entry.path, `${NOT_EMPTY}; only --delete removes one`);
      return "left";
    } finally {
      closeQuietly(posix, folder);
    }
  }
}

function isNewer(node: Node, stat: Stat): boolean {
  const seconds = node.mtimeSeconds - stat.mtimeSeconds;
  return seconds > 0 || (seconds === 0 && node.mtimeNanoseconds > stat.mtimeNanoseconds);
}
