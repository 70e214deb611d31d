/** What a prune would give up, and what earlier ones have left to do. */
import type { ObjectReference } from "@bcat/pack";
import { packsToAdopt } from "../dead-sessions.js";
import type { RepositoryParts } from "../repository.js";
import { choosePacks } from "./choose-packs.js";
import { findOrphans } from "./listing.js";
import type { PruneOptions } from "./options.js";
import { measureUse } from "./pack-table.js";
import { condemnedUpTo, type Survey } from "./survey.js";

export interface Orphan {
  readonly name: string;
  readonly reference: ObjectReference;
  readonly size: number;
}

export interface PrunePlan {
  /** Numbers of packs in the table of the survey. */
  readonly dead: readonly number[];
  readonly mixed: readonly number[];
  readonly orphans: readonly Orphan[];
  /** Orphans that the next backup of this client takes over. */
  readonly spared: readonly Orphan[];
  /** Condemned packs that are still there, or named, and their bytes. */
  readonly left: ReadonlyMap<string, number>;
  /** Bytes of packs that stay; see {@link PackChoice.unusedLeft}. */
  readonly usedBytes: number;
  readonly unusedBytes: number;
  readonly isEmpty: boolean;
  /** Of the history that it was made by. */
  readonly newness: string;
}

export async function planPrune(parts: RepositoryParts, survey: Survey, options: PruneOptions): Promise<PrunePlan> {
  const { history } = parts;
  const { table, marks, listed } = survey;
  const excluded = survey.condemned();
  const used = await measureUse(table, marks, excluded);
  const usedShares = used.map((bytes, pack) => Math.min(1, bytes / Math.max(1, table.streams[pack]!)));
  const { dead, mixed, unusedLeft } = choosePacks({ sizes: table.sizes, usedShares, excluded }, options);
  const condemned = condemnedUpTo(history, history.logHead);
  const isKnown = (pack: string) => table.numberOf(pack) !== undefined || condemned.has(pack);
  const unnamed = listed === undefined ? [] : [...findOrphans(listed, { history, isKnown })];
  const adoptable = namesToSpare(parts, options);
  const orphans = unnamed.filter(({ name }) => !adoptable.has(name));
  const spared = unnamed.filter(({ name }) => adoptable.has(name));
  const left = survey.left();
  const usedBytes = usedShares.reduce((sum, share, pack) => sum + share * table.sizes[pack]!, 0);
  const isEmpty = dead.length + mixed.length + orphans.length + left.size === 0;
  return { dead, mixed, orphans, spared, left, usedBytes, unusedBytes: unusedLeft, isEmpty, newness: history.newness };
}

/** What is asked for at once goes, too: the next backup stores it again. */
function namesToSpare(parts: RepositoryParts, { isAtOnce, voidAfterMs }: PruneOptions): ReadonlySet<string> {
  return new Set(isAtOnce === true ? [] : packsToAdopt(parts, voidAfterMs).map(({ name }) => name));
}
