/**
 * Posix by calls straight into the C library: a third of the time of `node:fs`, and exact times. Nothing is allocated
 * per call: names go through one buffer, struct statx comes back in another, and both have fixed addresses.
 */
import { constants } from "node:fs";
import { koffiAttributes } from "./attributes.js";
import { CallText, isInterrupted } from "./call-text.js";
import { CallTimes } from "./call-times.js";
import { DirectoryBelow } from "./directory.js";
import { decodeNames, noteNames } from "./dirent.js";
import type { EntryList } from "./entry-list.js";
import { fileTruncater, koffiExtents } from "./extents.js";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  CREATE_FILE,
  OPEN_DIRECTORY,
  OPEN_FILE,
  OPEN_ROOT,
  OPEN_SEARCH,
  RENAME_NOREPLACE,
  STAT_ENTRY,
} from "./flags.js";
import { koffiInodeFlags } from "./inode-flags.js";
import { LastAddress } from "./last-address.js";
import { type Call, loadLibc } from "./libc.js";
import { nodeMaker } from "./make-node.js";
import { parentOpener } from "./open-parent.js";
import type { Directory, Posix } from "./posix.js";
import { procWorks } from "./proc.js";
import { isRemote } from "./remote.js";
import { replacer } from "./replace.js";
import { FileType, Stat } from "./stat.js";
import { decodeStatx, STATX_MASK, STATX_SIZE } from "./statx.js";
import { EINTR, ENAMETOOLONG, ENOTSUP, EPERM, type Place, systemError } from "./system-error.js";
import { isOrdinaryTime, type Time, verifyTime } from "./time.js";

/** Names of a directory, or the target of a link. */
const LIST_SIZE = 128 * 1024;
/** Bytes of entries asked for at once. */
const GETDENTS_SIZE = 64 * 1024;
const LINK_SIZE_MAX = 65_535;

/** @throws Error naming what is missing. */
export function koffiPosix(): Posix {
  return new KoffiPosix();
}

class KoffiPosix implements Posix {
  readonly name = "koffi";
  readonly exactTimes = true;
  readonly reachesByDescriptor = true;

  readonly #libc = loadLibc();
  readonly #text = new CallText(this.#libc);
  readonly #textAt = this.#text.at;
  /** A second text, for the calls that take two. */
  readonly #target = new CallText(this.#libc);
  readonly #targetAt = this.#target.at;
  readonly #list = new Uint8Array(new ArrayBuffer(LIST_SIZE));
  readonly #listAt = this.#libc.address(this.#list.buffer);
  readonly #statx = new Uint32Array(new ArrayBuffer(STATX_SIZE));
  readonly #statxAt = this.#libc.address(this.#statx.buffer);
  readonly #times = new CallTimes(this.#libc);
  readonly #timesAt = this.#times.at;
  readonly #stat = new Stat();
  readonly #entriesAt = new LastAddress(this.#libc);
  readonly #writtenAt = new LastAddress(this.#libc);

  readonly attributes = procWorks() ? koffiAttributes(this.#libc) : undefined;
  readonly isRemote = isRemote;
  readonly openParent = parentOpener(this.#libc, this.#text);
  readonly makeNodeAt = nodeMaker(this.#libc, this.#text);
  readonly #replacer = replacer(this.#libc, [this.#text, this.#target]);
  readonly renameAt = this.#replacer.renameAt;
  readonly removeDirectoryAt = this.#replacer.removeDirectoryAt;
  readonly extents = koffiExtents(this.#libc);
  readonly inodeFlags = koffiInodeFlags(this.#libc);
  readonly truncateFile = fileTruncater(this.#libc);
  readonly renameExclusive = this.#libc.renameat2 && this.#renameExclusive.bind(this, this.#libc.renameat2);

  openDirectory(path: Uint8Array): Directory {
    return this.#openPath(path, OPEN_ROOT);
  }

  openDirectoryToSearch(path: Uint8Array): Directory {
    return this.#openPath(path, OPEN_SEARCH);
  }

  openDirectoryAt(parent: Directory, name: Uint8Array): Directory {
    const fd = this.#openUntouched(parent, name, OPEN_DIRECTORY);
    return DirectoryBelow.in(parent, name, fd);
  }

  readNames(directory: Directory): Uint8Array[] {
    const names: Uint8Array[] = [];
    this.#libc.lseek(directory.fd, 0, 0);
    for (;;) {
      const length = this.#libc.getdents(directory.fd, this.#listAt, LIST_SIZE);
      if (length === 0) return names;
      if (length > 0) decodeNames(this.#list, length, names);
      else this.#again("getdents64", { directory });
    }
  }

  readEntries(directory: Directory, into: EntryList): void {
    into.clear();
    this.#libc.lseek(directory.fd, 0, 0);
    for (;;) {
      into.reserve(GETDENTS_SIZE);
      const length = this.#libc.getdents(directory.fd, this.#entriesAt.of(into.bytes) + into.length, GETDENTS_SIZE);
      if (length === 0) return;
      if (length > 0) noteNames(into, length);
      else this.#again("getdents64", { directory });
    }
  }

  statAt(directory: Directory, name: Uint8Array, into: Stat): void {
    this.#putName(directory, name, "statx");
    while (this.#libc.statx(directory.fd, this.#textAt, STAT_ENTRY, STATX_MASK, this.#statxAt) < 0)
      this.#again("statx", { directory, name });
    decodeStatx(this.#statx, into);
  }

  statEntry(directory: Directory, entries: EntryList, index: number, into: Stat): void {
    const at = this.#entriesAt.of(entries.bytes) + entries.starts[index]!;
    while (this.#libc.statx(directory.fd, at, STAT_ENTRY, STATX_MASK, this.#statxAt) < 0)
      this.#again("statx", { directory, name: entries.name(index) });
    decodeStatx(this.#statx, into);
  }

  statFile(fd: number, into: Stat): void {
    this.#text.putNothing();
    while (this.#libc.statx(fd, this.#textAt, AT_EMPTY_PATH, STATX_MASK, this.#statxAt) < 0) this.#again("statx", {});
    decodeStatx(this.#statx, into);
  }

  openFileAt(directory: Directory, name: Uint8Array): number {
    return this.#openUntouched(directory, name, OPEN_FILE);
  }

  read(fd: number, into: Uint8Array, position: number): number {
    for (;;) {
      const count = this.#libc.pread(fd, into, into.length, position);
      if (count >= 0) return count;
      this.#again("pread", {});
    }
  }

  readLinkAt(directory: Directory, name: Uint8Array): Uint8Array {
    this.#putName(directory, name, "readlinkat");
    let length: number;
    do length = this.#libc.readlinkat(directory.fd, this.#textAt, this.#listAt, LINK_SIZE_MAX + 1);
    while (length < 0 && this.#again("readlinkat", { directory, name }));
    if (length > LINK_SIZE_MAX) throw systemError(ENAMETOOLONG, "readlinkat", { directory, name });
    return this.#list.slice(0, length);
  }

  makeDirectoryAt(directory: Directory, name: Uint8Array, mode: number): void {
    this.#putName(directory, name, "mkdirat");
    while (this.#libc.mkdirat(directory.fd, this.#textAt, mode) < 0) this.#again("mkdirat", { directory, name });
  }

  createFileAt(directory: Directory, name: Uint8Array, mode: number): number {
    return this.#open(directory, name, CREATE_FILE, mode);
  }

  writeFile(fd: number, bytes: Uint8Array, position: number): void {
    const from = this.#writtenAt.of(bytes);
    for (let done = 0; done < bytes.length; ) {
      const written = this.#libc.pwrite(fd, from + done, bytes.length - done, position + done);
      if (written >= 0) done += written;
      else this.#again("pwrite", {});
    }
  }

  makeSymlinkAt(target: Uint8Array, directory: Directory, name: Uint8Array): void {
    this.#target.putPath(target, "symlinkat", { directory, name });
    this.#putName(directory, name, "symlinkat");
    while (this.#libc.symlinkat(this.#targetAt, directory.fd, this.#textAt) < 0)
      this.#again("symlinkat", { directory, name });
  }

  makeLinkAt(from: Directory, existing: Uint8Array, directory: Directory, name: Uint8Array): void {
    this.#target.putName(from, existing, "linkat");
    this.#putName(directory, name, "linkat");
    while (this.#libc.linkat(from.fd, this.#targetAt, directory.fd, this.#textAt, 0) < 0)
      this.#again("linkat", { directory, name });
  }

  removeFileAt(directory: Directory, name: Uint8Array): void {
    this.#putName(directory, name, "unlinkat");
    while (this.#libc.unlinkat(directory.fd, this.#textAt, 0) < 0) this.#again("unlinkat", { directory, name });
  }

  setOwnerAt(directory: Directory, name: Uint8Array, uid: number, gid: number): void {
    this.#putName(directory, name, "fchownat");
    while (this.#libc.fchownat(directory.fd, this.#textAt, uid >>> 0, gid >>> 0, AT_SYMLINK_NOFOLLOW) < 0)
      this.#again("fchownat", { directory, name });
  }

  setModeAt(directory: Directory, name: Uint8Array, mode: number): void {
    this.#putName(directory, name, "fchmodat");
    let flags = AT_SYMLINK_NOFOLLOW;
    while (this.#libc.fchmodat(directory.fd, this.#textAt, mode, flags) < 0) {
      if (flags === 0 || this.#libc.errno() !== ENOTSUP) this.#again("fchmodat", { directory, name });
      // A symbolic link; or a glibc before 2.32; or no /proc, which later ones need for this on kernels before 6.6.
      else flags = this.#plainFlags(directory, name);
    }
  }

  setTimesAt(directory: Directory, name: Uint8Array, seconds: number, nanoseconds: number, access?: Time): void {
    this.#times.put(seconds, nanoseconds, access);
    this.#putName(directory, name, "utimensat");
    while (this.#libc.utimensat(directory.fd, this.#textAt, this.#timesAt, AT_SYMLINK_NOFOLLOW) < 0)
      this.#again("utimensat", { directory, name });
    if (isOrdinaryTime(seconds)) return;
    this.statAt(directory, name, this.#stat);
    verifyTime(this.#stat, seconds, nanoseconds, "utimensat", { directory, name });
  }

  setFileOwner(fd: number, uid: number, gid: number): void {
    while (this.#libc.fchown(fd, uid >>> 0, gid >>> 0) < 0) this.#again("fchown", {});
  }

  setFileMode(fd: number, mode: number): void {
    while (this.#libc.fchmod(fd, mode) < 0) this.#again("fchmod", {});
  }

  setFileTimes(fd: number, seconds: number, nanoseconds: number, access?: Time): void {
    this.#times.put(seconds, nanoseconds, access);
    while (this.#libc.futimens(fd, this.#timesAt) < 0) this.#again("futimens", {});
    if (isOrdinaryTime(seconds)) return;
    this.statFile(fd, this.#stat);
    verifyTime(this.#stat, seconds, nanoseconds, "futimens", {});
  }

  close(fd: number): void {
    if (this.#libc.close(fd) >= 0) return;
    // Linux has closed the descriptor even when it says EINTR: a second close would hit someone else's.
    const errno = this.#libc.errno();
    if (errno !== EINTR) throw systemError(errno, "close");
  }

  closeDirectory(directory: Directory): void {
    this.close(directory.fd);
  }

  #openPath(path: Uint8Array, flags: number): Directory {
    const place = { name: path };
    this.#text.putPath(path, "openat", place);
    let fd: number;
    do fd = this.#libc.openat(AT_FDCWD, this.#textAt, flags, 0);
    while (fd < 0 && this.#again("openat", place));
    return { fd, path: path.slice() };
  }

  #renameExclusive(renameat2: Call, from: Uint8Array, to: Uint8Array): void {
    const place = { name: to };
    this.#target.putPath(from, "renameat2", place);
    this.#text.putPath(to, "renameat2", place);
    while (renameat2(AT_FDCWD, this.#targetAt, AT_FDCWD, this.#textAt, RENAME_NOREPLACE) < 0)
      this.#again("renameat2", place);
  }

  /** Without touching the access time, where that is allowed. */
  #openUntouched(directory: Directory, name: Uint8Array, flags: number): number {
    this.#putName(directory, name, "openat");
    const fd = this.#libc.openat(directory.fd, this.#textAt, flags | constants.O_NOATIME, 0);
    if (fd >= 0) return fd;
    // Only the owner and root may leave the access time alone.
    if (this.#libc.errno() !== EPERM) this.#again("openat", { directory, name });
    return this.#open(directory, name, flags, 0);
  }

  #open(directory: Directory, name: Uint8Array, flags: number, mode: number): number {
    this.#putName(directory, name, "openat");
    let fd: number;
    do fd = this.#libc.openat(directory.fd, this.#textAt, flags, mode);
    while (fd < 0 && this.#again("openat", { directory, name }));
    return fd;
  }

  #plainFlags(directory: Directory, name: Uint8Array): number {
    this.statAt(directory, name, this.#stat);
    if (this.#stat.type === FileType.SYMLINK) throw systemError(ENOTSUP, "fchmodat", { directory, name });
    return 0;
  }

  #putName(directory: Directory, name: Uint8Array, syscall: string): void {
    this.#text.putName(directory, name, syscall);
  }

  #again(syscall: string, place: Place): true {
    return isInterrupted(this.#libc, syscall, place);
  }
}
