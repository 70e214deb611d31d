/**
 * What an old folder has beside owner, mode and times that a restore takes from it: extended attributes, with access
 * control lists, and inode flags that get another value, or go.
 */
import { type Directory, FileType, type Posix } from "@bcat/posix";
import { flagsAt } from "../backup/inode-flags.js";
import { bitsOf, protectingFlags } from "../tree/inode-flags.js";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";

export interface FolderLossesParts {
  readonly posix: Posix;
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
}

/** Whether the folder of the node's name (without one: `directory` itself) loses something when it becomes what the node says. */
export async function losesSome(
  { posix, attributes, recordsAttributes }: FolderLossesParts,
  directory: Directory,
  node: Node,
): Promise<boolean> {
  const old = flagsAt(posix, directory, { name: node.name, type: FileType.DIRECTORY });
  return losesFlags(old, node) || (await attributes.takesAny(directory, node, recordsAttributes));
}

/** Where none are to be set, only what would keep the entry from being written to is taken off. */
export function losesFlags(old: number, { flags: wanted = 0 }: Node): boolean {
  return bitsOf(old, wanted === 0 ? protectingFlags : ~wanted) !== 0;
}
