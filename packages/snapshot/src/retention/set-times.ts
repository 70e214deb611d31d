/**
 * Snapshots whose number says nothing of when they were begun: those whose time was said, and copies, which tell by the
 * number of their original in what order they were made.
 */
import type { ListedSnapshot } from "../snapshots.js";
import { CLOCKS_DIFFER_MS } from "./clocks.js";

/** Numbers of those of a group that may be earlier than what has a lower number, and have no wrong clock for that. */
export function withSetTimes(snapshots: readonly ListedSnapshot[]): ReadonlySet<number> {
  const said = snapshots.filter(({ snapshot }) => snapshot.isTimeSaid === true);
  const copies = copiesBySource(snapshots).flatMap(inOrderThere);
  return new Set([...said, ...copies].map(({ number }) => number));
}

/** In the order in which their originals were made. */
function copiesBySource(snapshots: readonly ListedSnapshot[]): ListedSnapshot[][] {
  const bySource = new Map<string, ListedSnapshot[]>();
  for (const info of snapshots) {
    const { copied } = info.snapshot;
    if (copied === undefined) continue;
    const source = Buffer.from(copied.repository).toString("hex");
    if (!bySource.has(source)) bySource.set(source, []);
    bySource.get(source)!.push(info);
  }
  const rank = ({ snapshot }: ListedSnapshot) => snapshot.copied!.number;
  return [...bySource.values()].map((copies) => copies.sort((a, b) => rank(a) - rank(b)));
}

function inOrderThere(copies: readonly ListedSnapshot[]): ListedSnapshot[] {
  let latest = Number.NEGATIVE_INFINITY;
  return copies.filter(({ snapshot: { start } }) => {
    const isInOrder = start >= latest - CLOCKS_DIFFER_MS;
    latest = Math.max(latest, start);
    return isInOrder;
  });
}
