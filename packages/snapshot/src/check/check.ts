/** Checks a repository from its registers down to its chunks. Changes nothing. */
import { isBcatError } from "@bcat/errors";
import {
  type BadPack,
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
  const packs = await checkPacks(repository, run, inventory.segments);
  const needs = await checkTrees({ repository, run, badPacks: packs.bad }, inventory.snapshots);
  for (const need of needs.values()) reportNeeded(run, need);
  for (const [name, pack] of packs.bad) reportPack(run, name, pack, needs.get(name));
  run.noteArchived();
  await noteStrays(
    repository,
    run,
    { ...inventory, names: new Set([...inventory.names, ...slots, "config"]) },
    packs.names,
  );
  return run.summary();
}

function reportNeeded(run: CheckRun, { object, message, path, others, snapshots }: Need): void {
  if (message === undefined) return;
  const more = others === 0 ? "" : ` and ${others} more`;
  run.reportDamage(object, `${message}; needed by ${showName(path)}${more}`, { snapshots });
}

function reportPack(run: CheckRun, name: string, { message, isCondemned }: BadPack, need: Need | undefined): void {
  if (need !== undefined) reportNeeded(run, { ...need, object: name, message });
  else if (isCondemned) run.reportNote(name, `pack "${name}" was condemned and is gone`, "condemned-gone");
  else run.reportDamage(name, `${message}; no snapshot needs it`);
}
