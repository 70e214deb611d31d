/**
 * What a run would do now with a plan: so that a dry run shows the same figures, and refuses where the run would. What
 * sessions have stored that the run would end first is not known: it is theirs until then.
 */
import { openDeadSessions } from "../dead-sessions.js";
import { partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { requireReadable } from "./copy-live.js";
import { removeLeftovers } from "./leftovers.js";
import { findParityOf } from "./listing.js";
import { judgeSessions, readOpenSessions, requireAlone } from "./open-sessions.js";
import type { PruneOptions } from "./options.js";
import type { PrunePlan } from "./plan.js";
import type { PruneReport } from "./report.js";
import type { Survey } from "./survey.js";

export interface Planned {
  readonly survey: Survey;
  readonly plan: PrunePlan;
  readonly options: PruneOptions;
}

/** @throws BcatError conditions-not-met in a place for one writer; CorruptError for what is in use and cannot be read; StorageError */
export async function forecastRun(repository: Repository, planned: Planned, report: PruneReport): Promise<void> {
  const { plan, options, survey } = planned;
  const parts = partsOf(repository);
  const dead = new Set(openDeadSessions(parts));
  dead.forEach(report.noteEnded);
  const open = (await readOpenSessions(parts, 0)).filter(({ number }) => !dead.has(number));
  const { decidable, waited } = judgeSessions(parts, open, options);
  decidable.forEach(report.noteDecided);
  report.leftovers = await removeLeftovers(parts, { own: 0, isDryRun: true, replaced: new Set() });
  if (plan.isEmpty) return;
  requireAlone(parts, open);
  report.noteWaits(waited);
  if (plan.left.size > 0 && (plan.mixed.length > 0 || waited.length === 0)) {
    const step = report.stepper("copying", options.signal);
    const { marks, table } = survey;
    // What is to be copied out of packs that are not condemned yet is not read: that may be much.
    await requireReadable({ repository, marks, table, step }, survey.condemned());
  }
  if (waited.length === 0) await noteDeletions(parts, planned, report);
}

/** Those of earlier runs, and with `isAtOnce` those of this one. */
async function noteDeletions(parts: RepositoryParts, planned: Planned, report: PruneReport): Promise<void> {
  const sizes = new Map(planned.plan.left);
  if (planned.options.isAtOnce === true) for (const [name, size] of condemnedBy(planned)) sizes.set(name, size);
  for (const size of sizes.values()) if (size > 0) report.noteFreed(size);
  for (const bytes of (await findParityOf(parts, [...sizes.keys()])).values()) report.parityBytes += bytes;
}

function condemnedBy({ survey: { table }, plan }: Planned): [name: string, size: number][] {
  const named = [...plan.dead, ...plan.mixed].map((pack): [string, number] => [table.names[pack]!, table.sizes[pack]!]);
  return [...named, ...plan.orphans.map(({ name, size }): [string, number] => [name, size])];
}
