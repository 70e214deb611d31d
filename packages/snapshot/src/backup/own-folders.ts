/**
 * The folders that a backup writes to: its repository and the cache. A backup of a folder above them would store what it
 * has just stored, more each time. They are known by device and inode, whatever path or link leads to them.
 */
import { type SourceError, systemErrorCode } from "@bcat/errors";
import { type Posix, Stat } from "@bcat/posix";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

/** What says that there is no folder at a path. */
const ABSENT = new Set(["ENOENT", "ENOTDIR"]);

export class OwnFolders {
  readonly #stats: Stat[] = [];

  /** Those of `paths` (absolute) that are there; those that cannot be looked at are reported. */
  constructor(posix: Posix, paths: readonly Uint8Array[], report: (path: Uint8Array, fault: SourceError) => void) {
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
    return this.#stats.some(
      (own) =>
        own.inodeLow === stat.inodeLow &&
        own.inodeHigh === stat.inodeHigh &&
        own.deviceMajor === stat.deviceMajor &&
        own.deviceMinor === stat.deviceMinor,
    );
  }
}

function statFolder(posix: Posix, path: Uint8Array): Stat {
  const directory = posix.openDirectoryToSearch(path);
  try {
    const stat = new Stat();
    posix.statFile(directory.fd, stat);
    return stat;
  } finally {
    closeDirectory(posix, directory);
  }
}
