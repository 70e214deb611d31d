/**
 * Whether a folder that is there would become another one: by owner, mode, inode flags or extended attributes. Its time is
 * passed over: it changes with what is in the folder.
 */
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { flagsAt } from "../backup/inode-flags.js";
import { bitsOf, recordedFlags } from "../tree/inode-flags.js";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import { losesFlags } from "./folder-losses.js";
import type { MetadataSetter } from "./metadata.js";

const NO_NAME = new Uint8Array(0);

export interface FolderChangesParts {
  readonly posix: Posix;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
}

export class FolderChanges {
  readonly #parts: FolderChangesParts;
  readonly #stat = new Stat();

  constructor(parts: FolderChangesParts) {
    this.#parts = parts;
  }

  /** Of the folder of the node's name. @throws what the system says */
  async changesIn(parent: Directory, node: Node): Promise<boolean> {
    this.#parts.posix.statAt(parent, node.name, this.#stat);
    return !this.#isSet(node) || (await this.#changesMore(parent, node));
  }

  /** Of the target itself, which is to be as the node says only where a restore has begun to make it so. */
  async changes(directory: Directory, node: Node): Promise<boolean> {
    const { posix, metadata } = this.#parts;
    posix.statFile(directory.fd, this.#stat);
    if (!metadata.isBegun(node, this.#stat)) return false;
    return !this.#isSet(node) || (await this.#changesMore(directory, { ...node, name: NO_NAME }));
  }

  #isSet(node: Node): boolean {
    const { mtimeSeconds, mtimeNanoseconds } = this.#stat;
    return this.#parts.metadata.isSet({ ...node, mtimeSeconds, mtimeNanoseconds }, this.#stat);
  }

  async #changesMore(directory: Directory, node: Node): Promise<boolean> {
    const { posix, attributes, recordsAttributes } = this.#parts;
    const flags = flagsAt(posix, directory, { name: node.name, type: FileType.DIRECTORY });
    if (losesFlags(flags, node) || bitsOf(node.flags ?? 0, recordedFlags & ~flags) !== 0) return true;
    return (await attributes.compare(directory, node, recordsAttributes)) !== "same";
  }
}
