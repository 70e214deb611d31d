/** What is said of a source that is a symbolic link: most who name one mean what it leads to. */
import type { Posix } from "@bcat/posix";
import { showName } from "../tree/name.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault, systemCodeOf } from "./source-fault.js";

/** @param path of the link, absolute @throws BcatError refused when the system has no more to give */
export function linkNote(posix: Posix, path: Uint8Array, target: Uint8Array): string {
  return `it is a symbolic link to ${showName(target)}, and stored as one; ${adviceFor(posix, path)}`;
}

function adviceFor(posix: Posix, path: Uint8Array): string {
  try {
    closeDirectory(
      posix,
      fromSource(() => posix.openDirectoryToSearch(path)),
    );
  } catch (error) {
    const code = systemCodeOf(requireSourceFault(error));
    if (code === "ENOENT" || code === "ELOOP") return "it leads to nothing";
    if (code === "ENOTDIR") return "name the file itself to store that";
  }
  return 'with a "/" behind it, what it leads to is stored';
}
