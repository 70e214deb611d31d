/** Checks a repository from its registers down to its chunks. Changes nothing. */
import { isBcatError } from "@bcat/errors";
import {
  type CheckOptions,
  CheckRun,
  type CheckSummary,
  checkKeySlots,
  checkPacks,
  checkRegisters,
  type Finding,
  hasChangedSince,
  LostChunks,
  noteStrays,
  PASSES_MAX,
  type Repository,
} from "@bcat/repository";
import { checkTrees } from "./check-trees.js";
import { reportDamage } from "./damage-report.js";

/**
 * Checks that all registers are there and open, that segments and packs agree, and that every snapshot has all its
 * trees and chunks; with `readData` also every byte of every pack. Damage is reported, not thrown; at the end, as what a
 * prune removes meanwhile looks like damage: then all is gone through again, and read is what seemed to be damaged.
 * Memory: the findings, and as {@link checkTrees}.
 *
 * @throws StorageError; BcatError interrupted, newer-format
 */
export async function check(given: Repository, options: CheckOptions): Promise<CheckSummary> {
  const repository = given.withoutKeptTrees().withArchived(options.archived).withSignal(options.signal);
  let before: CheckRun | undefined;
  for (let pass = 1; ; pass++) {
    const findings: Finding[] = [];
    const run: CheckRun = new CheckRun({ ...options, onFinding: (finding) => void findings.push(finding) }, before);
    try {
      const newness = await checkOnce(repository, run);
      const mayPassAgain = run.damage > 0 && pass < PASSES_MAX && newness !== undefined;
      if (mayPassAgain && (await hasChangedSince(repository, newness))) {
        findings.length = 0;
        before = run;
        continue;
      }
      return run.summary();
    } finally {
      for (const finding of findings) options.onFinding?.(finding);
    }
  }
}

/** @returns how new the history is that was checked; undefined where it has a hole */
async function checkOnce(repository: Repository, run: CheckRun): Promise<string | undefined> {
  try {
    await repository.refresh();
  } catch (error) {
    // A hole in the sessions: nothing behind it can be counted on. To restore, that is another repository; here, damage.
    if (!isBcatError(error, "identity-changed")) throw error;
    run.reportDamage(undefined, error.message);
    return undefined;
  }
  const { newness } = repository.history;
  for (const { object, message } of repository.history.problems) {
    // Each of the snapshots behind a lost outcome has seen it.
    if (object === undefined || !run.isDamaged(object)) run.reportDamage(object, message);
  }
  const slots = await checkKeySlots(repository, run);
  const inventory = await checkRegisters(repository, run);
  const packs = await checkPacks(repository, run, inventory);
  const lost = new LostChunks({ repository, run, bad: packs.bad });
  const findings = await checkTrees({ repository, run, lost }, inventory.snapshots);
  reportDamage({ run, lost, bad: packs.bad, index: await repository.index() }, findings);
  run.noteArchived();
  await noteStrays(
    repository,
    run,
    { ...inventory, names: new Set([...inventory.names, ...slots, "config", "reserve"]) },
    packs.names,
  );
  return newness;
}
