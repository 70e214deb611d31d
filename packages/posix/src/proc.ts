/** Whether /proc shows the descriptors of this process. */
import * as fs from "node:fs";

const OPEN_ROOT = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY;

let known: boolean | undefined;

/** True when a name can be reached through an open directory's entry under /proc. Looked at once. */
export function procWorks(): boolean {
  known ??= look();
  return known;
}

function look(): boolean {
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
