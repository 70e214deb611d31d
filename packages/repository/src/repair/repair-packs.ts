/**
 * Condemns packs that are missing or damaged, so that the next backup stores their chunks anew from the source.
 *
 *     bad packs ──mended by parity──chunks that open──► packs of a session of one's own ──► compaction ──► log: condemn
 *
 * In this order: what could be saved is committed before anybody is told not to use the bad packs. Killed between, the
 * next run saves nothing twice. Nothing is deleted; a prune deletes what is condemned when nothing needs it any more.
 */

import type { BadPack } from "../check/check-packs.js";
import { withLogSession } from "../log-writer.js";
import { partsOf, type Repository } from "../repository.js";
import { WriteSession } from "../write-session.js";
import type { BadObject } from "./bad-object.js";
import { condemnDamaged } from "./condemn-damaged.js";
import type { RepairOptions } from "./repair-index.js";
import { type Salvaged, salvage } from "./salvage.js";

export interface RepairPacksOptions extends RepairOptions {
  /** zstd level of what is saved, 0 for none. */
  readonly level: number;
}

export interface PackRepair extends Salvaged {
  /** All that are bad and were not condemned before. */
  readonly condemned: readonly BadObject[];
  /** Number of the session that saved them. */
  readonly session: number | undefined;
}

/**
 * @param bad as `findBadPacks` gives them; those that were condemned before are looked through once more
 * @throws BcatError refused, identity-changed, interrupted; CorruptError; StorageError
 */
export async function repairPacks(
  given: Repository,
  bad: ReadonlyMap<string, BadPack>,
  options: RepairPacksOptions,
): Promise<PackRepair> {
  const repository = given.withSignal(options.signal);
  const found = [...bad].map(([name, pack]) => ({ name, ...pack }));
  const condemned = found.filter(({ isCondemned }) => !isCondemned).map(({ name, message }) => ({ name, message }));
  const names = new Set(found.map(({ name }) => name));
  const saved = await saveChunks(repository, names, options);
  if (options.dryRun !== true && condemned.length > 0)
    await withLogSession(repository, (session) => condemnDamaged(repository, condemned, session));
  return { ...saved, condemned };
}

/** Stores what still opens of the packs of these `names`, and commits it, if there is any. */
async function saveChunks(
  repository: Repository,
  names: ReadonlySet<string>,
  { dryRun = false, level }: RepairPacksOptions,
): Promise<Omit<PackRepair, "condemned">> {
  if (names.size === 0) return { opened: 0, lost: 0, saved: 0, mended: 0, session: undefined };
  const counted = await salvage(repository, names);
  if (dryRun || counted.saved === 0) return { ...counted, session: undefined };
  const writing = await WriteSession.begin(repository, { level, dryRun: false });
  try {
    // They are about to be: what lies in them alone is to be stored.
    for (const name of names) partsOf(repository).index.chunks.condemn(name);
    const saved = await salvage(repository, names, writing.chunks);
    await writing.flush();
    await writing.session.decide({ kind: "compaction", added: writing.chunks.segments, removed: [] });
    return { ...saved, session: writing.number };
  } catch (error) {
    await writing.abandon();
    throw error;
  }
}
