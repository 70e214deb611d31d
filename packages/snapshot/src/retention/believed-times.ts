/**
 * When snapshots were made, as far as that is believed. Clocks of hosts can be wrong, and those of hosts that were broken
 * into lie: no time that is made up may push a snapshot out of its slot (rule 7 of docs/architecture.md).
 */
import { BcatError } from "@bcat/errors";
import type { ListedSnapshot } from "../snapshots.js";

/** Clocks of several hosts differ: a snapshot counts as in order that is earlier than one before it by at most this, ms. */
const OUT_OF_ORDER_MS = 3_600_000;

export interface BelievedSnapshot extends ListedSnapshot {
  /** Milliseconds. */
  readonly time: number;
  /** Why its time is not believed: it is kept, and fills no slot. */
  readonly doubt?: string;
}

export interface TimeFacts {
  /** Of the host that decides. */
  readonly now: number;
  /** When that host has first met each snapshot, by number; as many as it remembers. */
  readonly firstSeen: ReadonlyMap<number, number>;
}

/**
 * The times of the snapshots of one group, which come in the order in which they were made; in the same order. There is a
 * second reading where this host has met snapshots before the time that they tell: either that is made up, or its own clock
 * was behind. As nobody knows which, what either reading keeps is kept.
 */
export function readTimes(snapshots: readonly ListedSnapshot[], facts: TimeFacts): BelievedSnapshot[][] {
  const { now, firstSeen } = facts;
  const seenAt = ({ number, snapshot }: ListedSnapshot) => firstSeen.get(number) ?? snapshot.start;
  const recorded = believeTimes(snapshots, now, ({ snapshot }) => snapshot.start);
  if (!snapshots.some((info) => info.snapshot.start <= now && seenAt(info) < info.snapshot.start)) return [recorded];
  return [recorded, believeTimes(snapshots, now, (info) => Math.min(info.snapshot.start, seenAt(info)))];
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
    if (latest !== undefined && time < latest.time - OUT_OF_ORDER_MS)
      return { ...info, time, doubt: `out of order, earlier than ${latest.number} before it` };
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
