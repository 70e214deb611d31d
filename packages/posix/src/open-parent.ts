/** openat(2) of `..`: from a directory to the one that it lies in. */
import { constants } from "node:fs";
import { type CallText, isInterrupted } from "./call-text.js";
import { requireBelow } from "./directory.js";
import { OPEN_DIRECTORY } from "./flags.js";
import type { Libc } from "./libc.js";
import type { Directory } from "./posix.js";
import { EPERM } from "./system-error.js";

export function parentOpener(libc: Libc, text: CallText): (directory: Directory) => Directory {
  return (directory) => {
    const below = requireBelow(directory);
    text.putParent();
    let flags = OPEN_DIRECTORY | constants.O_NOATIME;
    for (;;) {
      const fd = libc.openat(directory.fd, text.at, flags, 0);
      if (fd >= 0) return below.aboveBy(fd);
      // Only the owner and root may leave the access time alone.
      if (libc.errno() === EPERM && flags !== OPEN_DIRECTORY) flags = OPEN_DIRECTORY;
      else isInterrupted(libc, "openat", { directory });
    }
  };
}
