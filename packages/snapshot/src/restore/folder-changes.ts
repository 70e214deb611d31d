/**
 * Whether a folder that is there would become another one: by owner, mode, inode flags or extended attributes. Its time is
 * passed over: it changes with what is in the folder.
 */
import { type Posix, Stat } from "@bcat/posix";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { OldFolder } from "./folder-losses.js";
import type { MetadataSetter } from "./metadata.js";
import type { OldFlags } from "./old-flags.js";

const NO_NAME = new Uint8Array(0);

export interface FolderChangesParts {
  readonly posix: Posix;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly flags: OldFlags;
  /** The user may set inode flags that protect an entry. */
  readonly mayProtect: boolean;
}

export class FolderChanges {
  readonly #parts: FolderChangesParts;
  readonly #stat = new Stat();

  constructor(parts: FolderChangesParts) {
    this.#parts = parts;
  }

  /** Of the folder of the node's name. @throws what the system says */
  async changesIn(folder: OldFolder, node: Node): Promise<boolean> {
    this.#parts.posix.statAt(folder.handle, node.name, this.#stat);
    return !this.#isSet(node) || (await this.#changesMore(folder, node));
  }

  /** Of the target itself; undefined where it is not to be as the node says, for no restore has begun to make it so. */
  async changes(target: OldFolder, node: Node): Promise<boolean | undefined> {
    const { posix, metadata } = this.#parts;
    posix.statFile(target.handle.fd, this.#stat);
    if (!metadata.isBegun(node, this.#stat)) return undefined;
    return !this.#isSet(node) || (await this.#changesMore(target, { ...node, name: NO_NAME }));
  }

  #isSet(node: Node): boolean {
    const { mtimeSeconds, mtimeNanoseconds } = this.#stat;
    return this.#parts.metadata.isSet({ ...node, mtimeSeconds, mtimeNanoseconds }, this.#stat);
  }

  async #changesMore({ handle, directory, oldFlags }: OldFolder, node: Node): Promise<boolean> {
    const { attributes, recordsAttributes, flags, mayProtect } = this.#parts;
    if (flags.lost(oldFlags, node, directory) !== 0 || flags.mayGain(oldFlags, node, { handle, mayProtect }))
      return true;
    return (await attributes.compare(handle, node, recordsAttributes)) !== "same";
  }
}
