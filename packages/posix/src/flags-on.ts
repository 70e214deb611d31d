/** Which inode flags file systems have. They can be asked for those that an entry has, not for those that it could have. */
import { statfsSync } from "node:fs";

const ALL = 0xffff_ffff;
const SYNCHRONOUS = 0x8;
/** Immutable, append-only, no dump, no atime. */
const COMMON = 0xf0;

/** By type of Linux, from linux/magic.h: what FS_IOC_SETFLAGS takes there. */
const FLAGS_BY_TYPE: ReadonlyMap<number, number> = new Map([
  [0x0102_1994, COMMON], // tmpfs
  [0x5846_5342, COMMON | SYNCHRONOUS | 0x200_0000], // XFS: and direct access
  [0x9123_683e, COMMON | SYNCHRONOUS | 0x81_0404], // Btrfs: and compression, its opposite, copy on write, directories
  [0xef53, ALL & ~0x280_0000], // ext2, 3 and 4: neither copy on write nor, mostly, direct access
]);

/** Those that the file system of `fd`, which has flags, can have; all where its type does not tell. */
export function flagsOn(fd: number): number {
  try {
    return FLAGS_BY_TYPE.get(Number(statfsSync(`/proc/self/fd/${fd}`).type) >>> 0) ?? ALL;
  } catch {
    return ALL;
  }
}
