/**
 * Old entries that their inode flags protect, as an earlier restore may have set them: a restore that may overwrite takes
 * the flags off what it is about to replace or to fill.
 */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { bitsOf, protectingFlags } from "../tree/inode-flags.js";

/**
 * Lets an open file or directory that is there be changed, removed, renamed and linked, if it is protected against that.
 * True if it was, and is not any more.
 */
export function unprotect({ inodeFlags }: Posix, fd: number): boolean {
  if (inodeFlags === undefined) return false;
  try {
    const flags = inodeFlags.get(fd);
    if (bitsOf(flags, protectingFlags) === 0) return false;
    inodeFlags.set(fd, bitsOf(flags, ~protectingFlags));
    return true;
  } catch {
    // Whoever meets the protection says so.
    return false;
  }
}

/** As {@link unprotect}, by name; false also for what is neither file nor directory, or cannot be opened. */
export function unprotectAt(posix: Posix, directory: Directory, name: Uint8Array): boolean {
  if (posix.inodeFlags === undefined) return false;
  let fd: number;
  try {
    const stat = new Stat();
    posix.statAt(directory, name, stat);
    // To open a device may do something.
    if (stat.type !== FileType.FILE && stat.type !== FileType.DIRECTORY) return false;
    // A directory too: it is opened for reading.
    fd = posix.openFileAt(directory, name);
  } catch {
    return false;
  }
  try {
    return unprotect(posix, fd);
  } finally {
    posix.close(fd);
  }
}

/** Renames in one folder, over an entry that may be protected. @throws what the system says */
export function renameOver(posix: Posix, directory: Directory, from: Uint8Array, to: Uint8Array): void {
  try {
    posix.renameAt(directory, from, to);
  } catch (error) {
    if (systemErrorCode(error) !== "EPERM" || !unprotectAt(posix, directory, to)) throw error;
    posix.renameAt(directory, from, to);
  }
}
