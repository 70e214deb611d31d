/** What shells and gitignore(5) take for "none of these" in a pattern, and restic, as Go, for a set with a `!` in it. */

/** The first class of a pattern that begins so, such as `[!a-z]`; undefined where there is none. */
export function shellNegation(pattern: string): string | undefined {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "[") {
      const end = endOfClass(pattern, at);
      if (pattern[at + 1] === "!" && end > at + 2) return pattern.slice(at, end + 1);
      at = Math.max(end, at);
    }
  }
  return undefined;
}

/** Where its `]` is; -1 when it has none. */
function endOfClass(pattern: string, start: number): number {
  for (let at = start + 1; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "]") return at;
  }
  return -1;
}
