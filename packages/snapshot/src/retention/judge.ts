/** What becomes of the snapshots of a group: the policy, and what stands above it. Pure. */
import { PathIndex } from "../path-index.js";
import type { ListedSnapshot } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";
import { isUndo } from "../undo-tag.js";
import { type BelievedSnapshot, readTimes, type TimeFacts } from "./believed-times.js";
import { applyPolicy, hasTags, type Policy } from "./policy.js";

/** What a restore has overwritten is kept for this long, whatever the policy. */
const UNDO_DAYS = 30;
const DAY_MS = 86_400_000;

export interface JudgedSnapshot extends ListedSnapshot {
  /** Why it is kept; none where it is to be forgotten. */
  readonly reasons: readonly string[];
  /** Its time is not believed: it is kept only for that, unless there are other reasons. */
  readonly isDoubted?: true;
}

export interface JudgeFacts extends TimeFacts {
  /** Zone for snapshots whose own is not known. */
  readonly zone: string;
  isPinned(number: number): boolean;
  /** Kept for another reason, such as their size, by number: that reason. */
  readonly alsoKept?: ReadonlyMap<number, string>;
}

/**
 * Judges the complete snapshots of one group, which come in the order in which they were made; the newest first. What any
 * reading of their times keeps is kept. Those of what restores have overwritten fill no slot.
 */
export function judgeGroup(snapshots: readonly ListedSnapshot[], policy: Policy, facts: JudgeFacts): JudgedSnapshot[] {
  const undos = snapshots.filter(({ snapshot }) => isUndo(snapshot));
  const backups = snapshots.filter(({ snapshot }) => !isUndo(snapshot));
  const readings = readTimes(backups, facts).map((believed) => judgeReading(believed, policy, facts));
  const judged = [
    ...backups.map((info) => ({ ...info, ...mostSure(readings.flatMap((reading) => reading.get(info.number) ?? [])) })),
    ...undos.map((info) => ({ ...info, reasons: reasonsOfUndo(info, policy, facts) })),
  ].map((info) => ({ ...info, reasons: [...aboveThePolicy(info.number, facts), ...info.reasons] }));
  return judged.sort((a, b) => b.snapshot.start - a.snapshot.start || b.number - a.number);
}

type Verdict = Pick<JudgedSnapshot, "reasons" | "isDoubted">;

/** By number. */
function judgeReading(
  believed: readonly BelievedSnapshot[],
  policy: Policy,
  facts: JudgeFacts,
): ReadonlyMap<number, Verdict> {
  const counted = believed.filter(({ doubt }) => doubt === undefined).sort(newestFirst);
  const found = applyPolicy(
    counted.map(({ time, snapshot: { zone, tags } }) => ({ time, zone, tags })),
    policy,
    facts,
  );
  const verdicts = new Map<number, Verdict>(counted.map(({ number }, i) => [number, { reasons: found[i]! }]));
  for (const { number, doubt } of believed)
    if (doubt !== undefined) verdicts.set(number, { reasons: [doubt], isDoubted: true });
  return verdicts;
}

/** The first that keeps it by the policy, or else for its doubtful time. */
function mostSure(verdicts: readonly Verdict[]): Verdict {
  const keeping = verdicts.filter(({ reasons }) => reasons.length > 0);
  return keeping.find(({ isDoubted }) => isDoubted !== true) ?? keeping[0] ?? { reasons: [] };
}

/**
 * Judges partial snapshots: one is forgotten when a later complete one of the same client that is kept covers its roots.
 *
 * @param kept the complete ones that are
 */
export function judgePartials(
  partials: readonly ListedSnapshot[],
  kept: readonly ListedSnapshot[],
  facts: Pick<JudgeFacts, "isPinned" | "alsoKept">,
): JudgedSnapshot[] {
  return partials.map((info) => {
    const covered = kept.some((later) => covers(later, info));
    const reasons = covered ? [] : ["partial, and no later snapshot covers it"];
    return { ...info, reasons: [...aboveThePolicy(info.number, facts), ...reasons] };
  });
}

function covers(later: ListedSnapshot, { number, snapshot }: ListedSnapshot): boolean {
  if (later.number < number || isUndo(later.snapshot)) return false;
  if (compareBytes(later.snapshot.clientId, snapshot.clientId) !== 0) return false;
  const roots = new PathIndex(later.snapshot.roots, ({ path }) => path);
  return snapshot.roots.every(({ path }) => roots.atOrAbove(path) !== undefined);
}

function aboveThePolicy(number: number, { isPinned, alsoKept }: Pick<JudgeFacts, "isPinned" | "alsoKept">): string[] {
  const also = alsoKept?.get(number);
  return [...(isPinned(number) ? ["pinned"] : []), ...(also === undefined ? [] : [also])];
}

function reasonsOfUndo({ snapshot }: ListedSnapshot, policy: Policy, { now }: JudgeFacts): string[] {
  const isRecent = snapshot.start > now - UNDO_DAYS * DAY_MS;
  const isMeant = policy.tags.some((tags) => hasTags(snapshot.tags, tags));
  return [...(isMeant ? ["has tags [undo]"] : []), ...(isRecent ? [`of bcat undo, for ${UNDO_DAYS} days`] : [])];
}

/** Of one time, the last that was made. */
function newestFirst(a: BelievedSnapshot, b: BelievedSnapshot): number {
  return b.time - a.time || b.number - a.number;
}
