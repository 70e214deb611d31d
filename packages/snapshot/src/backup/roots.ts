/** The roots of a backup: absolute paths, none inside another, those that are there. */
import { BcatError, SourceError } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { joinPath, keyOf, keysAtOrAbove, splitPath } from "../path.js";
import { compareBytes, showName } from "../tree/name.js";
import { closeDirectory } from "./source-directory.js";
import { fromSource, requireSourceFault } from "./source-fault.js";

const SLASH = 0x2f;

/** A source as it was named. */
export interface NamedRoot {
  /** Absolute, without a `/` at its end. */
  readonly path: Uint8Array;
  /** It was named with a `/` behind it: where it is a symbolic link, what that leads to is meant. */
  readonly isFollowed: boolean;
}

export interface NamedRoots {
  /** Sorted, none inside another. */
  readonly roots: readonly NamedRoot[];
  /** Those that lie in one of the roots, and are stored as a part of it. */
  readonly inside: readonly NamedRoot[];
}

/** Puts absolute paths in order, each once; a `/` at the end of one means what a link leads to. */
export function nameRoots(paths: readonly Uint8Array[]): NamedRoots {
  const named = new Map<string, NamedRoot>();
  for (const given of paths) {
    if (given[0] !== SLASH) throw new RangeError(`a root is not absolute: ${showName(given)}`);
    const isFollowed = given.length > 1 && given.at(-1) === SLASH;
    const path = isFollowed ? given.subarray(0, -1) : given;
    const key = keyOf(path);
    named.set(key, { path, isFollowed: isFollowed || named.get(key)?.isFollowed === true });
  }
  const sorted = [...named.values()].sort((a, b) => compareBytes(a.path, b.path));
  // Others may sort between a folder and what is in it ("/a", "/a-b", "/a/c").
  const inside = sorted.map(({ path }) => lies(path, named));
  return { roots: sorted.filter((_, i) => !inside[i]), inside: sorted.filter((_, i) => inside[i]) };
}

/** Whether `path` lies in one of those that are named. */
function lies(path: Uint8Array, named: ReadonlyMap<string, NamedRoot>): boolean {
  const own = keyOf(path);
  for (const key of keysAtOrAbove(own)) if (key !== own && named.has(key)) return true;
  return false;
}

/**
 * A root whose turn it is. `parent` is the folder it is in, open to reach names in it. The root `/`, and what a followed
 * link leads to, are their own: `parent` is the folder itself, and `name` empty.
 */
export interface OpenRoot {
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  readonly parent: Directory;
  readonly stat: Stat;
}

export interface OpenRootOptions {
  readonly withAtime?: boolean;
  /** A link to a block device, as those that name logical volumes are, is that device. */
  readonly readSpecial?: boolean;
}

/** Opens the folder a root is in and looks at the root. The caller closes `parent`. @throws SourceError */
export function openRoot(posix: Posix, { path, isFollowed }: NamedRoot, options: OpenRootOptions = {}): OpenRoot {
  const { withAtime = false, readSpecial = false } = options;
  const { folder, name } = splitPath(path);
  const root = openNamed(posix, { path, folder, name, withAtime });
  if (root.stat.type !== FileType.SYMLINK) return root;
  if (readSpecial && !isFollowed) return openLinkedDevice(posix, root);
  if (!isFollowed) return root;
  closeDirectory(posix, root.parent);
  return openNamed(posix, { path, folder: path, name: new Uint8Array(0), withAtime });
}

/** Opens a root that is a folder, so that it can be listed: to reach names in it, as its own `parent`, is not enough. @throws system errors */
export function openRootDirectory(posix: Posix, root: OpenRoot): Directory {
  return root.name.length === 0 ? posix.openDirectory(root.path) : posix.openDirectoryAt(root.parent, root.name);
}

function openNamed(
  posix: Posix,
  { path, folder, name, withAtime }: { path: Uint8Array; folder: Uint8Array; name: Uint8Array; withAtime: boolean },
): OpenRoot {
  const stat = new Stat();
  stat.wantsAccessTime = withAtime;
  // It is only reached through: a folder that may be entered but not listed is as good.
  const parent = fromSource(() => posix.openDirectoryToSearch(folder));
  try {
    if (name.length === 0) fromSource(() => posix.statFile(parent.fd, stat));
    else fromSource(() => posix.statAt(parent, name, stat));
    if (stat.type === FileType.UNKNOWN)
      throw new SourceError("nobody knows what type of file it is", { messageCode: "unknown-type" });
    return { path, name, parent, stat };
  } catch (error) {
    closeDirectory(posix, parent);
    throw error;
  }
}

/** As many as the system follows. */
const LINKS_MAX = 40;

/** What a link leads to, if that is a block device; otherwise the link. @throws BcatError refused */
function openLinkedDevice(posix: Posix, root: OpenRoot): OpenRoot {
  let at = root;
  let { folder } = splitPath(root.path);
  let end: unknown;
  try {
    for (let links = 0; at.stat.type === FileType.SYMLINK && links < LINKS_MAX; links++) {
      const { parent, name } = at;
      const found = splitPath(
        joinTarget(
          folder,
          fromSource(() => posix.readLinkAt(parent, name)),
        ),
      );
      const { wantsAccessTime: withAtime } = root.stat;
      const next = openNamed(posix, { path: root.path, ...found, withAtime });
      if (at !== root) closeDirectory(posix, at.parent);
      at = next;
      folder = found.folder;
    }
  } catch (error) {
    // Else it leads to nothing, or to something that cannot be looked at: a link like any other.
    if (!(error instanceof SourceError)) end = error;
  }
  const isDevice = end === undefined && at.stat.type === FileType.BLOCK;
  if (at !== root) closeDirectory(posix, (isDevice ? root : at).parent);
  if (end === undefined) return isDevice ? at : root;
  closeDirectory(posix, root.parent);
  throw end;
}

function joinTarget(folder: Uint8Array, target: Uint8Array): Uint8Array {
  return target[0] === SLASH ? target : joinPath(folder, target);
}

/** A root that is there. */
export interface FoundRoot extends NamedRoot {
  readonly stat: Stat;
}

/**
 * The roots that are there; those that are not, also inside others, are reported. None stays open: there may be more of
 * them than descriptors.
 *
 * @throws SourceError when none is left: then nothing must be written; BcatError usage for a followed link in another root
 */
export function findRoots(
  posix: Posix,
  { roots, inside }: NamedRoots,
  report: (path: Uint8Array, fault: SourceError) => void,
): FoundRoot[] {
  let last = "";
  const find = (named: NamedRoot): FoundRoot | undefined => {
    try {
      const { parent, stat, name } = openRoot(posix, named);
      closeDirectory(posix, parent);
      if (name.length > 0) return { path: named.path, isFollowed: false, stat };
      return { ...named, stat };
    } catch (error) {
      const fault = requireSourceFault(error);
      last = `Cannot back up ${showName(named.path)}: ${fault.message}`;
      report(named.path, fault);
      return undefined;
    }
  };
  const found = roots.map(find).filter((root) => root !== undefined);
  if (found.length === 0) throw new SourceError(last);
  for (const root of inside.map(find)) {
    if (root?.isFollowed === true) throw cannotFollow(root.path);
  }
  return found;
}

function cannotFollow(path: Uint8Array): BcatError {
  const found =
    "it is a symbolic link, and lies in another source, which has it as that; name what it leads to instead";
  return new BcatError("usage", `Cannot back up ${showName(path)} with a "/" behind it: ${found}`);
}
