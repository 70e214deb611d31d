/**
 * When snapshots were made, as far as that is believed. Clocks of hosts can be wrong, and those of hosts that were broken
 * into lie: no time that is made up may push a snapshot out of its slot (rule 7 of docs/architecture.md).
 */
import { BcatError } from "@bcat/errors";
import type { ListedSnapshot } from "../snapshots.js";
import { CLOCKS_DIFFER_MS } from "./clocks.js";
import { withSetTimes } from "./set-times.js";

export interface BelievedSnapshot extends ListedSnapshot {
  /** Milliseconds. */
  readonly time: number;
  /** Why its time is not believed: it is kept, and fills no slot. */
  readonly doubt?: string;
  /** It is, among the numbers of this repository. */
  readonly isOutOfOrder?: true;
}

export interface TimeFacts {
  /** Of the host that decides. */
  readonly now: number;
  /** When that host has first met each snapshot, by number; as many as it remembers. */
  readonly firstSeen: ReadonlyMap<number, number>;
}

/**
 * The times of the snapshots of one group, which come in the order in which they were made; in the same order. Where they may
 * be meant in several ways there is a reading for each, and what any of them keeps is kept: so nothing that may be made up
 * pushes out what one reading without it keeps.
 *
 * - Where this host has met snapshots before the time that they tell, either that is made up, or its own clock was behind:
 *   one reading has the times that they tell, one those of its clock.
 * - Those out of order that no wrong clock has set there (set-times.ts) are in one reading, and in one they are not.
 */
export function readTimes(snapshots: readonly ListedSnapshot[], facts: TimeFacts): BelievedSnapshot[][] {
  const { now, firstSeen } = facts;
  const seenAt = ({ number, snapshot }: ListedSnapshot) => firstSeen.get(number) ?? snapshot.start;
  const told = believeTimes(snapshots, now, ({ snapshot }) => snapshot.start);
  const isCapped = snapshots.some((info) => info.snapshot.start <= now && seenAt(info) < info.snapshot.start);
  const capped = isCapped ? [believeTimes(snapshots, now, (info) => Math.min(info.snapshot.start, seenAt(info)))] : [];
  const areSet = withSetTimes(snapshots);
  return [told, ...capped].flatMap((believed) => withoutAndWith(believed, areSet));
}

/** A reading without those that are out of order for no wrong clock, if there are any, and one in which they count. */
function withoutAndWith(believed: BelievedSnapshot[], areSet: ReadonlySet<number>): BelievedSnapshot[][] {
  const isLate = ({ number, isOutOfOrder }: BelievedSnapshot) => isOutOfOrder === true && areSet.has(number);
  if (!believed.some(isLate)) return [believed];
  const counting = believed.map((info) => {
    const { doubt: _doubt, ...undoubted } = info;
    return isLate(info) ? undoubted : info;
  });
  return [believed.filter((info) => !isLate(info)), counting];
}

function believeTimes(
  snapshots: readonly ListedSnapshot[],
  now: number,
  timeOf: (info: ListedSnapshot) => number,
): BelievedSnapshot[] {
  let latest: BelievedSnapshot | undefined;
  return snapshots.map((info) => {
    const { start } = info.snapshot;
    if (start > now) return { ...info, time: start, doubt: "in the future" };
    const time = timeOf(info);
    if (latest !== undefined && time < latest.time - CLOCKS_DIFFER_MS)
      return { ...info, time, doubt: `out of order, earlier than ${latest.number} before it`, isOutOfOrder: true };
    const believed = { ...info, time };
    if (latest === undefined || time > latest.time) latest = believed;
    return believed;
  });
}

/** @throws BcatError refused when most are in the future: then it is the clock here that is wrong */
export function requireClock(snapshots: readonly ListedSnapshot[], now: number): void {
  const later = snapshots.filter(({ snapshot }) => snapshot.start > now).length;
  if (later * 2 <= snapshots.length) return;
  const found = `${later} of ${snapshots.length} snapshots were made later than the clock of this machine says it is`;
  throw new BcatError("refused", `Cannot forget by a policy: ${found}; set the clock, or name snapshots by number`);
}
