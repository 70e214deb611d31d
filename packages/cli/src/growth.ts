/** What snapshots have added, by the month of their time. */
import type { ListedSnapshot } from "@bcat/snapshot";
import { formatLocalTime } from "./format.js";

export interface Growth {
  /** `2026-11`, of the local calendar. */
  readonly month: string;
  readonly snapshots: number;
  /** Bytes before compression and after, of what the snapshots did not find stored already. */
  readonly added: number;
  readonly stored: number;
  /** After compression, up to the end of the month. */
  readonly storedSoFar: number;
}

/** What was stored once, and the snapshots that say so: a backup, and those that it was made anew as. */
type Addition = readonly ListedSnapshot[];

/** How many additions no kept snapshot tells of. */
export function countForgotten(snapshots: readonly ListedSnapshot[], isForgotten: (number: number) => boolean): number {
  return additions(snapshots).filter((of) => of.every(({ number }) => isForgotten(number))).length;
}

/** A snapshot that was made anew by `tag` or `undelete` tells of what its original has added, and added nothing itself. */
function additions(snapshots: readonly ListedSnapshot[]): Addition[] {
  const found = new Map<string, ListedSnapshot[]>();
  for (const info of snapshots) {
    const { plainBytesAdded, storedBytesAdded } = info.snapshot.counts;
    const key = [info.snapshot.originalNumber ?? info.number, plainBytesAdded, storedBytesAdded].join();
    found.set(key, [...(found.get(key) ?? []), info]);
  }
  return [...found.values()];
}

/** Ascending by month. */
export function growthByMonth(snapshots: readonly ListedSnapshot[]): Growth[] {
  const months: { -readonly [Key in keyof Growth]: Growth[Key] }[] = [];
  let storedSoFar = 0;
  const added = additions(snapshots).map(([first]) => first!.snapshot);
  for (const snapshot of added.sort((a, b) => a.start - b.start)) {
    const month = monthOf(snapshot.start);
    const { plainBytesAdded, storedBytesAdded } = snapshot.counts;
    storedSoFar += storedBytesAdded;
    if (months.at(-1)?.month !== month) months.push({ month, snapshots: 0, added: 0, stored: 0, storedSoFar });
    const last = months.at(-1)!;
    last.snapshots++;
    last.added += plainBytesAdded;
    last.stored += storedBytesAdded;
    last.storedSoFar = storedSoFar;
  }
  return months;
}

/** A time that no calendar has is a month of its own. */
function monthOf(ms: number): string {
  const time = formatLocalTime(ms);
  return time.startsWith("@") ? time : time.slice(0, "2026-11".length);
}
