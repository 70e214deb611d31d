/**
 * What an old folder has beside owner, mode and times that a restore takes from it: extended attributes, with access
 * control lists, and inode flags that get another value, or go.
 */
import { type Directory, FileType, type Posix } from "@bcat/posix";
import { flagsAt } from "../backup/inode-flags.js";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { OldFlags } from "./old-flags.js";
import type { TargetDirectory } from "./target-directory.js";

export interface FolderLossesParts {
  readonly posix: Posix;
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly flags: OldFlags;
}

/**
 * Whether the folder of the node's name (without one: `handle` itself) loses something when it becomes what the node says.
 *
 * @param directory that it lies in, open as `handle`; undefined for the target itself
 */
export async function losesSome(
  { posix, attributes, recordsAttributes, flags }: FolderLossesParts,
  { handle, directory }: { readonly handle: Directory; readonly directory: TargetDirectory | undefined },
  node: Node,
): Promise<boolean> {
  const old = flagsAt(posix, handle, { name: node.name, type: FileType.DIRECTORY });
  return flags.lost(old, node, directory) !== 0 || (await attributes.takesAny(handle, node, recordsAttributes));
}
