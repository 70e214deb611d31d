/**
 * What happens in the target before a restore in place writes: it is looked at, what will be deleted is told, what will be
 * overwritten or deleted is kept as a snapshot, and then it is deleted: first, so that there is space.
 */
import { BcatError } from "@bcat/errors";
import { type Directory, isOneFile, type Posix, Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { joinPath } from "../path.js";
import { showName } from "../tree/name.js";
import { AttributeSetter } from "./attributes.js";
import type { RestoreParts } from "./create-contents.js";
import { EntryFaults } from "./entry-faults.js";
import { ExistingEntries } from "./existing-entries.js";
import { localFileParts } from "./in-place.js";
import { keepOld } from "./keep-old.js";
import { KeptLinks } from "./kept-links.js";
import { KeptPaths } from "./kept-paths.js";
import { MetadataSetter } from "./metadata.js";
import { OldFlags } from "./old-flags.js";
import type { DeletionPlan, RestoreOptions } from "./options.js";
import type { Overwrite } from "./overwrite.js";
import type { PlannedEntry } from "./plan.js";
import { closeQuietly, TargetDirectories } from "./target-directory.js";
import { type SurveyVisitor, TargetSurvey } from "./target-survey.js";
import { type LeftAlone, type RemovalCounts, TreeRemover } from "./tree-remover.js";

/** Entries to delete that are told by name. */
const NAMED_MAX = 5;

export interface PrepareParts extends RestoreParts {
  readonly overwrite: Overwrite;
  readonly options: RestoreOptions;
}

/**
 * What may be overwritten; undefined for all.
 *
 * @throws BcatError refused, interrupted, and what the caller throws who is told of the plan: nothing was changed then
 */
export async function prepareTarget(plan: readonly PlannedEntry[], parts: PrepareParts): Promise<RestoreParts["kept"]> {
  const { options, posix, run, top, repository, own } = parts;
  const { deletes, keep } = options;
  if (deletes === undefined && keep === undefined) return undefined;
  if (deletes !== undefined) refuseSystemRoot(parts, plan);
  const directories = new TargetDirectories(posix);
  const walk = createWalk(parts, { directories, plan });
  const found = new Found(repository, top.path);
  const breathe = () => run.breathe(0);
  const report = () => {
    found.leavesSome = true;
  };
  const counting = deletes && new TreeRemover({ posix, own, report, breathe });
  try {
    await walk({
      ...(keep === undefined
        ? {}
        : { onChange: (path, stat) => found.change(path, stat), onTouch: (path, stat) => found.paths.add(path, stat) }),
      ...(counting === undefined
        ? {}
        : goners(deletes, (parent, name, left) => found.addExtra(counting, { parent, name, left }))),
    });
    if (found.deletionCount > 0) await deletes?.onPlan(found.deletionPlan);
    if (keep !== undefined && found.links.lackSome) {
      // Among those that were passed by, before one of their file was met that will go.
      await walk({ onName: (path, stat) => found.links.offer(path, stat, found.paths) });
      noteLinks(run, plan[0]!.entry.path, found.links.count);
    }
    if (keep !== undefined && found.isWorthKeeping)
      run.kept = await keepOld(
        repository,
        posix,
        { paths: found.paths, top: top.path, ownFolders: options.ownFolders ?? [] },
        keep,
      );
    keep?.onKept?.(run.kept);
    const remover = createRemover(parts, found.paths);
    run.begin();
    if (remover !== undefined && (found.deletionCount > 0 || found.leavesSome))
      await walk(goners(deletes, (parent, name, left) => remover.remove(parent, name, left)));
    return keep && { paths: found.paths, isPrivileged: keep.isPrivileged === true };
  } finally {
    directories.closeAll();
  }
}

function noteLinks(run: RestoreParts["run"], path: Uint8Array, count: number): void {
  if (count === 0) return;
  const what = "undo cannot make one file of all names again, some lie outside of what is restored";
  run.note(path, `${what} (of ${count === 1 ? "one file" : `${count} files`} that will be overwritten or deleted)`);
}

/** What a folder holds that is restored as `/`, where it never was: all else there is would go. */
function refuseSystemRoot({ posix, top }: PrepareParts, plan: readonly PlannedEntry[]): void {
  const itself = plan.find(({ isTargetItself }) => isTargetItself);
  if (itself === undefined || itself.entry.path.length === 1 || !isSystemRoot(posix, top)) return;
  const path = showName(itself.entry.path);
  throw new BcatError(
    "target-failed",
    `Cannot delete what is in "/" for the sake of ${path}: nothing was changed; to put that back where it was, restore it with --target /`,
  );
}

function isSystemRoot(posix: Posix, { fd }: Directory): boolean {
  const root = posix.openDirectoryToSearch(Buffer.from("/"));
  try {
    const [target, system] = [new Stat(), new Stat()];
    posix.statFile(fd, target);
    posix.statFile(root.fd, system);
    return isOneFile(target, system);
  } finally {
    closeQuietly(posix, root);
  }
}

function goners(
  deletes: RestoreOptions["deletes"],
  act: (parent: Directory, name: Uint8Array, left?: LeftAlone) => Promise<unknown>,
): SurveyVisitor {
  return deletes?.onlyObstacles === true ? { onObstacle: act } : { onObstacle: act, onExtra: act };
}

/** Removes what a restore deletes, and counts it; undefined when it deletes nothing. */
function createRemover(parts: PrepareParts, planned: KeptPaths): TreeRemover | undefined {
  const { posix, run, options, own } = parts;
  if (options.deletes === undefined) return undefined;
  return new TreeRemover({
    posix,
    own,
    report: (path, error) => {
      run.refuseExhausted(path, error);
      if (typeof error === "string") run.leaveOut(path, error);
      else run.reportKept(path, error);
    },
    onRemoved: () => run.deleted++,
    breathe: () => run.breathe(0),
    // The target has been looked at some time ago: to think, and to keep what is there, takes its time.
    mayRemove: (path, stat) => planned.holds(path, stat),
  });
}

type Walk = (visitor: SurveyVisitor) => Promise<void>;

function createWalk(
  parts: PrepareParts,
  { directories, plan }: { readonly directories: TargetDirectories; readonly plan: readonly PlannedEntry[] },
): Walk {
  const metadata = new MetadataSetter(parts.posix);
  // Else every file of somebody else would seem to be about to change.
  if (parts.options.keep?.isPrivileged !== true) metadata.ignoreOwners();
  const attributes = new AttributeSetter(parts);
  const existing = new ExistingEntries({
    ...parts,
    directories,
    metadata,
    attributes,
    local: localFileParts(parts),
    mayProtect: parts.options.keep?.isPrivileged === true,
    finish: () => {},
    isDry: true,
  });
  const survey = new TargetSurvey({
    ...parts,
    directories,
    metadata,
    attributes,
    flags: new OldFlags({ ...parts, directories }),
    existing,
    faults: new EntryFaults(parts),
  });
  const top = directories.top(parts.top, true);
  return (visitor) => survey.walk(top, plan, visitor);
}

/** What was found in the target. */
class Found {
  readonly paths: KeptPaths;
  readonly links = new KeptLinks();
  isWorthKeeping = false;
  /** Something will not be deleted, which is to be said. */
  leavesSome = false;
  readonly #counts: RemovalCounts = { files: 0, folders: 0, bytes: 0 };
  readonly #first: Uint8Array[] = [];

  constructor(repository: Repository, top: Uint8Array) {
    this.paths = new KeptPaths(repository.nameHash, top);
  }

  get deletionCount(): number {
    return this.#counts.files + this.#counts.folders;
  }

  get deletionPlan(): DeletionPlan {
    return { ...this.#counts, first: this.#first };
  }

  change(path: Uint8Array, stat: Stat): void {
    this.isWorthKeeping = true;
    this.links.add(stat);
    this.paths.add(path, stat);
  }

  async addExtra(
    counting: TreeRemover,
    { parent, name, left }: { parent: Directory; name: Uint8Array; left: LeftAlone | undefined },
  ): Promise<void> {
    const before = this.deletionCount;
    await counting.count(parent, name, { counts: this.#counts, visit: (path, stat) => this.change(path, stat), left });
    if (this.deletionCount > before && this.#first.length < NAMED_MAX) this.#first.push(joinPath(parent.path, name));
  }
}
