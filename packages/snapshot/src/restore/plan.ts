/** Where restored entries go: every place is known, and known to be free, before anything is written. */
import { BcatError, systemErrorCode } from "@bcat/errors";
import { type Directory, type Posix, Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { type Entry, findEntries, rootEntries } from "../entries.js";
import { describe } from "../faults.js";
import { joinPath, splitPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { showName } from "../tree/name.js";
import { NodeType } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import { type FolderToMake, foldersToMake } from "./folders-above.js";
import type { RestoreRun } from "./restore-run.js";

/** One entry and the directories, below the target, it goes into. */
export interface PlannedEntry {
  readonly entry: Entry;
  readonly folders: readonly FolderToMake[];
  /** The entry's own children go into the target, and its metadata to the target itself if that is made. */
  readonly isTargetItself: boolean;
}

/**
 * `all` of one root: its contents appear in the target; of several: each root under its own full path. A path: the
 * entry appears under its own name, as with `cp -a`.
 *
 * @throws BcatError not-found, usage
 */
export async function planRestore(
  repository: Repository,
  info: SnapshotInfo,
  path: Uint8Array | "all",
): Promise<PlannedEntry[]> {
  const entries = path === "all" ? rootEntries(info) : await findEntries(repository, info, path);
  const single = entries.length === 1 ? entries[0] : undefined;
  if (single !== undefined) {
    const isRootOfAll = path === "all" && single.node.type === NodeType.directory;
    const isTargetItself = isRootOfAll || splitPath(single.path).name.length === 0;
    return [{ entry: named(single), folders: [], isTargetItself }];
  }
  return entries.map((entry) => ({
    entry: named(entry),
    folders: foldersToMake(info, entry.path),
    isTargetItself: false,
  }));
}

/** A root's node has no name: in the target it gets the last one of its path. */
function named(entry: Entry): Entry {
  return entry.node.name.length > 0 ? entry : { ...entry, node: { ...entry.node, name: splitPath(entry.path).name } };
}

/** @throws BcatError target-failed naming the first thing that is in the way */
export async function refuseExisting(
  { repository, posix, run }: { repository: Repository; posix: Posix; run: RestoreRun },
  target: { directory: Directory; path: Uint8Array },
  plan: readonly PlannedEntry[],
): Promise<void> {
  for (const { entry, folders, isTargetItself } of plan) {
    if (!isTargetItself) {
      refuseName(posix, target, folders[0]?.name ?? entry.node.name);
      continue;
    }
    for await (const nodes of readNodes(repository, entry.node.subtree!)) {
      for (const node of nodes) {
        refuseName(posix, target, node.name);
        await run.breathe(0);
      }
    }
  }
}

function refuseName(posix: Posix, target: { directory: Directory; path: Uint8Array }, name: Uint8Array): void {
  const path = showName(joinPath(target.path, name));
  try {
    posix.statAt(target.directory, name, new Stat());
  } catch (error) {
    const code = systemErrorCode(error);
    // A name that the file system cannot have costs its entry, when its turn comes.
    if (code === "ENOENT" || code === "ENAMETOOLONG") return;
    throw new BcatError("target-failed", `Cannot restore onto ${path}: ${describe(error)}`, { cause: error });
  }
  throw new BcatError(
    "target-failed",
    `Cannot restore onto ${path}: it exists; nothing was written: remove it, or give another target`,
  );
}
