/** Reads the inode flags of files and directories. */
import { type Directory, FileType, type Posix } from "@bcat/posix";
import { recordedFlags } from "../tree/inode-flags.js";
import { closeFile } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

/** Those of an open file; 0 when they cannot be told. */
export function flagsOf(posix: Posix, fd: number): number {
  try {
    return (posix.inodeFlags?.get(fd) ?? 0) & recordedFlags;
  } catch {
    return 0;
  }
}

/** Whether entries of a type have some that can be read. */
export function mayHaveFlags({ inodeFlags }: Posix, type: number): boolean {
  return inodeFlags !== undefined && (type === FileType.FILE || type === FileType.DIRECTORY);
}

/**
 * Those of an entry (without a name: of `directory` itself, by its path), which is opened for it; 0 when it has none, or
 * cannot be opened: then it can be neither read nor listed, which others say.
 *
 * @throws BcatError refused when the system has no more to give
 */
export function flagsAt(
  posix: Posix,
  directory: Directory,
  { name, type }: { name: Uint8Array; type: number },
): number {
  if (!mayHaveFlags(posix, type)) return 0;
  let fd: number;
  try {
    fd = fromSource(() => {
      if (type === FileType.FILE) return posix.openFileAt(directory, name);
      return (name.length === 0 ? posix.openDirectory(directory.path) : posix.openDirectoryAt(directory, name)).fd;
    });
  } catch (error) {
    requireSourceFault(error);
    return 0;
  }
  try {
    return flagsOf(posix, fd);
  } finally {
    closeFile(posix, fd);
  }
}
