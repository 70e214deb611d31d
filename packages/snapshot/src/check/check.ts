/** Checks a repository from its registers down to its chunks. Changes nothing. */
import { isBcatError } from "@bcat/errors";
import { parseObjectName } from "@bcat/pack";
import { KEY_SLOTS_MAX, type Repository, registerName } from "@bcat/repository";
import { showName } from "../tree/name.js";
import { type BadPack, checkPacks } from "./check-packs.js";
import { checkKeySlots, checkRegisters, type Inventory } from "./check-registers.js";
import { checkTrees, type Need } from "./check-trees.js";
import { type CheckOptions, CheckRun, type CheckSummary } from "./findings.js";

/** Orphans that are named; more are counted. */
const NAMED_MAX = 5;

/**
 * Checks that all registers are there and open, that segments and packs agree, and that every snapshot has all its
 * trees and chunks; with `readData` also every byte of every pack. Damage is reported, not thrown.
 *
 * @throws StorageError; BcatError interrupted, newer-format
 */
export async function check(repository: Repository, options: CheckOptions): Promise<CheckSummary> {
  const run = new CheckRun(options);
  try {
    await repository.refresh();
  } catch (error) {
    // A hole in the sessions: nothing behind it can be counted on. To restore, that is another repository; here, damage.
    if (!isBcatError(error, "identity-changed")) throw error;
    run.reportDamage(undefined, error.message);
    return run.summary();
  }
  for (const problem of repository.state.problems) run.reportDamage(problem.object, problem.message);
  const slots = await checkKeySlots(repository, run, KEY_SLOTS_MAX);
  const inventory = await checkRegisters(repository, run);
  const packs = await checkPacks(repository, run, inventory.segments);
  const needs = await checkTrees({ repository, run, badPacks: packs.bad }, inventory.snapshots);
  for (const [name, pack] of packs.bad) reportPack(run, name, pack, needs.get(name));
  await noteStrays(
    repository,
    run,
    { ...inventory, names: new Set([...inventory.names, ...slots, "config"]) },
    packs.names,
  );
  return run.summary();
}

function reportPack(run: CheckRun, name: string, { message, isCondemned }: BadPack, need: Need | undefined): void {
  if (need === undefined && isCondemned) run.reportNote(name, `pack "${name}" was condemned and is gone`);
  else if (need === undefined) run.reportDamage(name, `${message}; no snapshot needs it`);
  else {
    const others = need.others === 0 ? "" : ` and ${need.others} more`;
    run.reportDamage(name, `${message}; needed by ${showName(need.path)}${others}`, need.snapshots);
  }
}

/** What is in the storage and belongs to no snapshot: leftovers of backups that did not finish, and strangers. */
async function noteStrays(
  repository: Repository,
  run: CheckRun,
  inventory: Inventory,
  packs: ReadonlySet<string>,
): Promise<void> {
  const { storage } = repository;
  if (storage.list === undefined) return;
  const orphans = { count: 0, bytes: 0, names: [] as string[] };
  let furthest = 0;
  for await (const { name, size } of storage.list("")) {
    const [, number] = /^(?:sessions|outcomes)\/(\d{10})$/.exec(name) ?? [];
    furthest = Math.max(furthest, Number(number ?? 0));
    if (packs.has(name) || inventory.segments.has(name) || inventory.names.has(name)) continue;
    if (parseObjectName(name) !== undefined) {
      orphans.count++;
      orphans.bytes += size;
      if (orphans.names.length < NAMED_MAX) orphans.names.push(name);
    } else if (!/^(?:sessions|outcomes|partial)\//.test(name))
      run.reportNote(name, `"${name}" is no object of a repository`);
  }
  await findHole(repository, run, furthest);
  await noteTemporary(repository, run);
  if (orphans.count === 0) return;
  const names = orphans.names.map((name) => `"${name}"`).join(", ");
  const more = orphans.count > orphans.names.length ? ", …" : "";
  run.reportNote(
    orphans.names[0],
    `${orphans.count} packs and segments (${orphans.bytes} bytes) belong to no snapshot, left by backups that did not finish: ${names}${more}`,
  );
}

/** Sessions behind the head may have begun since it was found; then they follow one another. */
async function findHole({ storage, state }: Repository, run: CheckRun, furthest: number): Promise<void> {
  for (let number = state.sessionHead + 1; number <= furthest; number++) {
    const name = registerName("sessions", number);
    if ((await storage.get(name)) !== undefined) continue;
    run.reportDamage(name, `"${name}" is missing although later numbers exist: their snapshots are not found`);
    return;
  }
}

async function noteTemporary({ storage }: Repository, run: CheckRun): Promise<void> {
  const found = { count: 0, bytes: 0, first: "" };
  for await (const { name, size } of storage.listTemporary?.() ?? []) {
    if (found.count === 0) found.first = name;
    found.count++;
    found.bytes += size;
  }
  if (found.count === 0) return;
  const what = `${found.count} temporary files (${found.bytes} bytes), the first "${found.first}"`;
  run.reportNote(found.first, `${what}, are left of writes that were cut off, or of a backup that runs now`);
}
