/** The base of a compaction: from it on a reader needs no older outcome (docs/format.md section 8, fields 4 and 5). */
import { segmentName } from "@bcat/pack";
import type { CompactionOutcome, SegmentChanges } from "../bodies/outcome.js";
import type { History } from "../history.js";

/**
 * The base of session `number`; undefined while a lower number is open: whoever began with the base would never see
 * what it is decided to be.
 */
export function baseOf(
  history: History,
  number: number,
  { added, removed }: SegmentChanges,
): CompactionOutcome["base"] | undefined {
  if (hasOpenBelow(history, number)) return undefined;
  const segments = new Map(history.segments);
  for (const reference of added) segments.set(segmentName(reference), reference);
  for (const reference of removed) segments.delete(segmentName(reference));
  const snapshots = [...history.summaries.keys()].filter((other) => other < number && !history.isForgotten(other));
  return { segments: [...segments.values()], snapshots };
}

/** Rule 1 of docs/architecture.md; the history was read after session `number` began. */
function hasOpenBelow(history: History, number: number): boolean {
  return history.openSessions.some((open) => open < number);
}
