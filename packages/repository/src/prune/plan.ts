/** What a prune would give up, and what earlier ones have left to do. */
import type { ObjectReference } from "@bcat/pack";
import { packsToAdopt } from "../dead-sessions.js";
import type { RepositoryParts } from "../repository.js";
import { choosePacks } from "./choose-packs.js";
import { findNeeded } from "./copy-live.js";
import { findOrphans } from "./listing.js";
import type { Postponed, PruneOptions } from "./options.js";
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
  /** What stays because it is charged for all the same. */
  readonly postponed: Postponed;
  /** Condemned packs that are still there, or named, and their bytes. */
  readonly left: ReadonlyMap<string, number>;
  /** What is to be copied, since it lies only in packs that go; about so many bytes. */
  readonly toCopyBytes: number;
  /** Bytes of packs that stay and of copies; see {@link PackChoice.unusedLeft}. */
  readonly usedBytes: number;
  readonly unusedBytes: number;
  readonly isEmpty: boolean;
  /** Of the history that it was made by. */
  readonly newness: string;
}

export async function planPrune(parts: RepositoryParts, survey: Survey, options: PruneOptions): Promise<PrunePlan> {
  const { table, marks } = survey;
  const excluded = survey.condemned();
  const used = await measureUse(table, marks, excluded);
  const usedShares = used.map((bytes, pack) => Math.min(1, bytes / Math.max(1, table.streams[pack]!)));
  const use = { sizes: table.sizes, usedShares, excluded, charged: table.flag(survey.charged) };
  const { dead, mixed, postponed, unusedLeft } = choosePacks(use, options);
  const { orphans, spared, charged } = sortUnnamed(parts, survey, options);
  const left = survey.left();
  const going = Uint8Array.from(excluded);
  for (const pack of [...dead, ...mixed]) going[pack] = 1;
  const hasToCopy = mixed.length + left.size > 0;
  const toCopyBytes = hasToCopy ? (await findNeeded({ marks, table }, going)).bytes : 0;
  const unusedOf = (pack: number) => ({ name: table.names[pack]!, size: table.sizes[pack]! * (1 - usedShares[pack]!) });
  return {
    ...{ dead, mixed, orphans, spared, left },
    postponed: sumPostponed([...postponed.map(unusedOf), ...charged], survey.charged),
    toCopyBytes,
    usedBytes: usedShares.reduce(
      (sum, share, pack) => sum + (1 - going[pack]!) * share * table.sizes[pack]!,
      toCopyBytes,
    ),
    unusedBytes: unusedLeft,
    isEmpty: dead.length + mixed.length + orphans.length + left.size === 0,
    newness: parts.history.newness,
  };
}

/**
 * Packs that nothing names: those that are to go, those that the next backup takes over, and with them that are condemned
 * those that stay because they are charged for.
 */
function sortUnnamed(parts: RepositoryParts, { listed, table, charged }: Survey, options: PruneOptions) {
  const { history } = parts;
  const condemned = condemnedUpTo(history, history.logHead);
  const isKnown = (pack: string) => table.numberOf(pack) !== undefined || condemned.has(pack);
  const all = listed === undefined ? [] : [...findOrphans(listed, { history, isKnown })];
  const adoptable = namesToSpare(parts, options);
  const given = [...charged.keys()].filter((name) => condemned.has(name));
  return {
    orphans: all.filter(({ name }) => !adoptable.has(name) && !charged.has(name)),
    spared: all.filter(({ name }) => adoptable.has(name)),
    charged: [
      ...all.filter(({ name }) => !adoptable.has(name) && charged.has(name)),
      ...given.map((name) => ({ name, size: listed!.sizes.get(name)! })),
    ],
  };
}

function sumPostponed(
  packs: readonly { readonly name: string; readonly size: number }[],
  charged: ReadonlyMap<string, number>,
): Postponed {
  const bytes = packs.reduce((sum, { size }) => sum + size, 0);
  const until = packs.reduce((latest, { name }) => Math.max(latest, charged.get(name)!), 0);
  return { packs: packs.length, bytes, until };
}

/** What is asked for at once goes, too: the next backup stores it again. */
function namesToSpare(parts: RepositoryParts, { isAtOnce, voidAfterMs }: PruneOptions): ReadonlySet<string> {
  return new Set(isAtOnce === true ? [] : packsToAdopt(parts, voidAfterMs).map(({ name }) => name));
}
