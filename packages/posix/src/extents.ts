/**
 * Which parts of a file were ever written, by lseek(2) with SEEK_DATA and SEEK_HOLE (Linux 3.1). It moves the offset of
 * the descriptor, which nobody uses here: all reading and writing says where.
 */
import { isInterrupted } from "./call-text.js";
import type { Libc } from "./libc.js";
import type { Extents } from "./posix.js";
import { ENXIO } from "./system-error.js";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

export function koffiExtents(libc: Libc): Extents {
  const seek = (fd: number, position: number, whence: number): number | undefined => {
    for (;;) {
      const found = libc.lseek(fd, position, whence);
      if (found >= 0) return Number(found);
      if (libc.errno() === ENXIO) return undefined;
      isInterrupted(libc, "lseek", {});
    }
  };
  return {
    nextData: (fd, position) => seek(fd, position, SEEK_DATA),
    nextHole: (fd, position) => seek(fd, position, SEEK_HOLE),
  };
}

/** ftruncate(2). */
export function fileTruncater({ ftruncate, ...libc }: Pick<Libc, "ftruncate" | "errno">) {
  return (fd: number, size: number): void => {
    while (ftruncate(fd, size) < 0) isInterrupted(libc, "ftruncate", {});
  };
}
