/** Open directories below others. Their paths serve messages, mostly: they are put together when somebody asks for them. */
import type { Directory } from "./posix.js";

const SLASH = 0x2f;

/** Where a directory was opened: in another one, or by a path. It is known as long as a directory below is open. */
interface Place {
  readonly above: Place | Uint8Array;
  readonly name: Uint8Array;
  readonly depth: number;
  /** Of every {@link KEPT_EACH}th only: else that of a deep one would take as many steps, or all would keep long ones. */
  readonly path: Uint8Array | undefined;
}

const KEPT_EACH = 64;

export class DirectoryBelow implements Directory {
  readonly fd: number;
  readonly #place: Place;
  /** Once somebody has asked for it, as long as this directory is open, not those below. */
  #path: Uint8Array | undefined;

  private constructor(fd: number, place: Place) {
    this.fd = fd;
    this.#place = place;
  }

  /** @param name copied, for the caller may use its memory again */
  static in(above: Directory, name: Uint8Array, fd: number): DirectoryBelow {
    const place = above instanceof DirectoryBelow ? above.#place : above.path;
    const depth = place instanceof Uint8Array ? 1 : place.depth + 1;
    const below = { above: place, name: name.slice(), depth, path: undefined };
    return new DirectoryBelow(fd, depth % KEPT_EACH === 0 ? { ...below, path: pathOf(below) } : below);
  }

  get path(): Uint8Array {
    this.#path ??= pathOf(this.#place);
    return this.#path;
  }

  /** The directory that this one was opened in, by another descriptor. */
  aboveBy(fd: number): Directory {
    const { above } = this.#place;
    return above instanceof Uint8Array ? { fd, path: above } : new DirectoryBelow(fd, above);
  }
}

/** Without recursion: directories may be nested by the thousand. */
function pathOf(place: Place): Uint8Array {
  const names: Uint8Array[] = [];
  let at: Place | Uint8Array = place;
  for (; !(at instanceof Uint8Array) && at.path === undefined; at = at.above) names.push(at.name);
  return joinNames(at instanceof Uint8Array ? at : at.path!, names.reverse());
}

/** @throws RangeError for one that was opened by a path */
export function requireBelow(directory: Directory): DirectoryBelow {
  if (directory instanceof DirectoryBelow) return directory;
  throw new RangeError("Cannot tell the parent of a directory that was opened by its path");
}

function joinNames(path: Uint8Array, names: readonly Uint8Array[]): Uint8Array {
  let length = path.length;
  for (const name of names) length += 1 + name.length;
  const joined = Buffer.allocUnsafeSlow(length);
  joined.set(path);
  let end = path.length;
  for (const name of names) {
    if (end > 0 && joined[end - 1] !== SLASH) joined[end++] = SLASH;
    joined.set(name, end);
    end += name.length;
  }
  return joined.subarray(0, end);
}
