/** Where restored entries go: every place is known, and known to be free, before anything is written. */
import { BcatError, systemErrorCode } from "@bcat/errors";
import { type Directory, type Posix, Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { isHere } from "../entries.js";
import { describe } from "../faults.js";
import { type FindOptions, type FoundEntries, findCurrentFolder, findEntries } from "../find-entries.js";
import { componentsOf, joinPath, splitPath } from "../path.js";
import { type Entry, rootEntries } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { compareBytes, showName } from "../tree/name.js";
import { NodeType } from "../tree/node.js";
import { type FolderToMake, foldersToMake } from "./folders-above.js";
import type { RestoreRun } from "./restore-run.js";
import type { WantedNodes } from "./wanted-nodes.js";

const ROOT = Uint8Array.of(0x2f);

/** What is to be restored. */
export type Wanted =
  /** The contents of the one root; of several: each under its full path. */
  | "all"
  /** Each root under its full path. */
  | "full-paths"
  /** The entry at this path, under its own name. */
  | Uint8Array
  | WantedPaths
  /** What is in the folder at this path. */
  | { readonly contentsOf: Uint8Array };

/** The entries at these paths, under their own names. */
export interface WantedPaths {
  readonly paths: readonly Uint8Array[];
  /** A single entry that is no folder gets the target's name, unless the target is a folder. */
  readonly targetMayBeName?: boolean;
}

/** One entry and the directories, below the target, it goes into. */
export interface PlannedEntry {
  readonly entry: Entry;
  readonly folders: readonly FolderToMake[];
  /** The entry's own children go into the target, and its metadata to the target itself if that is made. */
  readonly isTargetItself: boolean;
}

export interface RestorePlan {
  readonly entries: readonly PlannedEntry[];
  /** Patterns are about paths from this folder on. */
  readonly base: Uint8Array;
}

/** @throws BcatError not-found, usage */
export async function planRestore(
  repository: Repository,
  info: SnapshotInfo,
  wanted: Wanted,
  options: FindOptions = {},
): Promise<RestorePlan> {
  if (typeof wanted !== "object" || !("contentsOf" in wanted))
    return { entries: await planEntries(repository, info, wanted, options), base: ROOT };
  const found = await findEntries(repository, info, wanted.contentsOf, options);
  return { entries: planContents(info, found), base: found.path };
}

async function planEntries(
  repository: Repository,
  info: SnapshotInfo,
  wanted: Exclude<Wanted, { contentsOf: Uint8Array }>,
  options: FindOptions,
): Promise<PlannedEntry[]> {
  if (wanted === "all") return planAll(info);
  if (wanted === "full-paths")
    return rootEntries(info).map((entry) => withFolders(entry, foldersToMake(info, entry.path)));
  const paths = wanted instanceof Uint8Array ? [wanted] : wanted.paths;
  if (paths.length === 1 && isHere(paths[0]!)) return await planHere(repository, info, options);
  const planned: PlannedEntry[] = [];
  for (const path of paths) {
    if (isHere(path)) throw new BcatError("usage", 'Cannot restore "." beside other paths: give it alone');
    planned.push(...planPath(info, await findEntries(repository, info, path, options)));
  }
  refuseSameNames(planned);
  return planned;
}

function planAll(info: SnapshotInfo): PlannedEntry[] {
  const roots = rootEntries(info);
  const [only, ...others] = roots;
  if (only === undefined || others.length > 0)
    return roots.map((entry) => withFolders(entry, foldersToMake(info, entry.path)));
  return [only.node.type === NodeType.directory ? itself(only) : underName(only)];
}

/** The current folder, when it was backed up; else everything. */
async function planHere(repository: Repository, info: SnapshotInfo, options: FindOptions): Promise<PlannedEntry[]> {
  const here = await findCurrentFolder(repository, info, options);
  return here === undefined ? planAll(info) : planContents(info, { path: here.path, entries: [here] });
}

/** As `cp -a` does. Several roots below the path: each under its full path. */
function planPath(info: SnapshotInfo, { entries }: FoundEntries): PlannedEntry[] {
  const [only, ...others] = entries;
  if (only === undefined || others.length > 0)
    return entries.map((entry) => withFolders(entry, foldersToMake(info, entry.path)));
  return [underName(only)];
}

/** @throws BcatError usage when that is no folder */
function planContents(info: SnapshotInfo, { path, entries }: FoundEntries): PlannedEntry[] {
  const above = componentsOf(path).length;
  return entries.map((entry) => {
    if (componentsOf(entry.path).length > above)
      return withFolders(entry, foldersToMake(info, entry.path).slice(above));
    if (entry.node.type === NodeType.directory) return itself(entry);
    const found = `Cannot restore the contents of ${showName(path)} of snapshot ${info.number}: it is no folder`;
    throw new BcatError("usage", `${found}; give it as a path`);
  });
}

function underName(entry: Entry): PlannedEntry {
  // The root of a file system has no name.
  return splitPath(entry.path).name.length === 0 ? itself(entry) : withFolders(entry, []);
}

function withFolders(entry: Entry, folders: readonly FolderToMake[]): PlannedEntry {
  return { entry: named(entry), folders, isTargetItself: false };
}

function itself(entry: Entry): PlannedEntry {
  return { entry: named(entry), folders: [], isTargetItself: true };
}

/** A root's node has no name: in the target it gets the last one of its path. */
function named(entry: Entry): Entry {
  return entry.node.name.length > 0 ? entry : { ...entry, node: { ...entry.node, name: splitPath(entry.path).name } };
}

/** @throws BcatError usage when two entries would be one in the target */
function refuseSameNames(plan: readonly PlannedEntry[]): void {
  const taken = new Map<string, Uint8Array>();
  for (const { entry, folders } of plan) {
    const names = [...folders.map(({ name }) => name), entry.node.name];
    const place = Buffer.from(names.reduce(joinPath)).toString("latin1");
    const other = taken.get(place);
    if (other === undefined) taken.set(place, entry.path);
    else if (compareBytes(other, entry.path) === 0)
      throw new BcatError("usage", `Cannot restore ${showName(entry.path)} twice: give it once`);
    else {
      const both = `Cannot restore ${showName(other)} and ${showName(entry.path)} into one folder`;
      throw new BcatError("usage", `${both}: they have the same name; restore them one by one`);
    }
  }
}

/** @throws BcatError exists, naming the first thing that is in the way; target-failed */
export async function refuseExisting(
  { nodes, posix, run }: { nodes: WantedNodes; posix: Posix; run: RestoreRun },
  target: { directory: Directory; path: Uint8Array },
  plan: readonly PlannedEntry[],
): Promise<void> {
  for (const { entry, folders, isTargetItself } of plan) {
    if (!isTargetItself) {
      refuseName(posix, target, folders[0]?.name ?? entry.node.name);
      continue;
    }
    for await (const children of nodes.in(entry)) {
      for (const node of children) {
        refuseName(posix, target, node.name);
        await run.breathe(0);
      }
    }
  }
}

/** The file system cannot have such a name, which costs its entry when its turn comes. */
const NO_SUCH_NAMES: ReadonlySet<string> = new Set(["ENAMETOOLONG", "EILSEQ", "EINVAL"]);

function refuseName(posix: Posix, target: { directory: Directory; path: Uint8Array }, name: Uint8Array): void {
  const path = showName(joinPath(target.path, name));
  try {
    posix.statAt(target.directory, name, new Stat());
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || (code !== undefined && NO_SUCH_NAMES.has(code))) return;
    throw new BcatError("target-failed", `Cannot restore onto ${path}: ${describe(error)}`, { cause: error });
  }
  throw new BcatError(
    "exists",
    `Cannot restore onto ${path}: it exists; nothing was written: give another target, or --overwrite, which with if-changed also goes on with an interrupted restore`,
  );
}
