/** What is at and below a path above the roots of a snapshot, as far as the snapshot knows the folders there. */
import type { FoundEntries } from "./find-entries.js";
import { componentsOf, isAtOrBelow, joinNames, joinPath, keyOf, pathsAbove } from "./path.js";
import { folderAbove } from "./restore/folders-above.js";
import type { Entry } from "./root-entries.js";
import type { SnapshotInfo } from "./snapshots.js";
import { compareBytes } from "./tree/name.js";

const top = Uint8Array.of(0x2f);

export interface WayToRoot {
  /** Those that no earlier root lies in, from the outermost on. */
  readonly folders: readonly Entry[];
  readonly root: Entry;
}

/** The roots below a path, each with the known folders on the way to it. @throws CorruptError */
export function* waysToRoots(info: SnapshotInfo, { path, entries }: FoundEntries): Generator<WayToRoot> {
  const seen = new Set<string>();
  for (const root of entries) {
    const isNew = (folder: Uint8Array) => isAtOrBelow(folder, path) && !seen.has(keyOf(folder));
    const above = pathsAbove(root.path).filter(isNew);
    for (const folder of above) seen.add(keyOf(folder));
    yield { folders: above.flatMap((folder) => knownFolder(info, folder)), root };
  }
}

/** The folder at a path above roots, and what is right in it. A root stands for folders on the way that are not known. */
export function* entriesAbove(info: SnapshotInfo, found: FoundEntries): Generator<Entry> {
  const depth = componentsOf(found.path).length + 1;
  for (const { folders, root } of waysToRoots(info, found)) {
    yield* folders.filter(({ path }) => componentsOf(path).length <= depth);
    const child = joinPath(top, joinNames(componentsOf(root.path).slice(0, depth)));
    if (compareBytes(child, root.path) === 0 || folderAbove(info, child) === undefined) yield root;
  }
}

function knownFolder(info: SnapshotInfo, path: Uint8Array): Entry[] {
  const node = folderAbove(info, path);
  return node === undefined ? [] : [{ path, node }];
}
