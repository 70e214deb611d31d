/**
 * What all names of one file have in common, 8 bytes: a hash of file system, inode and time of birth. A file system is
 * known by the folder that it is mounted at, for its number may change with every boot; without it, a snapshot of a file
 * system that lies inside the source would be one with its original.
 */
import type { KeyedHash } from "@bcat/crypto";
import { type Posix, Stat } from "@bcat/posix";
import { pathsAbove } from "../path.js";
import { linkGroupSize } from "../tree/node.js";
import type { EntryTable } from "./entry-table.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

/** File systems whose folders are remembered; beyond, they are looked for again. */
const FILE_SYSTEMS_MAX = 4_096;
/** The longest path that the system takes, bytes. */
const PATH_MAX = 4_096;

interface Device {
  readonly major: number;
  readonly minor: number;
}

export class LinkGroups {
  readonly #posix: Posix;
  readonly #hash: KeyedHash;
  /** By device: the folder of the first name that was met, or the number where there is none. */
  readonly #fileSystems = new Map<string, Uint8Array>();

  constructor(posix: Posix, hash: KeyedHash) {
    this.#posix = posix;
    this.#hash = hash;
  }

  /** The group of a row of the folder at `folder`, an absolute path; undefined when the file has no other name. */
  of(table: EntryTable, row: number, folder: () => Uint8Array): Uint8Array | undefined {
    const { links, deviceMajor, deviceMinor, inodes, birthSeconds, birthNanoseconds } = table.columns;
    if (links[row]! < 2) return undefined;
    const inode = [inodes[2 * row]!, inodes[2 * row + 1]!];
    const identity = Float64Array.of(...inode, birthSeconds[row]!, birthNanoseconds[row]!);
    const fileSystem = this.#fileSystem({ major: deviceMajor[row]!, minor: deviceMinor[row]! }, folder);
    return this.#hash.hash(Buffer.concat([new Uint8Array(identity.buffer), fileSystem])).slice(0, linkGroupSize);
  }

  #fileSystem(device: Device, folder: () => Uint8Array): Uint8Array {
    const key = `${device.major}:${device.minor}`;
    let found = this.#fileSystems.get(key);
    if (found === undefined) {
      found = this.#mountPoint(device, folder()) ?? new Uint8Array(Buffer.from(key));
      if (this.#fileSystems.size < FILE_SYSTEMS_MAX) this.#fileSystems.set(key, found);
    }
    return found;
  }

  /**
   * The highest of the folders from `folder` up that lie on the device; undefined where not even that one does (a file
   * system put together of several, as overlayfs is) or nobody can say. Folders that no path reaches lie where those above
   * them do, as far as this matters.
   */
  #mountPoint(device: Device, folder: Uint8Array): Uint8Array | undefined {
    let found: Uint8Array | undefined;
    for (const path of [...pathsAbove(folder), folder]) {
      if (path.length >= PATH_MAX) break;
      // What fails once must not make another group of the names that are stored later: those of old snapshots stay.
      const liesOn = this.#liesOn(device, path) ?? this.#liesOn(device, path);
      if (liesOn === false) found = undefined;
      else if (liesOn === true) found ??= path;
    }
    return found;
  }

  /** Undefined where nobody can say. */
  #liesOn(device: Device, path: Uint8Array): boolean | undefined {
    const stat = new Stat();
    try {
      const directory = fromSource(() => this.#posix.openDirectoryToSearch(path));
      try {
        fromSource(() => this.#posix.statFile(directory.fd, stat));
      } finally {
        closeDirectory(this.#posix, directory);
      }
    } catch (error) {
      requireSourceFault(error);
      return undefined;
    }
    return stat.deviceMajor === device.major && stat.deviceMinor === device.minor;
  }
}
