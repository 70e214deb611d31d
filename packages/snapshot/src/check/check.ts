/** Checks a repository from its registers down to its chunks. Changes nothing. */
import { isBcatError } from "@bcat/errors";
import {
  BACK_UP,
  type CheckOptions,
  CheckRun,
  type CheckSummary,
  checkKeySlots,
  checkPacks,
  checkRegisters,
  type Finding,
  noteStrays,
  type Repository,
} from "@bcat/repository";
import { showName } from "../tree/name.js";
import { checkTrees, type Need } from "./check-trees.js";

/** Times that a repository is gone through in which others remove something meanwhile. */
const PASSES_MAX = 3;

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
      if (run.damage > 0 && pass < PASSES_MAX && (await hasChanged(repository, newness))) {
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

/** Whether others have committed or removed something since the history was as new as `newness`. */
async function hasChanged(repository: Repository, newness: string | undefined): Promise<boolean> {
  if (newness === undefined) return false;
  await repository.refresh();
  return repository.history.newness !== newness;
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
  const { needs, isBlind } = await checkTrees({ repository, run, badPacks: packs.bad }, inventory.snapshots);
  for (const need of needs.values()) {
    const { object, message } = need;
    if (message !== undefined) reportNeeded(run, { object, message }, need);
  }
  let condemned = 0;
  for (const [name, pack] of packs.bad) {
    const need = needs.get(name);
    if (need !== undefined) reportNeeded(run, { object: name, ...pack }, need);
    else if (pack.isCondemned && (pack.isGone || !isBlind)) condemned++;
    else run.reportDamage(name, `${pack.message}; no snapshot ${isBlind ? "is known to need" : "needs"} it`);
  }
  tellCondemned(run, condemned);
  run.noteArchived();
  await noteStrays(
    repository,
    run,
    { ...inventory, names: new Set([...inventory.names, ...slots, "config", "reserve"]) },
    packs.names,
  );
  return newness;
}

interface Damage {
  readonly object: string | undefined;
  readonly message: string;
  /** A pack that no writer uses any more: what was in it is stored anew. */
  readonly isCondemned?: boolean;
}

function reportNeeded(run: CheckRun, { object, message, isCondemned }: Damage, need: Need): void {
  const { paths, pathCount, snapshots } = need;
  const others = pathCount - paths.length;
  const more = others === 0 ? "" : ` and ${others} more`;
  const by = `needed by ${paths.map(showName).join(", ")}${more}`;
  const remedy = isCondemned === true ? { remedy: BACK_UP } : {};
  run.reportDamage(object, `${message}; ${by}`, { snapshots, paths, pathCount, ...remedy });
}

function tellCondemned(run: CheckRun, count: number): void {
  if (count === 0) return;
  const what = count === 1 ? "1 pack that was condemned is" : `${count} packs that were condemned are`;
  run.reportDetail(`${what} gone or damaged, and no snapshot needs ${count === 1 ? "it" : "them"}`, "condemned-gone");
}
