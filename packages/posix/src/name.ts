/** Names and paths as bytes. POSIX: a name is 1 to NAME_MAX bytes, any value but 0 and `/`. */

const SLASH = 0x2f;
const DOT = 0x2e;

/** @throws RangeError when `name` is not one component of a path: empty, `.`, `..`, or with a NUL or `/` in it. */
export function checkName(name: Uint8Array): void {
  if (name.length <= 2 && (name[0] ?? DOT) === DOT && (name[1] ?? DOT) === DOT) throw notAName(name);
  // A loop, since it is several times as fast as two calls of `includes` on names of usual length.
  for (let index = 0; index < name.length; index++) {
    const byte = name[index];
    if (byte === 0 || byte === SLASH) throw notAName(name);
  }
}

/** @throws RangeError when `path` is empty or holds a NUL, which would end it early. */
export function checkPath(path: Uint8Array): void {
  if (path.length === 0 || path.includes(0))
    throw new RangeError(`Cannot use path "${display(path)}": empty or with NUL`);
}

/** `directory/name`. */
export function joinPath(directory: Uint8Array, name: Uint8Array): Uint8Array {
  const slash = directory.length > 0 && directory[directory.length - 1] !== SLASH ? 1 : 0;
  const path = new Uint8Array(directory.length + slash + name.length);
  path.set(directory);
  if (slash === 1) path[directory.length] = SLASH;
  path.set(name, directory.length + slash);
  return path;
}

/** For messages only: what is not UTF-8 is lost. */
export function display(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function notAName(name: Uint8Array): RangeError {
  const shown = display(name).replaceAll("\0", "\\0");
  return new RangeError(`Cannot use name "${shown}": neither empty, "." or ".." is allowed, nor a NUL or "/" inside`);
}
