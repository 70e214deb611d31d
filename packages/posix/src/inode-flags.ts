/** The flags that chattr(1) sets: FS_IOC_GETFLAGS and FS_IOC_SETFLAGS of ioctl_iflags(2). */
import { isInterrupted } from "./call-text.js";
import { flagsOn } from "./flags-on.js";
import type { Libc } from "./libc.js";
import type { InodeFlags } from "./posix.js";
import { EINVAL, ENOSYS, ENOTSUP, ENOTTY } from "./system-error.js";

/** _IOR('f', 1, long) and _IOW('f', 2, long) on machines of 64 bits; what is passed is an int all the same. */
const GET = 0x8008_6601;
const SET = 0x4008_6602;

/** FUSE, as its server may be told, moves a long. */
const VALUE_SIZE = 8;

/** What file systems say that have no flags. */
const HAS_NONE: ReadonlySet<number> = new Set([ENOTTY, EINVAL, ENOSYS, ENOTSUP]);

export function koffiInodeFlags(libc: Libc): InodeFlags {
  const value = new Uint32Array(new ArrayBuffer(VALUE_SIZE));
  const at = libc.address(value.buffer);
  const read = (fd: number): number | undefined => {
    value.fill(0);
    while (libc.ioctl(fd, GET, at) < 0) {
      if (HAS_NONE.has(libc.errno())) return undefined;
      isInterrupted(libc, "ioctl", {});
    }
    return value[0]!;
  };
  return {
    on: (fd) => (read(fd) === undefined ? 0 : flagsOn(fd)),
    get: (fd) => read(fd) ?? 0,
    set(fd, flags) {
      value.fill(0);
      value[0] = flags;
      while (libc.ioctl(fd, SET, at) < 0) isInterrupted(libc, "ioctl", {});
    },
  };
}
