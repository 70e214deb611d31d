/**
 * The folders that a backup writes to: its repository and the cache. A backup of a folder above them would store what it
 * has just stored, more each time. They are known by device and inode, whatever path or link leads to them.
 */
import { type Posix, Stat } from "@bcat/posix";

export class OwnFolders {
  readonly #stats: readonly Stat[];

  /** Those of `paths` (absolute) that are there. */
  constructor(posix: Posix, paths: readonly Uint8Array[]) {
    this.#stats = paths.map((path) => statFolder(posix, path)).filter((stat) => stat !== undefined);
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

function statFolder(posix: Posix, path: Uint8Array): Stat | undefined {
  try {
    const directory = posix.openDirectory(path);
    try {
      const stat = new Stat();
      posix.statFile(directory.fd, stat);
      return stat;
    } finally {
      posix.closeDirectory(directory);
    }
  } catch {
    return undefined;
  }
}
