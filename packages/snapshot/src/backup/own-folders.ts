/**
 * The folders that a backup writes to: its repository and the cache. A backup of them, or of a folder above or inside
 * them, would store what it has just stored, more each time. They are known by device and inode, whatever path or link
 * leads to them.
 */
import { realpathSync } from "node:fs";
import { SourceError, systemErrorCode } from "@bcat/errors";
import { FileType, isOneFile, type Posix, Stat } from "@bcat/posix";
import { splitPath } from "../path.js";
import { compareBytes, showName } from "../tree/name.js";
import type { FoundRoot } from "./roots.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

/** What says that there is no folder at a path. */
const ABSENT = new Set(["ENOENT", "ENOTDIR"]);

/** Why nothing is restored into one of them. */
export const OWN_TARGET = "it belongs to the repository that is restored from";

/** Why something is left out. */
export const OWN = "it belongs to the repository this backup goes to, or to its cache";

export class OwnFolders {
  readonly #posix: Posix;
  readonly #stats: Stat[] = [];
  /** The folder that was asked about last: roots come sorted, and often many of one folder. */
  #last: { readonly folder: Uint8Array; readonly isInside: boolean } | undefined;

  /** Those of `paths` (absolute) that are there; those that cannot be looked at are reported. */
  constructor(posix: Posix, paths: readonly Uint8Array[], report: (path: Uint8Array, fault: SourceError) => void) {
    this.#posix = posix;
    for (const path of paths) {
      try {
        this.#stats.push(fromSource(() => statFolder(posix, path)));
      } catch (error) {
        const fault = requireSourceFault(error);
        if (!ABSENT.has(systemErrorCode(fault.cause) ?? "")) report(path, fault);
      }
    }
  }

  has(stat: Stat): boolean {
    return this.#stats.some((own) => isOneFile(own, stat));
  }

  /** True when a root is one of them or lies in one. */
  holds({ path, stat, isFollowed }: FoundRoot): boolean {
    if (this.#stats.length === 0) return false;
    if (stat.type === FileType.DIRECTORY && this.has(stat)) return true;
    if (isFollowed) return this.#isInside(realPath(path));
    const { folder } = splitPath(path);
    if (this.#last === undefined || compareBytes(this.#last.folder, folder) !== 0)
      this.#last = { folder, isInside: this.#isInside(realPath(folder)) };
    return this.#last.isInside;
  }

  /** True when a folder, which need not be there, is one of them or lies in one. */
  holdsFolder(path: Uint8Array): boolean {
    return (
      this.#stats.length > 0 && (this.#isInside(realPath(path)) || this.#isInside(realPath(splitPath(path).folder)))
    );
  }

  #isInside(folder: Uint8Array): boolean {
    for (let path = folder; ; ) {
      if (this.#isOne(path)) return true;
      const above = splitPath(path).folder;
      if (above.length === path.length) return false;
      path = above;
    }
  }

  #isOne(path: Uint8Array): boolean {
    try {
      return this.has(fromSource(() => statFolder(this.#posix, path)));
    } catch (error) {
      requireSourceFault(error);
      return false;
    }
  }
}

/**
 * The roots that a backup may store; the others are handed to `report`.
 *
 * @throws SourceError when none is left, and one of the others was there
 */
export function leaveOutOwn(
  roots: readonly FoundRoot[],
  ownFolders: OwnFolders,
  report: (path: Uint8Array) => void,
): FoundRoot[] {
  const others = roots.filter((root) => {
    const isOwn = ownFolders.holds(root);
    if (isOwn) report(root.path);
    return !isOwn;
  });
  const [own] = roots;
  if (others.length === 0 && own !== undefined) throw new SourceError(`Cannot back up ${showName(own.path)}: ${OWN}`);
  return others;
}

/** Without symbolic links; as given where that cannot be told. */
export function realPath(path: Uint8Array): Uint8Array {
  try {
    return realpathSync.native(Buffer.from(path), "buffer");
  } catch {
    return path;
  }
}

/** Of the folder at a path, whose links are followed. @throws what the system says */
export function statFolder(posix: Posix, path: Uint8Array): Stat {
  const directory = posix.openDirectoryToSearch(path);
  try {
    const stat = new Stat();
    posix.statFile(directory.fd, stat);
    return stat;
  } finally {
    closeDirectory(posix, directory);
  }
}
