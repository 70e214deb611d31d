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
  noteStrays,
  type Repository,
} from "@bcat/repository";
import { showName } from "../tree/name.js";
import { checkTrees, type Need } from "./check-trees.js";

/**
 * Checks that all registers are there and open, that segments and packs agree, and that every snapshot has all its
 * trees and chunks; with `readData` also every byte of every pack. Damage is reported, not thrown.
 *
 * @throws StorageError; BcatError interrupted, newer-format
 */
export async function check(given: Repository, options: CheckOptions): Promise<CheckSummary> {
  const repository = given.withoutKeptTrees().withArchived(options.archived).withSignal(options.signal);
  const run = new CheckRun(options);
  try {
    await repository.refresh();
  } catch (error) {
    // A hole in the sessions: nothing behind it can be counted on. To restore, that is another repository; here, damage.
    if (!isBcatError(error, "identity-changed")) throw error;
    run.reportDamage(undefined, error.message);
    return run.summary();
  }
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
  return run.summary();
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
