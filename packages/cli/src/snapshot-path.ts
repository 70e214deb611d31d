/** Paths inside a snapshot, as typed. */
import { posix } from "node:path";

/**
 * The bytes of a path that is absolute or relative to the backed-up root: without `.`, doubled slashes and a slash at
 * its end. Undefined for the root itself (`.`).
 */
export function snapshotPath(typed: string): Uint8Array | undefined {
  const path = posix.normalize(typed);
  if (path === "." || path === "./") return undefined;
  return Buffer.from(path.length > 1 ? path.replace(/\/$/, "") : path);
}
