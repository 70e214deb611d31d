/** Files and folders of a simulated machine. */
import { FileType, type Stat } from "@bcat/posix";

export interface FileTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export interface Inode {
  readonly type: FileType;
  readonly number: number;
  readonly birth: FileTime;
  mode: number;
  uid: number;
  gid: number;
  mtime: FileTime;
  ctime: FileTime;
  /** Of files. Its bytes never change: others are put in its place. */
  content: Uint8Array;
  /** Of folders, by name in latin1. */
  readonly children: Map<string, Inode>;
}

const DEVICE_MINOR = 7;
const BLOCK_SIZE = 512;

export function fillStat(inode: Inode, into: Stat): void {
  into.type = inode.type;
  into.mode = inode.mode;
  into.uid = inode.uid;
  into.gid = inode.gid;
  into.size = inode.content.length;
  into.links = 1;
  into.mtimeSeconds = inode.mtime.seconds;
  into.mtimeNanoseconds = inode.mtime.nanoseconds;
  into.atimeSeconds = inode.mtime.seconds;
  into.atimeNanoseconds = inode.mtime.nanoseconds;
  into.ctimeSeconds = inode.ctime.seconds;
  into.ctimeNanoseconds = inode.ctime.nanoseconds;
  into.birthSeconds = inode.birth.seconds;
  into.birthNanoseconds = inode.birth.nanoseconds;
  into.inodeLow = inode.number;
  into.inodeHigh = 0;
  into.deviceMajor = 0;
  into.deviceMinor = DEVICE_MINOR;
  into.specialMajor = 0;
  into.specialMinor = 0;
  into.flags = 0;
  into.blocks = Math.ceil(inode.content.length / BLOCK_SIZE);
}

/** Makes the inodes of one machine, and tells their times by its clock. */
export class Inodes {
  readonly #now: () => number;
  #count: number;
  #changes = 0;

  /**
   * @param now milliseconds
   * @param before the number before the first one
   */
  constructor(now: () => number, before = 1) {
    this.#now = now;
    this.#count = before;
  }

  make(type: FileType, mode: number): Inode {
    const time = this.time();
    return {
      ...{ type, mode, number: ++this.#count, birth: time, mtime: time, ctime: time, uid: 1000, gid: 1000 },
      ...{ content: new Uint8Array(0), children: new Map() },
    };
  }

  makeFolder(mode = 0o755): Inode {
    return this.make(FileType.DIRECTORY, mode);
  }

  /** As these are, by another clock. */
  copy(now: () => number): Inodes {
    const copy = new Inodes(now, this.#count);
    copy.#changes = this.#changes;
    return copy;
  }

  /** Of a change now: no two are alike to the nanosecond. */
  time(): FileTime {
    const milliseconds = this.#now();
    const seconds = Math.floor(milliseconds / 1000);
    return { seconds, nanoseconds: (milliseconds - seconds * 1000) * 1_000_000 + (++this.#changes % 1_000_000) };
  }
}

/** All that is below it, too. */
export function copyInode(inode: Inode): Inode {
  const children = [...inode.children].map(([name, child]) => [name, copyInode(child)] as const);
  return { ...inode, children: new Map(children) };
}
