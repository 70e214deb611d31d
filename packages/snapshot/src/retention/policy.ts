/** Which snapshots of a group a policy keeps, and why: as `restic forget` decides it. Pure; knows no repository. */
import { Calendars, type Slot } from "./calendar.js";
import { type Duration, isNoDuration, showDuration } from "./duration.js";

/** Names of what is counted, as in `--keep-<name>`; `last` is the snapshot itself. */
export const periods = ["last", "hourly", "daily", "weekly", "monthly", "yearly"] as const;
export type Period = (typeof periods)[number];
/** Those that also have a `--keep-within-<name>`. */
export const calendarPeriods = ["hourly", "daily", "weekly", "monthly", "yearly"] as const satisfies readonly Period[];
export type CalendarPeriod = (typeof calendarPeriods)[number];

export interface Policy {
  /** How many slots of each period that have snapshots keep their newest; infinite for all. */
  readonly counts: Readonly<Partial<Record<Period, number>>>;
  /** All that are newer than this before the latest. */
  readonly within?: Duration;
  /** Of those that are newer, the newest of each slot. */
  readonly withinPeriods: Readonly<Partial<Record<CalendarPeriod, Duration>>>;
  /** Those with all tags of one of these; one without tags is meant by `[""]`. */
  readonly tags: readonly (readonly string[])[];
}

export interface CountedSnapshot {
  /** When it was begun, as far as that is believed (ms). */
  readonly time: number;
  /** Of the host that it is of. */
  readonly zone: string;
  readonly tags: readonly string[];
}

const slotOf: Readonly<Record<CalendarPeriod, Slot>> = {
  hourly: "hour",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
};

/** True when it says nothing, and would keep nothing. */
export function isEmptyPolicy({ counts, within, withinPeriods, tags }: Policy): boolean {
  const durations = [within, ...Object.values(withinPeriods)].filter((duration) => duration !== undefined);
  const all = Object.values(counts);
  return all.every((count) => count === 0) && durations.every(isNoDuration) && tags.length === 0;
}

/** In the words of restic: `keep 5 last, 7 daily snapshots`. */
export function describePolicy({ counts, within, withinPeriods, tags }: Policy): string {
  const counted = periods.flatMap((period) => {
    const count = counts[period] ?? 0;
    const name = period === "last" ? "latest" : period;
    return count === 0 ? [] : [`${Number.isFinite(count) ? count : "all"} ${name}`];
  });
  const ranges = calendarPeriods.flatMap((period) => {
    const duration = withinPeriods[period];
    return duration === undefined ? [] : [`${period} snapshots within ${showDuration(duration)}`];
  });
  const parts = [
    ...(counted.length === 0 ? [] : [`${counted.join(", ")} snapshots`]),
    ...ranges,
    ...(tags.length === 0 ? [] : [`all snapshots with tags ${tags.map(showTags).join(" or ")}`]),
    ...(within === undefined ? [] : [`all snapshots within ${showDuration(within)} of the newest`]),
  ];
  return parts.length === 0 ? "keep none" : `keep ${parts.join(", ")}`;
}

/** Why each is kept, in the order of `snapshots`, newest first; none where it is not. */
export function applyPolicy(
  snapshots: readonly CountedSnapshot[],
  policy: Policy,
  { zone }: { /** For snapshots whose own is not known. */ readonly zone: string },
): string[][] {
  const calendars = new Calendars(zone);
  const latest = snapshots[0];
  if (latest === undefined) return [];
  const since = (duration: Duration) => calendars.of(latest.zone).before(latest.time, duration);
  const rules = [
    ...policy.tags.map(tagRule),
    ...(policy.within === undefined || isNoDuration(policy.within) ? [] : [withinRule(policy.within, since)]),
    ...periods.flatMap((period) => (policy.counts[period] ? [countRule(period, policy.counts[period])] : [])),
    ...calendarPeriods.flatMap((period) => {
      const duration = policy.withinPeriods[period];
      return duration === undefined || isNoDuration(duration) ? [] : [withinPeriodRule(period, duration, since)];
    }),
  ];
  return snapshots.map((snapshot, index) => {
    const slots = calendars.of(snapshot.zone).slots(snapshot.time);
    const look: Look = { snapshot, index, slots, isOldest: index === snapshots.length - 1 };
    return rules.flatMap((rule) => rule(look) ?? []);
  });
}

/** What a rule sees of one snapshot. */
interface Look {
  readonly snapshot: CountedSnapshot;
  readonly index: number;
  readonly slots: Readonly<Record<Slot, number>>;
  readonly isOldest: boolean;
}

/** Asked of each snapshot, newest first: a reason to keep it. */
type Rule = (look: Look) => string | undefined;

function tagRule(tags: readonly string[]): Rule {
  return ({ snapshot }) => (hasTags(snapshot.tags, tags) ? `has tags ${showTags(tags)}` : undefined);
}

/** True for one that has all of `wanted`; `[""]` is one without tags. */
export function hasTags(tags: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 1 && wanted[0] === "") return tags.length === 0;
  return wanted.every((tag) => tags.includes(tag));
}

function showTags(tags: readonly string[]): string {
  return `[${tags.join(", ")}]`;
}

function withinRule(duration: Duration, since: (duration: Duration) => number): Rule {
  const from = since(duration);
  return ({ snapshot }) => (snapshot.time > from ? `within ${showDuration(duration)}` : undefined);
}

function countRule(period: Period, count: number): Rule {
  const newest = newestOfSlot(period);
  let left = count;
  return (look) => {
    const reason = left > 0 ? newest(look, `${period} snapshot`) : undefined;
    if (reason !== undefined) left--;
    return reason;
  };
}

function withinPeriodRule(period: CalendarPeriod, duration: Duration, since: (duration: Duration) => number): Rule {
  const newest = newestOfSlot(period);
  const from = since(duration);
  return (look) => (look.snapshot.time > from ? newest(look, `${period} within ${showDuration(duration)}`) : undefined);
}

/** Tells the newest snapshot of each slot, and the oldest of all: as long as there is room, history is to reach back. */
function newestOfSlot(period: Period): (look: Look, reason: string) => string | undefined {
  let last: number | undefined;
  return ({ index, slots, isOldest }, reason) => {
    const slot = period === "last" ? index : slots[slotOf[period]];
    if (slot !== last) {
      last = slot;
      return reason;
    }
    return isOldest ? `oldest ${reason}` : undefined;
  };
}
