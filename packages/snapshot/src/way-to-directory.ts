/**
 * The shortest way to a closed directory from those that are open: down, or up and down. Few directories are open at once,
 * and what is nested by the thousand would else be gone through from the top for each.
 */
import type { Directory, Identity } from "@bcat/posix";

/** Directories above which there are so many are gone up to: few trees have any. They are to be known again. */
export const DEEP = 16;

/** A directory that may be closed; the top one never is. */
export interface Reachable<Self> {
  readonly parent: Self | undefined;
  /** Directories above it. */
  readonly depth: number;
  readonly open: Directory | undefined;
  /** What it was when it was opened; undefined where it need not be known again, or cannot be. */
  readonly identity: Identity | undefined;
}

export interface WayToDirectory<D> {
  /** An open directory. */
  readonly from: D;
  /** So many directories up from there; 0 where it lies above the one that is wanted. */
  readonly up: number;
  /** Closed ones, which are opened down from there, the last one first. */
  readonly closed: readonly D[];
}

/**
 * Looks up from the directory that is wanted and, if there is more than a step to go, from the open ones, a step at a time,
 * until they meet: so it takes no longer than the way is.
 *
 * @param open few; only directories that would be known again are gone up to
 */
export function findWay<D extends Reachable<D>>(wanted: D, open: Iterable<D>): WayToDirectory<D> {
  const closed = [wanted];
  const above = wanted.parent!;
  if (above.open !== undefined) return { from: above, up: 0, closed };
  const climbers = Array.from(open, (from) => ({ from, at: from.parent }));
  const met = new Map<D, { readonly from: D; readonly up: number }>();
  // The top one is open.
  for (let at = above; at.open === undefined; at = at.parent!) {
    const way = met.get(at);
    if (way !== undefined) return { ...way, closed };
    const up = closed.length;
    for (const climber of climbers) {
      const { from, at: reached } = climber;
      if (reached?.identity === undefined) continue;
      const below = wanted.depth - reached.depth;
      if (reached === closed[below]) return { from, up, closed: closed.slice(0, below) };
      if (!met.has(reached)) met.set(reached, { from, up });
      climber.at = reached.parent;
    }
    closed.push(at);
  }
  return { from: closed.at(-1)!.parent!, up: 0, closed };
}
