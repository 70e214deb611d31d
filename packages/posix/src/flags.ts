/** Flags of the calls of Linux. */
import { constants } from "node:fs";

// O_DIRECTORY and its like differ between x86 and arm, so Node tells them; these are the same on both.
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_EMPTY_PATH = 0x1000;
/** As lstat(2) does: looking at a mount point of autofs must not mount it. */
const AT_NO_AUTOMOUNT = 0x800;
export const STAT_ENTRY = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
export const RENAME_NOREPLACE = 1;

export const OPEN_ROOT = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;
/** A descriptor that only names a place: the directory need not be readable. */
export const OPEN_SEARCH = constants.O_DIRECTORY | O_CLOEXEC | O_PATH;
export const OPEN_DIRECTORY = OPEN_ROOT | constants.O_NOFOLLOW;
export const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC;
export const CREATE_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | O_CLOEXEC;
