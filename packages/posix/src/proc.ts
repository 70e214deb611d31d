/** Whether /proc shows the descriptors of this process. */
import * as fs from "node:fs";

const OPEN_ROOT = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY;

/** True when a name can be reached through an open directory's entry under /proc. */
export function procWorks(): boolean {
  const fd = fs.openSync("/", OPEN_ROOT);
  try {
    const through = fs.lstatSync(`/proc/self/fd/${fd}/.`, { bigint: true });
    const direct = fs.fstatSync(fd, { bigint: true });
    return through.ino === direct.ino && through.dev === direct.dev;
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
