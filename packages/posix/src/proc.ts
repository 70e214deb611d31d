/** What /proc shows of the descriptors of this process. */
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

/** The number of the mount that an open file or directory was reached by; undefined where /proc does not say. */
export function mountOf(fd: number): string | undefined {
  try {
    return /^mnt_id:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
  } catch {
    return undefined;
  }
}
