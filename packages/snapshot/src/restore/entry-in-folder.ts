/**
 * An entry of a folder that is gone through. Its path is put together when somebody asks for it, to report it mostly: of
 * folders nested by the thousand each has a long one, and all on the way down are known at once.
 */
import { joinNames, joinPath } from "../path.js";
import type { Node } from "../tree/node.js";

/** What has a path in the snapshot. */
export interface Located {
  readonly path: Uint8Array;
}

/** @typeParam D what is known of the directory that it lies in, in the target */
export class EntryInFolder<D> {
  readonly directory: D;
  readonly node: Node;
  /** Something had the name before the restore. */
  readonly isTaken: boolean;
  readonly #folder: Located;

  /** @param folder that it lies in, in the snapshot */
  constructor(folder: Located, node: Node, directory: D, isTaken = false) {
    this.#folder = folder;
    this.node = node;
    this.directory = directory;
    this.isTaken = isTaken;
  }

  /** In the snapshot; of new memory each time. */
  get path(): Uint8Array {
    return pathIn(this.#folder, this.node.name);
  }

  static folderOf(entry: Located): { readonly folder: Located; readonly name: Uint8Array } | undefined {
    return entry instanceof EntryInFolder ? { folder: entry.#folder, name: entry.node.name } : undefined;
  }
}

/** Without recursion: folders may be nested by the thousand. */
function pathIn(folder: Located, name: Uint8Array): Uint8Array {
  const names = [name];
  let at = folder;
  for (let inner = EntryInFolder.folderOf(at); inner !== undefined; inner = EntryInFolder.folderOf(at)) {
    names.push(inner.name);
    at = inner.folder;
  }
  if (names.length === 1) return joinPath(at.path, name);
  return joinPath(at.path, joinNames(names.reverse()));
}
