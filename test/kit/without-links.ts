/** Calls of a system that knows of one name of each file. */
import type { Posix } from "@bcat/posix";

export function withoutLinks(posix: Posix): Partial<Posix> {
  return {
    statEntry(directory, entries, index, into) {
      posix.statEntry(directory, entries, index, into);
      into.links = 1;
    },
    statFile(fd, into) {
      posix.statFile(fd, into);
      into.links = 1;
    },
  };
}
