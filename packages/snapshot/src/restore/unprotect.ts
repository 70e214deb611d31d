/**
 * Old entries that their inode flags protect, as an earlier restore may have set them: a restore that may overwrite takes
 * the flags off what it is about to replace, to delete or to fill.
 */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { flagsOf } from "../backup/inode-flags.js";
import { bitsOf, protectingFlags } from "../tree/inode-flags.js";

/**
 * Lets an open file or directory that is there be changed, removed, renamed and linked, if it is protected against that.
 * All flags that it had, or undefined when nothing protects it, or goes on to.
 */
export function unprotect({ inodeFlags }: Posix, fd: number): number | undefined {
  if (inodeFlags === undefined) return undefined;
  try {
    const flags = inodeFlags.get(fd);
    if (bitsOf(flags, protectingFlags) === 0) return undefined;
    inodeFlags.set(fd, bitsOf(flags, ~protectingFlags));
    return flags;
  } catch {
    // Whoever meets the protection says so.
    return undefined;
  }
}

/** Gives what stays the flags back that {@link unprotect} has taken off. */
export function protectAgain({ inodeFlags }: Posix, fd: number, flags: number): void {
  try {
    inodeFlags?.set(fd, flags);
  } catch {
    // They could be set before; whatever has come between says more than that they are missing.
  }
}

/** Takes flags off an open file or directory; whether they are there still is looked at when all are set. */
export function takeFlags({ inodeFlags }: Posix, fd: number, taken: number): void {
  if (inodeFlags === undefined || taken === 0) return;
  try {
    inodeFlags.set(fd, bitsOf(inodeFlags.get(fd), ~taken));
  } catch {
    // It is said when all are set.
  }
}

/**
 * As {@link unprotect}, by name. All flags that the entry had; 0 also for what has none, or cannot be opened.
 *
 * @param others that are to be taken off as well, of those that it has
 */
export function unprotectAt(
  posix: Posix,
  directory: Directory,
  name: Uint8Array,
  others: (flags: number) => number = () => 0,
): number {
  const fd = openProtectable(posix, directory, name);
  if (fd === undefined) return 0;
  try {
    const flags = flagsOf(posix, fd);
    unprotect(posix, fd);
    takeFlags(posix, fd, others(flags));
    return flags;
  } finally {
    posix.close(fd);
  }
}

function openProtectable(posix: Posix, directory: Directory, name: Uint8Array): number | undefined {
  if (posix.inodeFlags === undefined) return undefined;
  try {
    const stat = new Stat();
    posix.statAt(directory, name, stat);
    // To open a device may do something.
    if (stat.type !== FileType.FILE && stat.type !== FileType.DIRECTORY) return undefined;
    // A directory too: it is opened for reading.
    return posix.openFileAt(directory, name);
  } catch {
    return undefined;
  }
}

/**
 * Renames in one folder, over an entry that may be protected: other names of it keep their flags.
 *
 * @throws what the system says
 */
export function renameOver(posix: Posix, directory: Directory, from: Uint8Array, to: Uint8Array): void {
  try {
    posix.renameAt(directory, from, to);
  } catch (error) {
    if (systemErrorCode(error) !== "EPERM") throw error;
    withoutProtection(posix, directory, to, (wasProtected) => {
      if (!wasProtected) throw error;
      posix.renameAt(directory, from, to);
    });
  }
}

/**
 * Removes an entry that may be protected, or be in a folder that is. What keeps its flags is another name of the entry, and
 * the entry if it stays; not the folder, of which the flags that were taken off are returned.
 *
 * @param remove makes the call
 * @throws what the system says
 */
export function removeProtected(
  posix: Posix,
  directory: Directory,
  name: Uint8Array,
  remove: () => void,
): number | undefined {
  try {
    remove();
    return undefined;
  } catch (error) {
    if (systemErrorCode(error) !== "EPERM") throw error;
    const above = unprotect(posix, directory.fd);
    withoutProtection(posix, directory, name, (wasProtected) => {
      if (above === undefined && !wasProtected) throw error;
      remove();
    });
    return above;
  }
}

/** Acts while the entry is not protected. What has a name of it afterwards has its flags again. */
function withoutProtection(
  posix: Posix,
  directory: Directory,
  name: Uint8Array,
  act: (wasProtected: boolean) => void,
): void {
  const fd = openProtectable(posix, directory, name);
  const flags = fd === undefined ? undefined : unprotect(posix, fd);
  try {
    act(flags !== undefined);
  } finally {
    if (fd !== undefined) {
      if (flags !== undefined && hasName(posix, fd)) protectAgain(posix, fd, flags);
      posix.close(fd);
    }
  }
}

function hasName(posix: Posix, fd: number): boolean {
  const stat = new Stat();
  posix.statFile(fd, stat);
  return stat.links > 0;
}
