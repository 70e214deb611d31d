/**
 * What an old folder has beside owner, mode and times that a restore takes from it: extended attributes, with access
 * control lists, and inode flags that get another value, or go.
 */
import type { Directory } from "@bcat/posix";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { OldFlags } from "./old-flags.js";
import type { TargetDirectory } from "./target-directory.js";

export interface FolderLossesParts {
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly flags: OldFlags;
}

export interface OldFolder {
  /** The directory that it lies in; of the target, the target itself. */
  readonly handle: Directory;
  /** The same; undefined for the target. */
  readonly directory: TargetDirectory | undefined;
  /** Inode flags that it has. */
  readonly oldFlags: number;
}

/**
 * Whether the folder of the node's name (without one: `handle` itself) loses something when it becomes what the node says.
 */
export async function losesSome(
  { attributes, recordsAttributes, flags }: FolderLossesParts,
  { handle, directory, oldFlags }: OldFolder,
  node: Node,
): Promise<boolean> {
  return flags.lost(oldFlags, node, directory) !== 0 || (await attributes.takesAny(handle, node, recordsAttributes));
}
