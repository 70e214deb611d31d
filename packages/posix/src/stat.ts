/**
 * What lstat tells of one file, in plain numbers. One object is filled again and again: a walk over a million files
 * allocates one Stat, not a million.
 */

/** Kinds of file, small integers so that they can stand in a byte column. */
export const FileType = {
  UNKNOWN: 0,
  FILE: 1,
  DIRECTORY: 2,
  SYMLINK: 3,
  CHARACTER: 4,
  BLOCK: 5,
  FIFO: 6,
  SOCKET: 7,
} as const;

export type FileType = (typeof FileType)[keyof typeof FileType];

/** One lstat result. Every call that takes a Stat overwrites all of its fields, access times if they are wanted. */
export class Stat {
  type: FileType = FileType.UNKNOWN;
  /** Permission bits only: 07777. */
  mode = 0;
  uid = 0;
  gid = 0;
  size = 0;
  links = 0;
  /** Seconds since 1970, rounded down: before 1970 they are negative and the nanoseconds still count upwards. */
  mtimeSeconds = 0;
  mtimeNanoseconds = 0;
  /** Access times are looked at only where somebody wants them. */
  wantsAccessTime = false;
  atimeSeconds = 0;
  atimeNanoseconds = 0;
  ctimeSeconds = 0;
  ctimeNanoseconds = 0;
  /** Both 0 where the file system does not know. */
  birthSeconds = 0;
  birthNanoseconds = 0;
  /** The inode number as two unsigned 32-bit halves: 64 bits do not fit a number. */
  inodeLow = 0;
  inodeHigh = 0;
  /** The device that holds the file. */
  deviceMajor = 0;
  deviceMinor = 0;
  /** The device that a device node stands for. */
  specialMajor = 0;
  specialMinor = 0;
  /**
   * Inode flags of which the file system tells without being asked for them: immutable, append only and no dump, as bits of
   * FS_IOC_GETFLAGS of Linux.
   */
  flags = 0;
  /** Space in use, in units of 512 bytes. */
  blocks = 0;
}

/** What tells a file from all others that there are. */
export type Identity = Pick<Stat, "inodeLow" | "inodeHigh" | "deviceMajor" | "deviceMinor">;

/** Whether both are of one file: of one inode of one file system. */
export function isOneFile(a: Identity, b: Identity): boolean {
  const isOneInode = a.inodeLow === b.inodeLow && a.inodeHigh === b.inodeHigh;
  return isOneInode && a.deviceMajor === b.deviceMajor && a.deviceMinor === b.deviceMinor;
}

/** Indexed by the four bits of S_IFMT: 1 is a fifo, 2 a character device, 4 a directory, and so on. */
const TYPE_OF_FORMAT: readonly FileType[] = [0, 6, 4, 0, 2, 0, 5, 0, 1, 0, 3, 0, 7, 0, 0, 0];

/** The type in the upper bits of `st_mode`. */
export function fileTypeOfMode(mode: number): FileType {
  return TYPE_OF_FORMAT[(mode >>> 12) & 15] ?? FileType.UNKNOWN;
}
