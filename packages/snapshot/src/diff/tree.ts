/** Trees that can be compared: those of snapshots, and what lies in folders of this machine. */
import type { Node } from "../tree/node.js";
import { NodeType } from "../tree/node.js";

/** An entry of a tree. */
export interface Side {
  readonly name: Uint8Array;
  /** Undefined for a folder above sources, of which a snapshot has only what is in it. */
  readonly node: Node | undefined;
}

export interface Tree<Entry extends Side> {
  readonly top: Entry;
  /**
   * What is in a folder, in order of name, a piece at a time; nothing in what is none.
   *
   * @throws SourceError for a folder that cannot be read
   */
  children(entry: Entry): AsyncIterable<readonly Entry[]>;
}

export function isFolder({ node }: Side): boolean {
  return node === undefined || node.type === NodeType.directory;
}
