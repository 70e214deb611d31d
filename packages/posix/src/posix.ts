/**
 * The calls of the operating system that bcat needs and `node:fs` lacks or does slowly: names as bytes, everything
 * relative to an open directory, nothing that follows a symbolic link on the way, times to the nanosecond.
 */
import type { EntryList } from "./entry-list.js";
import type { FileType, Stat } from "./stat.js";
import type { Time } from "./time.js";

/** An open directory. The path serves messages, and systems without /proc; it may be longer than PATH_MAX. */
export interface Directory {
  readonly fd: number;
  readonly path: Uint8Array;
}

/** Extended attributes; an empty name is the directory itself. A symbolic link's are its own. */
export interface Attributes {
  /** False where the file system has none. */
  areOn(fd: number): boolean;
  /** In the order of their bytes; none where the file system has none. */
  listAt(directory: Directory, name: Uint8Array): Uint8Array[];
  /** The value, of its own memory; undefined when there is none of this name. */
  getAt(directory: Directory, name: Uint8Array, attribute: Uint8Array): Uint8Array | undefined;
  setAt(directory: Directory, name: Uint8Array, attribute: Uint8Array, value: Uint8Array): void;
  /** No error when there is none of this name, or the file system has none. */
  removeAt(directory: Directory, name: Uint8Array, attribute: Uint8Array): void;
}

/** Which parts of a file were ever written; what was not is a hole, which reads as zeros. */
export interface Extents {
  /** Where data begins, at `position` or behind it; undefined when nothing but a hole follows, or nothing. */
  nextData(fd: number, position: number): number | undefined;
  /** Where a hole begins, at `position` or behind it; the end of the file counts as one. Undefined behind that. */
  nextHole(fd: number, position: number): number | undefined;
}

/** The flags of chattr(1), bits of FS_IOC_GETFLAGS, of an open file or directory. */
export interface InodeFlags {
  /** Those that can be set there, all where that cannot be told; 0 where the file system has none. */
  on(fd: number): number;
  /** 0 where the file system has none. */
  get(fd: number): number;
  /** All of them, so those too that were read and are not to change. `ENOTTY`, `ENOTSUP`: the file system has none. */
  set(fd: number, flags: number): void;
}

/** A file that is none: what {@link Posix.makeNodeAt} makes. */
export interface SpecialNode {
  /** FIFO, SOCKET, CHARACTER or BLOCK. */
  readonly type: FileType;
  readonly mode: number;
  /** Of devices, below 2^32. */
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
}

/**
 * The calls. All are synchronous and retried when a signal interrupts them.
 *
 * A name is one component: a `name` that is empty, `.`, `..`, or holds a NUL or a `/` is a RangeError before any
 * effect, because a name out of a repository must not lead out of its directory. An `*At` call never follows a symbolic
 * link in `name`. A call that fails throws an Error shaped like one of `node:fs`: `code` (`ENOENT`), `errno` (negative),
 * `syscall`, `path` (decoded, for people).
 *
 * File descriptors are ordinary ones, good for `fs.readSync` and `fs.writeSync`. Close them with {@link Posix.close} of
 * the same Posix: inside a worker, Node warns of a descriptor that `fs.closeSync` closes and `fs.openSync` did not open.
 */
export interface Posix {
  readonly name: "koffi" | "node";
  /** Times are set to the nanosecond; otherwise to the microsecond. */
  readonly exactTimes: boolean;
  /** Names are reached from the descriptor of their directory, which every thread of the process has; its path is not used. */
  readonly reachesByDescriptor: boolean;

  /** Opens a directory named by the user, by a path whose symbolic links are followed. */
  openDirectory(path: Uint8Array): Directory;
  /**
   * As {@link openDirectory}, of a directory that need not be readable: names in it can be reached, but not listed. Where
   * the system knows no such thing it must be readable.
   */
  openDirectoryToSearch(path: Uint8Array): Directory;
  /** With koffi, listing it then leaves its access time alone, where that is allowed. */
  openDirectoryAt(parent: Directory, name: Uint8Array): Directory;
  /**
   * Opens the directory that an open one, which {@link openDirectoryAt} has given, lies in now. Whether that is the one it
   * was opened in, whoever calls this finds out. Absent where directories are reached by their paths.
   */
  readonly openParent?: ((directory: Directory) => Directory) | undefined;
  /** All names but `.` and `..`, in the order of the file system, from the start at every call; owned by the caller. */
  readNames(directory: Directory): Uint8Array[];
  /** As {@link readNames}, into a list that is used again: nothing is made for each entry. */
  readEntries(directory: Directory, into: EntryList): void;
  statAt(directory: Directory, name: Uint8Array, into: Stat): void;
  /** As {@link statAt}, of entry `index` of a list that {@link readEntries} has filled from `directory`. */
  statEntry(directory: Directory, entries: EntryList, index: number, into: Stat): void;
  statFile(fd: number, into: Stat): void;
  /** True when the file's times are by the clock of another machine, as far as the type of its file system tells. */
  isRemote(fd: number): boolean;
  /** Opens for reading, without touching the access time where that is allowed, and without waiting on a fifo. */
  openFileAt(directory: Directory, name: Uint8Array): number;
  /** Reads at `position` into all of `into`; fewer bytes, in the end none, where the file has no more. */
  read(fd: number, into: Uint8Array, position: number): number;
  /** The target of a symbolic link, up to 65,535 bytes. */
  readLinkAt(directory: Directory, name: Uint8Array): Uint8Array;

  /** The process's umask applies to `mode`, here and in {@link Posix.createFileAt}. */
  makeDirectoryAt(directory: Directory, name: Uint8Array, mode: number): void;
  /** Creates a file for writing. `EEXIST` when anything has the name, a dangling symbolic link included. */
  createFileAt(directory: Directory, name: Uint8Array, mode: number): number;
  /** Writes all of `bytes` from byte `position` of the file on. */
  writeFile(fd: number, bytes: Uint8Array, position: number): void;
  /** Cuts the file off at `size`, or lets it grow to that by a hole. */
  truncateFile(fd: number, size: number): void;
  makeSymlinkAt(target: Uint8Array, directory: Directory, name: Uint8Array): void;
  /** Gives `existing`, no directory, another name; of a symbolic link the link itself. `EEXIST` when anything has it. */
  makeLinkAt(from: Directory, existing: Uint8Array, directory: Directory, name: Uint8Array): void;
  /**
   * Makes a fifo, socket or, with privileges, a device node. `EEXIST` when anything has the name. The umask applies.
   * Absent where the system has no such call for programs like this one.
   */
  readonly makeNodeAt?: ((directory: Directory, name: Uint8Array, node: SpecialNode) => void) | undefined;
  /** Absent where the system has no such calls for programs like this one. */
  readonly attributes?: Attributes | undefined;
  /** Absent where the system has no such calls for programs like this one. */
  readonly extents?: Extents | undefined;
  /** Absent where the system has no such calls for programs like this one. */
  readonly inodeFlags?: InodeFlags | undefined;
  /** Removes an entry that is no directory. */
  removeFileAt(directory: Directory, name: Uint8Array): void;
  /** Removes a directory that is empty: `ENOTEMPTY`, or `EEXIST`, when it is not. */
  removeDirectoryAt(directory: Directory, name: Uint8Array): void;
  /**
   * Gives an entry another name in its directory, in one step, in place of any entry that has it and is no directory. Where
   * both are names of one file, nothing happens.
   */
  renameAt(directory: Directory, from: Uint8Array, to: Uint8Array): void;
  /**
   * Renames the path `from` to `to` in one step, and never replaces: `EEXIST` when anything has that name. `EINVAL` or
   * `ENOSYS` when the file system or the kernel cannot; absent where the C library has no such call.
   */
  readonly renameExclusive?: ((from: Uint8Array, to: Uint8Array) => void) | undefined;

  /** A uid or gid of -1 leaves that one as it is. */
  setOwnerAt(directory: Directory, name: Uint8Array, uid: number, gid: number): void;
  /** For anything but a symbolic link, which is refused with `ENOTSUP`. */
  setModeAt(directory: Directory, name: Uint8Array, mode: number): void;
  /**
   * Sets mtime, and atime to `access`, or else to the same. `ETIMENOTSET` when the file then shows an mtime more than a
   * microsecond off, which the exact implementation looks for only where file systems clamp: before 1970 and from 2038 on.
   */
  setTimesAt(directory: Directory, name: Uint8Array, seconds: number, nanoseconds: number, access?: Time): void;
  setFileOwner(fd: number, uid: number, gid: number): void;
  setFileMode(fd: number, mode: number): void;
  setFileTimes(fd: number, seconds: number, nanoseconds: number, access?: Time): void;

  close(fd: number): void;
  closeDirectory(directory: Directory): void;
}
