/** renameat(2) within a directory, and unlinkat(2) of a directory: what puts new entries in the place of old ones. */
import { type CallText, isInterrupted } from "./call-text.js";
import type { Libc } from "./libc.js";
import type { Posix } from "./posix.js";

const AT_REMOVEDIR = 0x200;

/** @param texts two, for a rename has two names */
export function replacer(
  libc: Libc,
  texts: readonly [CallText, CallText],
): Pick<Posix, "renameAt" | "removeDirectoryAt"> {
  const [text, target] = texts;
  return {
    renameAt(directory, from, to) {
      target.putName(directory, from, "renameat");
      text.putName(directory, to, "renameat");
      while (libc.renameat(directory.fd, target.at, directory.fd, text.at) < 0)
        isInterrupted(libc, "renameat", { directory, name: to });
    },
    removeDirectoryAt(directory, name) {
      text.putName(directory, name, "unlinkat");
      while (libc.unlinkat(directory.fd, text.at, AT_REMOVEDIR) < 0)
        isInterrupted(libc, "unlinkat", { directory, name });
    },
  };
}
