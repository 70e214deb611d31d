/**
 * Folders that what is restored lay in, and that are not restored with it, may have kept others out. Then a target that the
 * restore makes keeps them out, where the folders above it do not; of one that was there it is said.
 */
import { BcatError, systemErrorCode } from "@bcat/errors";
import { type Posix, Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { realPath, statFolder } from "../backup/own-folders.js";
import { describe } from "../faults.js";
import { componentsOf, isAtOrBelow, joinPath, keyOf, pathsAbove, splitPath } from "../path.js";
import { type Entry, rootEntries } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { compareBytes, showName } from "../tree/name.js";
import { type Node, NodeType } from "../tree/node.js";
import { readNodes } from "../tree/tree-reader.js";
import { isAccessList } from "./attributes.js";
import { folderAbove } from "./folders-above.js";
import type { PlannedEntry } from "./plan.js";
import type { RestoreRun } from "./restore-run.js";
import type { Target } from "./target.js";

const GROUP = 0o070;
const OTHERS = 0o007;
const GROUP_SEARCHES = 0o010;
const OTHERS_SEARCH = 0o001;

export interface FoldersLeftParts {
  readonly repository: Repository;
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly info: SnapshotInfo;
  /** Undefined for a look at what would be done, with a target that is to be made. */
  readonly target: Target | undefined;
  /** Of the target, absolute. */
  readonly path: Uint8Array;
}

/**
 * The plan, with the mode that the target is to have. To be called before anything is in the target.
 *
 * @throws BcatError target-failed
 */
export async function keepOthersOut(
  plan: readonly PlannedEntry[],
  parts: FoldersLeftParts,
): Promise<readonly PlannedEntry[]> {
  const folders = new FoldersLeft(parts);
  const kept: PlannedEntry[] = [];
  try {
    for (const planned of plan) kept.push(await folders.keepOut(planned));
    return kept;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    const what = `Cannot restore into ${showName(parts.path)}: ${describe(error)}`;
    throw new BcatError("target-failed", what, { cause: error });
  }
}

class FoldersLeft {
  readonly #parts: FoldersLeftParts;
  readonly #known = new Map<string, Node | undefined>();
  /** Permissions that the folders above the target give to nobody. */
  #closedHere: number | undefined;
  /** Says of which of these nobody knows whom it keeps out. */
  #unseen: string | undefined;
  #isSaid = false;

  constructor(parts: FoldersLeftParts) {
    this.#parts = parts;
  }

  async keepOut(planned: PlannedEntry): Promise<PlannedEntry> {
    const { entry, folders, isTargetItself } = planned;
    const { node } = entry;
    const outermost = folders[0]?.path ?? entry.path;
    // A folder of which nothing is known is made for its owner alone.
    const { mode } = folders.length === 0 ? node : (folders[0]!.node ?? { mode: 0 });
    const isOpen = node.type === NodeType.directory || node.type === NodeType.file;
    if (!isOpen || (mode & (GROUP | OTHERS)) === 0) return planned;
    const left = await this.#foldersOf(outermost);
    const closed = left.reduce((bits, folder) => bits | closedBy(folder.node, node.gid), 0);
    if ((closed & mode) === 0) return planned;
    this.#closedHere ??= this.#findClosed(entry.path);
    const lost = closed & mode & ~this.#closedHere;
    if (lost === 0) return planned;
    const keeper = left.find((folder) => (closedBy(folder.node, node.gid) & lost) !== 0)!;
    return isTargetItself ? this.#closeItself(planned, lost, keeper) : this.#closeTarget(planned, lost, keeper);
  }

  #closeItself(planned: PlannedEntry, lost: number, keeper: Entry): PlannedEntry {
    const { posix, target } = this.#parts;
    const { path, node } = planned.entry;
    const mode = node.mode & ~lost;
    const modes = `mode ${octal(mode)}, not ${octal(node.mode)}`;
    if (target === undefined) this.#say(path, `the target would get ${modes}`, keeper);
    else if (target.wasMade) this.#say(path, `the target got ${modes}`, keeper);
    else {
      const stat = new Stat();
      posix.statFile(target.directory.fd, stat);
      // An earlier restore has made it so.
      const isClosed = ((stat.mode ^ mode) & (GROUP | OTHERS)) === 0;
      if (!isClosed) {
        this.#sayOpen(path, lost & stat.mode, keeper);
        return planned;
      }
    }
    const attributes = node.attributes?.filter(({ name }) => !isAccessList(name));
    return { ...planned, entry: { path, node: { ...node, mode, ...(attributes && { attributes }) } } };
  }

  #closeTarget(planned: PlannedEntry, lost: number, keeper: Entry): PlannedEntry {
    const { posix, target } = this.#parts;
    const { path } = planned.entry;
    if (target === undefined) {
      this.#say(path, "the target would be closed to others", keeper);
      return planned;
    }
    const stat = new Stat();
    posix.statFile(target.directory.fd, stat);
    if (!target.wasMade) this.#sayOpen(path, lost & ~closedBy(stat, undefined), keeper);
    else if ((stat.mode & lost) !== 0) {
      posix.setFileMode(target.directory.fd, stat.mode & ~lost);
      this.#say(path, `the target got mode ${octal(stat.mode & ~lost)}`, keeper);
    }
    return planned;
  }

  #sayOpen(path: Uint8Array, lost: number, keeper: Entry): void {
    if (lost !== 0) this.#say(path, "others can get at it in the target", keeper);
  }

  /** Once: what holds for one entry mostly holds for all. */
  #say(path: Uint8Array, what: string, { path: folder, node }: Entry): void {
    if (this.#isSaid) return;
    this.#isSaid = true;
    const why = `${showName(folder)} (mode ${octal(node.mode)}), which kept others out, is not restored`;
    if (this.#unseen === undefined) this.#parts.run.note(path, `${what}: ${why}`);
    else this.#parts.run.report(path, `${what}: ${why}; ${this.#unseen}`, "metadata-not-set");
  }

  /** Folders that the path lay in, as far as the snapshot knows them. */
  async #foldersOf(path: Uint8Array): Promise<Entry[]> {
    const found: Entry[] = [];
    for (const folder of pathsAbove(path)) {
      const key = keyOf(folder);
      if (!this.#known.has(key)) this.#known.set(key, await this.#look(folder));
      const node = this.#known.get(key);
      if (node !== undefined) found.push({ path: folder, node });
    }
    return found;
  }

  async #look(path: Uint8Array): Promise<Node | undefined> {
    const { repository, info } = this.#parts;
    const root = rootEntries(info).find((entry) => isAtOrBelow(path, entry.path));
    if (root === undefined) return folderAbove(info, path);
    let node: Node | undefined = root.node;
    for (const name of componentsOf(path).slice(componentsOf(root.path).length)) {
      if (node?.type !== NodeType.directory) return undefined;
      node = await findIn(repository, node, name);
    }
    return node;
  }

  /** @param first what is restored */
  #findClosed(first: Uint8Array): number {
    const { posix, path, run, target } = this.#parts;
    const { folder: parent, name } = splitPath(path);
    const real = target === undefined ? joinPath(realPath(parent), name) : realPath(path);
    let closed = 0;
    for (const folder of pathsAbove(real)) {
      try {
        closed |= closedBy(statFolder(posix, folder), undefined);
      } catch (error) {
        run.refuseExhausted(first, error);
        this.#unseen = `${showName(folder)} could not be looked at: ${describe(error)}`;
      }
    }
    return closed;
  }
}

/** Permissions, of all below the folder, that it leaves nobody but its owner; `gid`: the group that theirs are for. */
function closedBy({ mode, gid: own }: Pick<Node, "mode" | "gid">, gid: number | undefined): number {
  const others = (mode & OTHERS_SEARCH) === 0 ? OTHERS : 0;
  // Which group it will be is not known of the target: nobody may be let in then.
  const needed = gid === undefined ? GROUP_SEARCHES | OTHERS_SEARCH : own === gid ? GROUP_SEARCHES : OTHERS_SEARCH;
  return others | ((mode & needed) === 0 ? GROUP : 0);
}

async function findIn(repository: Repository, folder: Node, name: Uint8Array): Promise<Node | undefined> {
  for await (const nodes of readNodes(repository, folder.subtree!)) {
    const found = nodes.find((node) => compareBytes(node.name, name) === 0);
    if (found !== undefined) return found;
  }
  return undefined;
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
