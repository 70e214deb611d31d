/**
 * Whether a folder that is there would become another one: by owner, mode, inode flags or extended attributes. Its time is
 * passed over: it changes with what is in the folder.
 */
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { flagsAt } from "../backup/inode-flags.js";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { MetadataSetter } from "./metadata.js";
import { lacksFlags, type OldFlags } from "./old-flags.js";
import type { TargetDirectory } from "./target-directory.js";

const NO_NAME = new Uint8Array(0);

export interface FolderChangesParts {
  readonly posix: Posix;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly flags: OldFlags;
}

/** Where a folder lies. */
interface Place {
  /** The directory that it lies in; of the target, the target itself. */
  readonly handle: Directory;
  /** Undefined for the target. */
  readonly directory: TargetDirectory | undefined;
}

export class FolderChanges {
  readonly #parts: FolderChangesParts;
  readonly #stat = new Stat();

  constructor(parts: FolderChangesParts) {
    this.#parts = parts;
  }

  /** Of the folder of the node's name. @throws what the system says */
  async changesIn(place: Place, node: Node): Promise<boolean> {
    this.#parts.posix.statAt(place.handle, node.name, this.#stat);
    return !this.#isSet(node) || (await this.#changesMore(place, node));
  }

  /** Of the target itself, which is to be as the node says only where a restore has begun to make it so. */
  async changes(target: Directory, node: Node): Promise<boolean> {
    const { posix, metadata } = this.#parts;
    posix.statFile(target.fd, this.#stat);
    if (!metadata.isBegun(node, this.#stat)) return false;
    const place = { handle: target, directory: undefined };
    return !this.#isSet(node) || (await this.#changesMore(place, { ...node, name: NO_NAME }));
  }

  #isSet(node: Node): boolean {
    const { mtimeSeconds, mtimeNanoseconds } = this.#stat;
    return this.#parts.metadata.isSet({ ...node, mtimeSeconds, mtimeNanoseconds }, this.#stat);
  }

  async #changesMore({ handle, directory }: Place, node: Node): Promise<boolean> {
    const { posix, attributes, recordsAttributes, flags } = this.#parts;
    const old = flagsAt(posix, handle, { name: node.name, type: FileType.DIRECTORY });
    if (flags.lost(old, node, directory) !== 0 || lacksFlags(old, node)) return true;
    return (await attributes.compare(handle, node, recordsAttributes)) !== "same";
  }
}
