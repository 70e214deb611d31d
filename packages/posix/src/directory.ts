/** Open directories below others. Their paths serve messages, mostly: they are put together when somebody asks for them. */
import type { Directory } from "./posix.js";

const SLASH = 0x2f;

export class DirectoryBelow implements Directory {
  readonly fd: number;
  readonly #above: Directory;
  readonly #name: Uint8Array;
  #path: Uint8Array | undefined;

  /** @param name copied, for the caller may use its memory again */
  constructor(fd: number, above: Directory, name: Uint8Array) {
    this.fd = fd;
    this.#above = above;
    this.#name = name.slice();
  }

  get path(): Uint8Array {
    if (this.#path !== undefined) return this.#path;
    const names = [this.#name];
    let above = this.#above;
    // Without recursion: directories may be nested by the thousand.
    for (; above instanceof DirectoryBelow && above.#path === undefined; above = above.#above) names.push(above.#name);
    this.#path = joinNames(above.path, names.reverse());
    return this.#path;
  }

  /** The directory that this one was opened in, by another descriptor. */
  aboveBy(fd: number): Directory {
    const above = this.#above;
    if (above instanceof DirectoryBelow) return new DirectoryBelow(fd, above.#above, above.#name);
    return { fd, path: above.path };
  }
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
