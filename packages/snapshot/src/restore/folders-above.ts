/** The folders that the roots of a snapshot lay in, made for a restore of several roots. */
import { systemErrorCode } from "@bcat/errors";
import { FileType, type Posix, Stat } from "@bcat/posix";
import type { FolderAbove } from "@bcat/repository";
import { keyOf, pathsAbove, splitPath } from "../path.js";
import { PathIndex } from "../path-index.js";
import type { SnapshotInfo } from "../snapshots.js";
import { decodeLeaf } from "../tree/leaf.js";
import { type Node, NodeType } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { FinishedEntry } from "./finished-entries.js";
import type { RestoreRun } from "./restore-run.js";
import { type TargetDirectories, TargetDirectory } from "./target-directory.js";

export interface FolderToMake {
  /** In the snapshot. */
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  /** Under its name; undefined when the snapshot does not say what the folder was. */
  readonly node: Node | undefined;
}

/** Those that `path` lies in, from the outermost on, but for `/`. @throws CorruptError */
export function foldersToMake(info: SnapshotInfo, path: Uint8Array): FolderToMake[] {
  const above = pathsAbove(path).filter((folder) => folder.length > 1);
  return above.map((folder) => ({ path: folder, name: splitPath(folder).name, node: folderAbove(info, folder) }));
}

/** Each of as many roots asks for all of its own. */
const indexes = new WeakMap<readonly FolderAbove[], PathIndex<FolderAbove>>();
const NONE: readonly FolderAbove[] = [];

function indexOf(folders: readonly FolderAbove[]): PathIndex<FolderAbove> {
  const index = indexes.get(folders) ?? new PathIndex(folders, ({ path }) => path);
  indexes.set(folders, index);
  return index;
}

/** What a folder above the roots was, under its own name. @throws CorruptError */
export function folderAbove(info: SnapshotInfo, path: Uint8Array): Node | undefined {
  const found = indexOf(info.snapshot.foldersAbove ?? NONE).at(path);
  if (found === undefined) return undefined;
  const [node] = decodeLeaf(found.node, { root: true, what: `a folder above the roots of snapshot ${info.number}` });
  return node!.type === NodeType.directory ? { ...node!, name: splitPath(path).name } : undefined;
}

/**
 * Of a folder that is made and not finished: for its owner alone, with the sticky bit, which does nothing for it and by
 * which a restore that goes on knows what an earlier one has made. A private folder of somebody's own has it not.
 */
const BEGUN = 0o1700;
/** What a folder gets from the one above. */
const SET_GROUP_ID = 0o2000;

export interface FoldersAboveParts {
  readonly posix: Posix;
  readonly directories: TargetDirectories;
  readonly attributes: AttributeSetter;
  readonly run: RestoreRun;
  /** Entries may be in folders that are there. */
  readonly isInPlace: boolean;
  /** Finds out whether an old folder gives lists to what is made in it. */
  readonly lookForLists: (directory: TargetDirectory) => void;
}

export class FoldersAbove {
  readonly #parts: FoldersAboveParts;
  #made: FinishedEntry[] = [];
  /** Their paths in the snapshot. */
  readonly #begun = new Set<string>();
  readonly #stat = new Stat();
  #unknown = 0;

  constructor(parts: FoldersAboveParts) {
    this.#parts = parts;
  }

  /** Makes those that are not there; the innermost. */
  make(top: TargetDirectory, folders: readonly FolderToMake[]): TargetDirectory {
    const { posix, directories, attributes, isInPlace, lookForLists } = this.#parts;
    let directory = top;
    for (const { path, name, node } of folders) {
      let isOld = false;
      try {
        // Only ours until its mode is set, when everything is in it; for good, if nobody knows it.
        posix.makeDirectoryAt(directories.handle(directory), name, node === undefined ? 0o700 : BEGUN);
        if (directory.givesLists) attributes.takeLists(directories.handle(directory), name);
        if (node === undefined) this.#unknown++;
        else this.#begin({ directory, path, node });
      } catch (error) {
        if (systemErrorCode(error) !== "EEXIST") throw error;
        isOld = isInPlace;
        if (isOld && node !== undefined && this.#isUnfinished(directory, name)) this.#begin({ directory, path, node });
      }
      directory = new TargetDirectory(directory, name, isOld);
      if (isOld) lookForLists(directory);
    }
    return directory;
  }

  /** Of many roots in a folder each comes by it. */
  #begin(folder: FinishedEntry): void {
    const key = keyOf(folder.path);
    if (this.#begun.has(key)) return;
    this.#begun.add(key);
    this.#made.push(folder);
  }

  /** Whether an interrupted restore has made it, or this one: others are left as they are. */
  #isUnfinished(parent: TargetDirectory, name: Uint8Array): boolean {
    const { posix, directories } = this.#parts;
    posix.statAt(directories.handle(parent), name, this.#stat);
    return this.#stat.type === FileType.DIRECTORY && (this.#stat.mode & ~SET_GROUP_ID) === BEGUN;
  }

  /** Those that were made, the inner ones first: to be finished when all is in them. */
  take(): readonly FinishedEntry[] {
    const made = this.#made.reverse();
    this.#made = [];
    return made;
  }

  noteUnknown(path: Uint8Array): void {
    if (this.#unknown === 0) return;
    const what =
      this.#unknown === 1 ? "a folder above the sources was" : `${this.#unknown} folders above the sources were`;
    this.#parts.run.note(path, `${what} made for you alone (mode 0700): this snapshot does not say what mode it had`);
  }
}
