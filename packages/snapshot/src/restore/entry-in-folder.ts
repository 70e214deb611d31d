/**
 * An entry of a folder that is gone through. Its path is put together when somebody asks for it, to report it mostly: of
 * folders nested by the thousand each has a long one, and all on the way down are known at once.
 */
import { joinNames, joinPath } from "../path.js";
import { type Node, NodeType } from "../tree/node.js";

/** What has a path in the snapshot. */
export interface Located {
  readonly path: Uint8Array;
}

/** Of folders one in another, each so many keeps its path: else that of a deep entry would take as many steps as it is deep. */
const KEPT_EACH = 64;

/** @typeParam D what is known of the directory that it lies in, in the target */
export class EntryInFolder<D> {
  readonly directory: D;
  readonly node: Node;
  /** Something had the name before the restore. */
  readonly isTaken: boolean;
  readonly #folder: Located;
  readonly #depth: number;
  readonly #path: Uint8Array | undefined;

  /** @param folder that it lies in, in the snapshot */
  constructor(folder: Located, node: Node, directory: D, isTaken = false) {
    this.#folder = folder;
    this.node = node;
    this.directory = directory;
    this.isTaken = isTaken;
    this.#depth = folder instanceof EntryInFolder ? folder.#depth + 1 : 1;
    this.#path = this.#depth % KEPT_EACH === 0 && node.type === NodeType.directory ? this.#join() : undefined;
  }

  /** In the snapshot. */
  get path(): Uint8Array {
    return this.#path ?? this.#join();
  }

  /** Without recursion: folders may be nested by the thousand. */
  #join(): Uint8Array {
    const names = [this.node.name];
    let at = this.#folder;
    for (; at instanceof EntryInFolder && at.#path === undefined; at = at.#folder) names.push(at.node.name);
    return joinPath(at.path, names.length === 1 ? names[0]! : joinNames(names.reverse()));
  }
}
