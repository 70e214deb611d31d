/** Patterns of whole paths: names in order, and `**` for any number of names, or none. */
import { type NamePattern, nameMatches } from "./name-pattern.js";

export const anyDepth = "**";

export type Part = NamePattern | typeof anyDepth;

const slash = 0x2f;

/** Where each name's `/` is, then where the path ends: name `i` lies between elements `i` and `i + 1`. */
export function findSlashes(path: Uint8Array): number[] {
  const slashes = [0];
  if (path.length === 1) return slashes;
  for (let at = 1; at < path.length; at += 1) {
    if (path[at] === slash) slashes.push(at);
  }
  slashes.push(path.length);
  return slashes;
}

/** Compares the first `count` names, from the last to the first, for the last name tells most entries apart. */
export function pathMatches(
  parts: readonly Part[],
  path: Uint8Array,
  slashes: readonly number[],
  count: number,
): boolean {
  let at = parts.length - 1;
  let retryAt = -1;
  let retryCount = 0;
  for (;;) {
    const part = at < 0 ? undefined : parts[at];
    if (part === anyDepth) {
      if (at === 0) return true;
      retryAt = at;
      retryCount = count;
      at -= 1;
      continue;
    }
    if (part === undefined && count === 0) return true;
    if (part !== undefined && count > 0 && nameMatches(part, path, slashes[count - 1]! + 1, slashes[count]!)) {
      count -= 1;
      at -= 1;
      continue;
    }
    // A mismatch: the "**" reached last takes one more name.
    if (retryCount === 0) return false;
    retryCount -= 1;
    count = retryCount;
    at = retryAt - 1;
  }
}
