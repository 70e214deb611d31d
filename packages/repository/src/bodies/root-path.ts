/**
 * Paths of roots: absolute, in bytes, in one form (no empty, `.` or `..` component, no slash at the end but for `/`
 * itself), ascending as byte strings, none inside another. A root inside another would be restored twice.
 */

/** The longest path of a root, in bytes: deeper ones exist, but no one can name them on a command line. */
export const rootPathLengthMax = 64 * 1024;

const slash = 0x2f;
const dot = 0x2e;

/** @throws {RangeError} for what {@link findRootFault} finds. */
export function checkRoots(roots: readonly { readonly path: Uint8Array }[]): void {
  const fault = findRootFault(roots);
  if (fault !== undefined) throw new RangeError(`Cannot write roots: ${fault}`);
}

/** What is wrong with the paths, or undefined when nothing is. */
export function findRootFault(roots: readonly { readonly path: Uint8Array }[]): string | undefined {
  const seen = new Set<string>();
  let last: Uint8Array | undefined;
  for (const { path } of roots) {
    if (!isRootPath(path)) return `root ${show(path)} is not an absolute path in its plain form`;
    if (last !== undefined && Buffer.compare(last, path) >= 0) return `root ${show(path)} follows ${show(last)}`;
    // Others may sort between a path and those inside it ("/a", "/a-b", "/a/c"), so all paths above are looked up.
    const above = pathsAbove(path).find((candidate) => seen.has(candidate));
    if (above !== undefined) return `root ${show(path)} lies in another`;
    seen.add(latin1(path));
    last = path;
  }
  return undefined;
}

function isRootPath(path: Uint8Array): boolean {
  if (path[0] !== slash || path.length > rootPathLengthMax || path.includes(0)) return false;
  if (path.length === 1) return true;
  let start = 1;
  for (let end = 1; end <= path.length; end++) {
    if (end < path.length && path[end] !== slash) continue;
    if (!isComponent(path.subarray(start, end))) return false;
    start = end + 1;
  }
  return true;
}

function isComponent(name: Uint8Array): boolean {
  return name.length > 2 || name.some((byte) => byte !== dot);
}

function pathsAbove(path: Uint8Array): string[] {
  const text = latin1(path);
  const above = path.length > 1 ? ["/"] : [];
  for (let end = text.indexOf("/", 1); end > 0; end = text.indexOf("/", end + 1)) above.push(text.slice(0, end));
  return above;
}

/** One character a byte: the same path, as something a Set can hold. */
function latin1(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString("latin1");
}

function show(path: Uint8Array): string {
  return JSON.stringify(Buffer.from(path.buffer, path.byteOffset, path.length).toString());
}
