/**
 * Posix by `node:fs` alone, for every system: slower, and times to the microsecond. On Linux a name is reached as
 * `/proc/self/fd/<fd>/<name>`, which is as good as an fd-relative call; elsewhere as `<path>/<name>`, which trusts that
 * nobody swaps a directory above, and ends at PATH_MAX.
 */
import * as fs from "node:fs";
import { DirectoryBelow, requireBelow } from "./directory.js";
import type { EntryList } from "./entry-list.js";
import { checkName, checkPath, joinPath } from "./name.js";
import type { Directory, Posix } from "./posix.js";
import { procWorks } from "./proc.js";
import { isRemote } from "./remote.js";
import { fileTypeOfMode, Stat } from "./stat.js";
import { ENOTSUP, type Place, placed, systemError } from "./system-error.js";
import { checkTime, type Time, timeForNode, verifyTime } from "./time.js";

/** These two exist on Linux only, whatever the types say. */
const O_NOATIME: number = fs.constants.O_NOATIME ?? 0;
const O_PATH = 0o10000000;

const OPEN_ROOT = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY;
const OPEN_DIRECTORY = OPEN_ROOT | fs.constants.O_NOFOLLOW;
const OPEN_FILE = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
const CREATE_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;

export interface NodePosixOptions {
  /** Reach names through /proc/self/fd. By default where that works. */
  readonly throughProc?: boolean;
}

export function nodePosix({ throughProc = procWorks() }: NodePosixOptions = {}): Posix {
  return new NodePosix(throughProc);
}

class NodePosix implements Posix {
  readonly name = "node";
  readonly exactTimes = false;
  readonly reachesByDescriptor: boolean;
  readonly openParent: Posix["openParent"];

  readonly #throughProc: boolean;
  readonly #stat = new Stat();

  constructor(throughProc: boolean) {
    this.#throughProc = throughProc;
    this.reachesByDescriptor = throughProc;
    this.openParent = throughProc ? parentThroughProc : undefined;
  }

  openDirectory(path: Uint8Array): Directory {
    checkPath(path);
    const fd = attempt({ name: path }, () => fs.openSync(Buffer.from(path), OPEN_ROOT));
    return { fd, path: path.slice() };
  }

  openDirectoryToSearch(path: Uint8Array): Directory {
    if (!this.#throughProc) return this.openDirectory(path);
    checkPath(path);
    const fd = attempt({ name: path }, () => fs.openSync(Buffer.from(path), O_PATH | fs.constants.O_DIRECTORY));
    return { fd, path: path.slice() };
  }

  openDirectoryAt(parent: Directory, name: Uint8Array): Directory {
    const fd = this.#at(parent, name, (path) => fs.openSync(path, OPEN_DIRECTORY));
    return DirectoryBelow.in(parent, name, fd);
  }

  readNames(directory: Directory): Uint8Array[] {
    return attempt({ directory }, () => fs.readdirSync(this.#pathOf(directory), { encoding: "buffer" }));
  }

  readEntries(directory: Directory, into: EntryList): void {
    into.clear();
    for (const name of this.readNames(directory)) into.add(name);
  }

  statEntry(directory: Directory, entries: EntryList, index: number, into: Stat): void {
    this.statAt(directory, entries.name(index), into);
  }

  statAt(directory: Directory, name: Uint8Array, into: Stat): void {
    fill(
      into,
      this.#at(directory, name, (path) => fs.lstatSync(path, { bigint: true })),
    );
  }

  statFile(fd: number, into: Stat): void {
    fill(into, fs.fstatSync(fd, { bigint: true }));
  }

  isRemote(fd: number): boolean {
    return isRemote(fd);
  }

  openFileAt(directory: Directory, name: Uint8Array): number {
    return this.#at(directory, name, (path) => {
      try {
        return fs.openSync(path, OPEN_FILE | O_NOATIME);
      } catch (error) {
        // Only the owner and root may leave the access time alone.
        if (O_NOATIME === 0 || !hasCode(error, "EPERM")) throw error;
        return fs.openSync(path, OPEN_FILE);
      }
    });
  }

  read(fd: number, into: Uint8Array, position: number): number {
    return attempt({}, () => fs.readSync(fd, into, 0, into.length, position));
  }

  readLinkAt(directory: Directory, name: Uint8Array): Uint8Array {
    return this.#at(directory, name, (path) => fs.readlinkSync(path, { encoding: "buffer" }));
  }

  makeDirectoryAt(directory: Directory, name: Uint8Array, mode: number): void {
    this.#at(directory, name, (path) => fs.mkdirSync(path, { mode }));
  }

  createFileAt(directory: Directory, name: Uint8Array, mode: number): number {
    return this.#at(directory, name, (path) => fs.openSync(path, CREATE_FILE, mode));
  }

  writeFile(fd: number, bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
    }
  }

  truncateFile(fd: number, size: number): void {
    fs.ftruncateSync(fd, size);
  }

  makeSymlinkAt(target: Uint8Array, directory: Directory, name: Uint8Array): void {
    checkPath(target);
    this.#at(directory, name, (path) => fs.symlinkSync(Buffer.from(target), path));
  }

  makeLinkAt(from: Directory, existing: Uint8Array, directory: Directory, name: Uint8Array): void {
    this.#at(from, existing, (source) => this.#at(directory, name, (path) => fs.linkSync(source, path)));
  }

  removeFileAt(directory: Directory, name: Uint8Array): void {
    this.#at(directory, name, (path) => fs.unlinkSync(path));
  }

  removeDirectoryAt(directory: Directory, name: Uint8Array): void {
    this.#at(directory, name, (path) => fs.rmdirSync(path));
  }

  renameAt(directory: Directory, from: Uint8Array, to: Uint8Array): void {
    this.#at(directory, from, (source) => this.#at(directory, to, (path) => fs.renameSync(source, path)));
  }

  setOwnerAt(directory: Directory, name: Uint8Array, uid: number, gid: number): void {
    this.#at(directory, name, (path) => fs.lchownSync(path, uid, gid));
  }

  setModeAt(directory: Directory, name: Uint8Array, mode: number): void {
    this.#at(directory, name, (path) => {
      if (this.#throughProc) changeModeThroughProc(path, mode);
      else if (fs.lchmodSync !== undefined) fs.lchmodSync(path, mode);
      else if (fs.lstatSync(path).isSymbolicLink()) throw systemError(ENOTSUP, "chmod");
      else fs.chmodSync(path, mode);
    });
  }

  setTimesAt(directory: Directory, name: Uint8Array, seconds: number, nanoseconds: number, access?: Time): void {
    checkTime(seconds, nanoseconds);
    const time = timeForNode(seconds, nanoseconds);
    const accessTime = access === undefined ? time : accessTimeForNode(access);
    this.#at(directory, name, (path) => fs.lutimesSync(path, accessTime, time));
    this.statAt(directory, name, this.#stat);
    verifyTime(this.#stat, seconds, nanoseconds, "lutime", { directory, name });
  }

  setFileOwner(fd: number, uid: number, gid: number): void {
    fs.fchownSync(fd, uid, gid);
  }

  setFileMode(fd: number, mode: number): void {
    fs.fchmodSync(fd, mode);
  }

  setFileTimes(fd: number, seconds: number, nanoseconds: number, access?: Time): void {
    checkTime(seconds, nanoseconds);
    const time = timeForNode(seconds, nanoseconds);
    const accessTime = access === undefined ? time : accessTimeForNode(access);
    fs.futimesSync(fd, accessTime, time);
    this.statFile(fd, this.#stat);
    verifyTime(this.#stat, seconds, nanoseconds, "futime", {});
  }

  close(fd: number): void {
    fs.closeSync(fd);
  }

  closeDirectory(directory: Directory): void {
    fs.closeSync(directory.fd);
  }

  #at<Result>(directory: Directory, name: Uint8Array, act: (path: Buffer) => Result): Result {
    checkName(name);
    return attempt({ directory, name }, () => act(bufferOf(joinPath(this.#pathOf(directory), name))));
  }

  #pathOf(directory: Directory): Buffer {
    return this.#throughProc ? Buffer.from(`/proc/self/fd/${directory.fd}`, "latin1") : bufferOf(directory.path);
  }
}

function parentThroughProc(directory: Directory): Directory {
  const below = requireBelow(directory);
  return below.aboveBy(attempt({ directory }, () => fs.openSync(`/proc/self/fd/${below.fd}/..`, OPEN_DIRECTORY)));
}

function accessTimeForNode({ seconds, nanoseconds }: Time): string {
  checkTime(seconds, nanoseconds);
  return timeForNode(seconds, nanoseconds);
}

/** chmod without following: O_PATH holds the file itself, and a symbolic link so held is refused by the kernel. */
function changeModeThroughProc(path: Buffer, mode: number): void {
  const fd = fs.openSync(path, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    fs.chmodSync(`/proc/self/fd/${fd}`, mode);
  } finally {
    fs.closeSync(fd);
  }
}

function attempt<Result>(place: Place, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw placed(error, place);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The same memory as a Buffer, which is what `node:fs` takes for a path in bytes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function fill(stat: Stat, from: fs.BigIntStats): void {
  const mode = Number(from.mode);
  stat.type = fileTypeOfMode(mode);
  stat.mode = mode & 0o7777;
  stat.flags = 0;
  stat.uid = Number(from.uid);
  stat.gid = Number(from.gid);
  stat.size = Number(from.size);
  stat.links = Number(from.nlink);
  if (stat.wantsAccessTime) {
    stat.atimeSeconds = secondsOf(from.atimeNs);
    stat.atimeNanoseconds = nanosecondsOf(from.atimeNs);
  }
  stat.mtimeSeconds = secondsOf(from.mtimeNs);
  stat.mtimeNanoseconds = nanosecondsOf(from.mtimeNs);
  stat.ctimeSeconds = secondsOf(from.ctimeNs);
  stat.ctimeNanoseconds = nanosecondsOf(from.ctimeNs);
  stat.birthSeconds = secondsOf(from.birthtimeNs);
  stat.birthNanoseconds = nanosecondsOf(from.birthtimeNs);
  stat.inodeLow = Number(from.ino & 0xffff_ffffn);
  stat.inodeHigh = Number(BigInt.asUintN(32, from.ino >> 32n));
  stat.deviceMajor = majorOf(from.dev);
  stat.deviceMinor = minorOf(from.dev);
  stat.specialMajor = majorOf(from.rdev);
  stat.specialMinor = minorOf(from.rdev);
  stat.blocks = Number(from.blocks);
}

const SECOND = 1_000_000_000n;

function secondsOf(time: bigint): number {
  return Number((time - BigInt(nanosecondsOf(time))) / SECOND);
}

function nanosecondsOf(time: bigint): number {
  return Number(((time % SECOND) + SECOND) % SECOND);
}

/** Linux packs device numbers as gnu_dev_makedev(3) does; the BSDs and macOS as 8 bits of major over 24 of minor. */
const LINUX = O_NOATIME !== 0;

function majorOf(device: bigint): number {
  if (!LINUX) return Number((device >> 24n) & 0xffn);
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n));
}

function minorOf(device: bigint): number {
  if (!LINUX) return Number(device & 0xff_ffffn);
  return Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n));
}
