/** The roots of a backup: absolute paths, none inside another, those that are there. */
import { BcatError, SourceError } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { splitPath } from "../path.js";
import { compareBytes, showName } from "../tree/name.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

const SLASH = 0x2f;

/** Sorted, without repetitions. @throws BcatError usage when one lies in another */
export function normaliseRoots(paths: readonly Uint8Array[]): Uint8Array[] {
  const sorted = [...paths].sort(compareBytes);
  const roots = sorted.filter((path, i) => i === 0 || compareBytes(path, sorted[i - 1]!) !== 0);
  for (const root of roots) {
    if (root[0] !== SLASH) throw new RangeError(`a root is not absolute: ${showName(root)}`);
    const inside = roots.find((other) => other !== root && isInside(other, root));
    if (inside !== undefined) {
      throw new BcatError(
        "usage",
        `Cannot back up ${showName(inside)} and ${showName(root)} together: the one lies in the other`,
      );
    }
  }
  return roots;
}

/** True when `path` is `folder`, or lies in it. Both are absolute. */
export function isAtOrBelow(path: Uint8Array, folder: Uint8Array): boolean {
  return compareBytes(path, folder) === 0 || isInside(path, folder);
}

function isInside(path: Uint8Array, folder: Uint8Array): boolean {
  if (path.length <= folder.length || compareBytes(path.subarray(0, folder.length), folder) !== 0) return false;
  return folder.at(-1) === SLASH || path[folder.length] === SLASH;
}

/** A root whose turn it is. `parent` is the folder it is in, open to reach names in it; the root `/` is its own. */
export interface OpenRoot {
  readonly path: Uint8Array;
  /** Empty for `/`. */
  readonly name: Uint8Array;
  readonly parent: Directory;
  readonly stat: Stat;
}

/** Opens the folder a root is in and looks at the root. The caller closes `parent`. @throws SourceError */
export function openRoot(posix: Posix, path: Uint8Array): OpenRoot {
  const stat = new Stat();
  const { folder, name } = splitPath(path);
  // It is only reached through: a folder that may be entered but not listed is as good.
  const parent = fromSource(() => posix.openDirectoryToSearch(folder));
  try {
    if (name.length === 0) fromSource(() => posix.statFile(parent.fd, stat));
    else fromSource(() => posix.statAt(parent, name, stat));
    if (stat.type === FileType.UNKNOWN) throw new SourceError("nobody knows what type of file it is");
    return { path, name, parent, stat };
  } catch (error) {
    closeDirectory(posix, parent);
    throw error;
  }
}

/** A root that is there. */
export interface FoundRoot {
  readonly path: Uint8Array;
  readonly stat: Stat;
}

/**
 * The roots that are there; the others are reported. None stays open: there may be more of them than descriptors.
 *
 * @throws SourceError when none is left: then nothing must be written
 */
export function findRoots(
  posix: Posix,
  paths: readonly Uint8Array[],
  report: (path: Uint8Array, fault: SourceError) => void,
): FoundRoot[] {
  const found: FoundRoot[] = [];
  let last = "";
  for (const path of paths) {
    try {
      const { parent, stat } = openRoot(posix, path);
      closeDirectory(posix, parent);
      found.push({ path, stat });
    } catch (error) {
      const fault = requireSourceFault(error);
      last = `Cannot back up ${showName(path)}: ${fault.message}`;
      report(path, fault);
    }
  }
  if (found.length === 0) throw new SourceError(last);
  return found;
}
