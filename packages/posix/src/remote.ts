/** Which file systems tell times by the clock of another machine. */
import { statfsSync } from "node:fs";

/** Types of Linux, from linux/magic.h and the file systems' own headers. */
const REMOTE_TYPES: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0x517b, // SMB 1
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2 and 3
  0x65735546, // FUSE, which may be anything
  0x01021997, // 9P, of virtual machines
  0x00c36400, // Ceph
  0x5346414f, // AFS
  0x6b414653, // AFS of the kernel
  0x73757245, // Coda
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // FhGFS
  0x7461636f, // OCFS2
  0x01161970, // GFS2
  0x786f4256, // folders shared by VirtualBox
]);

/**
 * True when the file behind `fd` is on such a file system, as far as its type tells. False where that cannot be asked:
 * without /proc.
 */
export function isRemote(fd: number): boolean {
  try {
    return REMOTE_TYPES.has(Number(statfsSync(`/proc/self/fd/${fd}`).type) >>> 0);
  } catch {
    return false;
  }
}
