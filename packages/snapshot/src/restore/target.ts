/** The directory that a restore goes into. */
import { BcatError, systemErrorCode } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import { OWN_TARGET, OwnFolders } from "../backup/own-folders.js";
import { describe } from "../faults.js";
import { splitPath } from "../path.js";
import { showName } from "../tree/name.js";
import { NodeType } from "../tree/node.js";
import type { RestoreOptions } from "./options.js";
import type { PlannedEntry, Wanted } from "./plan.js";
import { closeQuietly } from "./target-directory.js";

export interface Target {
  readonly directory: Directory;
  readonly wasMade: boolean;
}

/** Where a plan goes. */
export interface PlacedTarget {
  /** Of the folder, absolute. */
  readonly path: Uint8Array;
  /** The folder is made when it is missing. */
  readonly mayBeMade: boolean;
  readonly plan: readonly PlannedEntry[];
}

/**
 * As `cp` does: a single entry that is no folder goes into a target that is one, and is given the name of a target that
 * is none, or that does not exist.
 */
export function placeTarget(
  posix: Posix,
  path: Uint8Array,
  plan: readonly PlannedEntry[],
  wanted: Wanted,
): PlacedTarget {
  const [only, ...others] = plan;
  const mayBeName = typeof wanted === "object" && "targetMayBeName" in wanted && wanted.targetMayBeName === true;
  const isPlainEntry =
    mayBeName && only !== undefined && others.length === 0 && only.entry.node.type !== NodeType.directory;
  if (!isPlainEntry || only.folders.length > 0 || isFolder(posix, path)) return { path, mayBeMade: true, plan };
  const { folder, name } = splitPath(path);
  const entry = { ...only.entry, node: { ...only.entry.node, name } };
  return { path: folder, mayBeMade: false, plan: [{ ...only, entry }] };
}

/**
 * The folders of the repository itself, of which the target must be none.
 *
 * @throws BcatError target-failed
 */
export function requireForeign(
  posix: Posix,
  target: Uint8Array,
  { ownFolders = [] }: Pick<RestoreOptions, "ownFolders">,
  verb = "restore",
): OwnFolders {
  const fail = (why: string, cause?: Error) => {
    throw new BcatError("target-failed", `Cannot ${verb} into ${showName(target)}: ${why}`, { cause });
  };
  const own = new OwnFolders(posix, ownFolders, (path, fault) =>
    fail(`${showName(path)} belongs to the repository and cannot be looked at: ${fault.message}`, fault),
  );
  if (own.holdsFolder(target)) fail(OWN_TARGET);
  return own;
}

/** Also when that cannot be told: opening it then says why. */
function isFolder(posix: Posix, path: Uint8Array): boolean {
  try {
    closeQuietly(posix, posix.openDirectory(path));
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}

/** Opens the target, making its last component when that is missing and may be made. */
export function openTarget(posix: Posix, { path, mayBeMade, plan }: PlacedTarget): Target {
  const fail = (error: unknown) =>
    new BcatError("target-failed", `Cannot restore into ${showName(path)}: ${describe(error)}`, { cause: error });
  try {
    return { directory: posix.openDirectory(path), wasMade: false };
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT" || !mayBeMade) throw fail(error);
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

/** Opens the target as it is, for a look; undefined when it would be made. @throws as openTarget */
export function findTarget(posix: Posix, { path, mayBeMade }: PlacedTarget): Directory | undefined {
  const fail = (error: unknown) =>
    new BcatError("target-failed", `Cannot restore into ${showName(path)}: ${describe(error)}`, { cause: error });
  try {
    return posix.openDirectory(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT" || !mayBeMade) throw fail(error);
  }
  try {
    closeQuietly(posix, posix.openDirectory(splitPath(path).folder));
    return undefined;
  } catch (error) {
    throw fail(error);
  }
}
