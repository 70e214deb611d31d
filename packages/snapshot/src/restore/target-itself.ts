/** The folder that all goes into, where it is to be one of the snapshot. */
import { type Directory, type Posix, Stat } from "@bcat/posix";
import { flagsOf } from "../backup/inode-flags.js";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { EntryFaults } from "./entry-faults.js";
import type { FlagSetter } from "./inode-flags.js";
import { MetadataSetter } from "./metadata.js";
import type { OldFolders } from "./old-folders.js";
import type { RestoreRun } from "./restore-run.js";
import type { Target } from "./target.js";
import { protectAgain, takeFlags, unprotect } from "./unprotect.js";

const NO_NAME = new Uint8Array(0);

export interface TargetItselfParts {
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  readonly flags: FlagSetter;
  readonly faults: EntryFaults;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  /** Undefined when only a target that is made now is to be as the snapshot says. */
  readonly oldFolders: OldFolders | undefined;
}

/** The folder of the snapshot. */
interface Itself {
  readonly path: Uint8Array;
  readonly node: Node;
}

export class TargetItself {
  readonly #parts: TargetItselfParts;
  #begun: { readonly directory: Directory; readonly itself: Itself } | undefined;
  /** Inode flags that it had when it was there before. */
  #oldFlags = 0;
  /** With all flags that it had, if some protected it. */
  #unprotected: { readonly directory: Directory; readonly flags: number } | undefined;

  constructor(parts: TargetItselfParts) {
    this.#parts = parts;
  }

  /**
   * To be called before anything is in it. It is to be as the snapshot says if it was made, now or by a restore that was
   * interrupted: that can be seen by owner and mode, which it is given now.
   *
   * @returns inode flags that it is to have in the end; undefined for those that it has
   */
  async begin({ directory, wasMade }: Target, itself: Itself): Promise<number | undefined> {
    const { posix, attributes, flags, oldFolders, faults, recordsAttributes } = this.#parts;
    const { node } = itself;
    // What cannot be set is counted in the end, when it is set once more.
    if (wasMade) new MetadataSetter(posix).setFile(directory.fd, { ...node, mode: (node.mode & 0o777) | 0o700 });
    if (!wasMade && oldFolders !== undefined) this.#unprotect(directory);
    try {
      if (!wasMade && (oldFolders === undefined || !this.#isBegun(directory, node))) return undefined;
      this.#begun = { directory, itself };
      if (!wasMade) takeFlags(posix, directory.fd, flags.old.lost(this.#oldFlags, node, undefined));
      // Of a snapshot that says what lists its entries have, none is to have another.
      if (!wasMade) await oldFolders?.enterOpen(directory, itself);
      else if (recordsAttributes && attributes.givesLists(directory)) attributes.takeLists(directory, NO_NAME);
    } catch (error) {
      await faults.tolerate(itself.path, error);
    }
    return wasMade ? undefined : flags.old.final(this.#oldFlags, { node });
  }

  /** Entries are made in it. */
  #unprotect(directory: Directory): void {
    const { posix } = this.#parts;
    this.#oldFlags = flagsOf(posix, directory.fd);
    const flags = unprotect(posix, directory.fd);
    if (flags !== undefined) this.#unprotected = { directory, flags };
  }

  #isBegun(directory: Directory, node: Node): boolean {
    const { posix, metadata } = this.#parts;
    const stat = new Stat();
    posix.statFile(directory.fd, stat);
    return metadata.isBegun(node, stat);
  }

  /** Gives it all that the snapshot says of it, if it is to have that. */
  async finish(): Promise<void> {
    const { metadata, attributes, flags, run, posix } = this.#parts;
    const old = this.#unprotected;
    if (this.#begun === undefined) {
      if (old !== undefined) protectAgain(posix, old.directory.fd, old.flags);
      return;
    }
    const { directory, itself } = this.#begun;
    const { path, node } = itself;
    const fault = metadata.setFile(directory.fd, node);
    const named = { path, node: { ...node, name: NO_NAME } };
    const faults = [fault, await attributes.set(directory, named)].filter((text) => text !== undefined);
    if (faults.length > 0) run.report(path, faults.join(", "), "metadata-not-set");
    flags.setOpen(directory.fd, path, { node, oldFlags: this.#oldFlags });
  }
}
