/** Paths inside a snapshot, as typed. */
import { posix } from "node:path";
import { bytesOfText } from "@bcat/errors";
import { absolutePathBytes } from "@bcat/host";

/**
 * The bytes of a path that is absolute, or relative to the current folder or to what was backed up: without doubled
 * slashes and a slash at its end. `.` is the current folder.
 */
export function snapshotPath(typed: string): Uint8Array {
  const path = posix.normalize(typed);
  return bytesOfText(path.length > 1 ? path.replace(/\/$/, "") : path);
}

/** A path inside the folder `sub` of a snapshot. */
export function snapshotPathIn(sub: string, typed: string): Uint8Array {
  return snapshotPath(`${sub}/${typed}`);
}

/** What relative paths may be relative to; undefined when the current folder is gone. */
export function currentFolder(): Uint8Array | undefined {
  try {
    return absolutePathBytes(".");
  } catch {
    return undefined;
  }
}
