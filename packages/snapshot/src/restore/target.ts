/** The directory that a restore goes into. */
import { BcatError, systemErrorCode } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import { describe } from "../faults.js";
import { splitPath } from "../path.js";
import { showName } from "../tree/name.js";
import type { PlannedEntry } from "./plan.js";
import { closeQuietly } from "./target-directory.js";

export interface Target {
  readonly directory: Directory;
  readonly wasMade: boolean;
}

/** Opens the target, making its last component when that is missing. */
export function openTarget(posix: Posix, path: Uint8Array, plan: readonly PlannedEntry[]): Target {
  const fail = (error: unknown) =>
    new BcatError("target-failed", `Cannot restore into ${showName(path)}: ${describe(error)}`, { cause: error });
  try {
    return { directory: posix.openDirectory(path), wasMade: false };
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw fail(error);
  }
  try {
    const { folder, name } = splitPath(path);
    const parent = posix.openDirectory(folder);
    try {
      const isItself = plan.some((planned) => planned.isTargetItself);
      posix.makeDirectoryAt(parent, name, isItself ? 0o700 : 0o777);
      return { directory: posix.openDirectoryAt(parent, name), wasMade: true };
    } finally {
      closeQuietly(posix, parent);
    }
  } catch (error) {
    throw fail(error);
  }
}
