/** Restores entries of a snapshot into a target directory. */
import type { Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import type { SnapshotInfo } from "../snapshots.js";
import { type Counting, countingTurns, whileCounting } from "../tree-count.js";
import { type Choice, choose, wantedEntries } from "./choice.js";
import type { RestoreParts } from "./create-contents.js";
import { keepOthersOut } from "./folders-left.js";
import type { RestoreOptions, RestoreSummary } from "./options.js";
import { type PlannedEntry, refuseExisting, type Wanted } from "./plan.js";
import { prepareTarget } from "./prepare-target.js";
import { RestoreRun } from "./restore-run.js";
import { RestoreWalk } from "./restore-walk.js";
import { openTarget, placeTarget, requireForeign, type Target } from "./target.js";
import { closeQuietly } from "./target-directory.js";
import { verifyTarget } from "./verification.js";
import { WantedNodes } from "./wanted-nodes.js";
import { isReadOnly } from "./writable.js";

/**
 * Restores what is wanted of a snapshot into the directory `target` (absolute), which is made when it is missing.
 * Existing entries are never touched: if one is in the way, nothing is written. Entries that cannot be restored are
 * reported and counted.
 *
 * @throws BcatError target-failed, not-found, interrupted; StorageError; CorruptError when the root cannot be read
 */
export async function restore(
  given: Repository,
  posix: Posix,
  info: SnapshotInfo,
  wanted: Wanted,
  target: Uint8Array,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const repository = given.withArchived(options.archived).withSignal(options.signal);
  // Without it nothing can be found: no entry is at fault then, and nothing has been written.
  await repository.index();
  const choice = await choose(repository, info, wanted, options);
  const run = new RestoreRun(options, choice.totals, repository.environment.now);
  const nodes = new WantedNodes({ ...choice, repository, breathe: () => run.breathe(0) });
  const planned = await wantedEntries(nodes, choice.plan, wanted);
  if (planned.length === 0) return run.summary();
  const placed = placeTarget(posix, target, planned, wanted);
  const { path } = placed;
  const own = requireForeign(posix, path, options);
  const opened = openTarget(posix, placed);
  run.isTargetReadOnly = () => isReadOnly(path);
  try {
    if (options.overwrite === undefined)
      await refuseExisting({ nodes, posix, run }, { directory: opened.directory, path }, placed.plan);
    const plan = await keepOthersOut(placed.plan, { repository, posix, run, info, target: opened, path });
    const { overwrite } = options;
    const parts = {
      repository,
      posix,
      run,
      nodes,
      top: opened.directory,
      threads: options.threads ?? 1,
      overwrite,
      own,
      deletes: options.deletes !== undefined,
      recordsAttributes: choice.recordsAttributes,
      recordsAllAttributes: choice.recordsAllAttributes,
      recordsFlags: choice.recordsFlags,
    };
    const kept =
      overwrite === undefined || opened.wasMade
        ? undefined
        : await prepareTarget(plan, { ...parts, overwrite, options });
    run.begin();
    const work = async () => await restoreInto(opened, plan, { ...parts, kept });
    if (options.countAhead === true && run.totals === undefined)
      await whileCounting(counting(plan, choice, parts), work);
    else await work();
    if (options.verify === true) await verifyTarget(plan, parts);
    run.showEnd();
  } catch (error) {
    throw options.signal?.aborted === true ? run.interruption(error) : error;
  } finally {
    closeQuietly(posix, opened.directory);
  }
  return run.summary();
}

/** With nodes of its own: what they remember is of one walk. */
function counting(
  plan: readonly PlannedEntry[],
  choice: Choice,
  { repository, run }: Pick<RestoreParts, "repository" | "run">,
): Counting {
  const turns = countingTurns(repository.environment.now);
  const breathe = () => (turns.entry() ? turns.take() : undefined);
  const nodes = new WantedNodes({ ...choice, repository, breathe });
  return {
    entries: plan.map(({ entry }) => entry),
    leavesOf: (folder) => nodes.in(folder),
    turns,
    onTotals: run.expect,
  };
}

async function restoreInto(target: Target, plan: readonly PlannedEntry[], parts: RestoreParts): Promise<void> {
  const restoring = new RestoreWalk(parts);
  try {
    await restoring.restore(target, plan);
  } finally {
    await restoring.close();
  }
}
