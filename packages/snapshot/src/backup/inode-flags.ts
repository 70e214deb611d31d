/** Reads the inode flags of files and directories. */
import { type Directory, FileType, type Posix } from "@bcat/posix";
import { recordedFlags } from "../tree/inode-flags.js";
import { closeFile } from "./source-directory.js";

/** Those of an open file; 0 when they cannot be told. */
export function flagsOf(posix: Posix, fd: number): number {
  try {
    return (posix.inodeFlags?.get(fd) ?? 0) & recordedFlags;
  } catch {
    return 0;
  }
}

/**
 * Those of an entry (without a name: of `directory` itself, by its path), which is opened for it; 0 when it has none, or
 * cannot be opened: then it can be neither read nor listed, which others say.
 */
export function flagsAt(
  posix: Posix,
  directory: Directory,
  { name, type }: { name: Uint8Array; type: number },
): number {
  if (posix.inodeFlags === undefined || (type !== FileType.FILE && type !== FileType.DIRECTORY)) return 0;
  let fd: number;
  try {
    if (type === FileType.FILE) fd = posix.openFileAt(directory, name);
    else fd = (name.length === 0 ? posix.openDirectory(directory.path) : posix.openDirectoryAt(directory, name)).fd;
  } catch {
    return 0;
  }
  try {
    return flagsOf(posix, fd);
  } finally {
    closeFile(posix, fd);
  }
}
