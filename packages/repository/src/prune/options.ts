/** What a prune is told, and what it tells. */
import type { PackChoiceOptions } from "./choose-packs.js";
import type { Leftovers } from "./leftovers.js";
import type { OpenSession } from "./open-sessions.js";

export interface PruneOptions extends PackChoiceOptions {
  /** zstd level of chunks that are stored anew, 0 for none. */
  readonly level: number;
  /** Silence after which a session counts as dead, milliseconds. */
  readonly voidAfterMs: number;
  /** Deletes what this run condemns, too, if nothing has to be waited for: readers may then miss packs. */
  readonly isAtOnce?: boolean;
  /** Gives up, too, what a class of storage is charged for all the same. */
  readonly isEarly?: boolean;
  /** Only tells. */
  readonly isDryRun?: boolean;
  /** Snapshots that are taken as forgotten; for a dry run only. */
  readonly forgotten?: ReadonlySet<number>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: PruneProgress) => void;
}

export interface PruneProgress {
  readonly phase: "walking" | "copying" | "deleting";
  readonly done: number;
  readonly total: number | undefined;
  /** Of the phase, from 0 to 1, where that is known without a total. */
  readonly share?: number | undefined;
}

/** Some packs; bytes as they are stored. */
export interface PackSum {
  packs: number;
  bytes: number;
}

/** Packs that are charged for as long as if they stayed; bytes of which nothing is used. */
export interface Postponed extends PackSum {
  /** Until when the last of them is, milliseconds since 1970; 0 for none. */
  readonly until: number;
}

export interface PruneSummary {
  /** What snapshots use when all of this is done, as it is stored; of packs in which some is unused, in proportion. */
  readonly usedBytes: number;
  /** Unused, and left in packs that stay. */
  readonly unusedBytes: number;
  /** Condemned by this run: what is nowhere used, what was copied out of before, and what no snapshot ever named. */
  readonly condemned: { readonly dead: PackSum; readonly mixed: PackSum; readonly orphans: PackSum };
  /** Condemned by earlier runs, and still there when this one began. */
  readonly left: PackSum;
  /** Deleted by this run; in a dry run, what it would delete. */
  readonly freed: PackSum;
  /** Bytes of their parity. */
  readonly freedParity: number;
  /** Condemned, and still there. */
  readonly later: PackSum;
  /** Stays, as it is charged for all the same. */
  readonly postponed: Postponed;
  /** Why it is still there: sessions that have to end first. Where there are none the next prune deletes it. */
  readonly waitsFor: readonly OpenSession[];
  /** Sessions that were taken for dead. */
  readonly decided: readonly OpenSession[];
  /** Sessions of this client that did not finish, and whose process has ended. */
  readonly ended: readonly number[];
  /** What these have left and the next backup of this client takes over. */
  readonly spared: PackSum;
  /** What had to be copied first, as it was planned: about so many bytes. */
  readonly toCopyBytes: number;
  readonly copiedBytes: number;
  /** What packs take less when all that is to go is gone, and copies were made of what is used of it. */
  readonly gainBytes: number;
  /** What nothing referred to. */
  readonly leftovers: Leftovers;
  /** The storage cannot list: what no snapshot ever named is not found. */
  readonly isUnlisted: boolean;
  /** The disk was full: bytes that the rest needs to be copied first; undefined when it was not. */
  readonly neededBytes: number | undefined;
  /** Bytes of the reserve that were needed, and that there was no room to put back. */
  readonly reserveLost?: number;
}
