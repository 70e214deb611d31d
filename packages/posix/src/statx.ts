/**
 * struct statx of Linux, the same on every architecture (include/uapi/linux/stat.h, statx(2)), little-endian here:
 *
 *     offset  size  field                    offset  size  field
 *          0     4  mask: what is filled         64    12  atime {i64 seconds, u32 nanoseconds}
 *          8     8  attributes
 *         16     4  nlink                        80    12  btime
 *         20     4  uid                          96    12  ctime
 *         24     4  gid                         112    12  mtime
 *         28     2  mode                        128     4  rdev major
 *         32     8  ino                         132     4  rdev minor
 *         40     8  size                        136     4  dev major
 *         48     8  blocks                      140     4  dev minor
 *                                               256        end
 */
import { fileTypeOfMode, type Stat } from "./stat.js";

export const STATX_SIZE = 256;
/** STATX_BASIC_STATS | STATX_BTIME. */
export const STATX_MASK = 0xfff;
const STATX_BTIME = 0x800;
/** STATX_ATTR_IMMUTABLE, _APPEND and _NODUMP, which are the bits of FS_IOC_GETFLAGS. */
const STATX_FLAGS = 0x70;

const TWO_32 = 0x1_0000_0000;

/** Decodes the struct, given as its 64 words, into `stat`. Words, not a DataView: this runs once per file. */
export function decodeStatx(words: Uint32Array, stat: Stat): void {
  const mode = words[7]! & 0xffff;
  stat.type = fileTypeOfMode(mode);
  stat.mode = mode & 0o7777;
  stat.flags = words[2]! & STATX_FLAGS;
  stat.links = words[4]!;
  stat.uid = words[5]!;
  stat.gid = words[6]!;
  stat.inodeLow = words[8]!;
  stat.inodeHigh = words[9]!;
  stat.size = words[11]! * TWO_32 + words[10]!;
  stat.blocks = words[13]! * TWO_32 + words[12]!;
  const born = (words[0]! & STATX_BTIME) !== 0;
  stat.birthSeconds = born ? signed64(words[20]!, words[21]!) : 0;
  stat.birthNanoseconds = born ? words[22]! : 0;
  stat.ctimeSeconds = signed64(words[24]!, words[25]!);
  stat.ctimeNanoseconds = words[26]!;
  if (stat.wantsAccessTime) {
    stat.atimeSeconds = signed64(words[16]!, words[17]!);
    stat.atimeNanoseconds = words[18]!;
  }
  stat.mtimeSeconds = signed64(words[28]!, words[29]!);
  stat.mtimeNanoseconds = words[30]!;
  stat.specialMajor = words[32]!;
  stat.specialMinor = words[33]!;
  stat.deviceMajor = words[34]!;
  stat.deviceMinor = words[35]!;
}

function signed64(low: number, high: number): number {
  return (high | 0) * TWO_32 + low;
}
