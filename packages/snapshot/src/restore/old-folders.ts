/**
 * Old folders that are restored into are made ready first: entries can be made in them, nobody looks in who will not be
 * allowed to, and what people and programs have given to them and the snapshot has not is taken from them. What the
 * snapshot has is set when all is in them.
 */
import { systemErrorCode } from "@bcat/errors";
import { type Directory, FileType, type Posix, Stat } from "@bcat/posix";
import { showName } from "../tree/name.js";
import type { Node } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { Located } from "./entry-in-folder.js";
import type { EntryToPlace } from "./existing-entries.js";
import type { OldFlags } from "./old-flags.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories } from "./target-directory.js";
import { unprotectAt } from "./unprotect.js";

/** What the owner of a folder needs to restore into it. */
const OWNER_ALL = 0o700;
/** Under a list, what those may do whom it names; without it, the group. */
const GROUP = 0o070;

export interface OldFoldersParts {
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly directories: TargetDirectories;
  readonly attributes: AttributeSetter;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly flags: OldFlags;
}

export class OldFolders {
  readonly #parts: OldFoldersParts;
  readonly #stat = new Stat();

  constructor(parts: OldFoldersParts) {
    this.#parts = parts;
  }

  /**
   * To be called before anything is restored into the folder of that name. The inode flags that it had, as far as they are
   * known. @throws what the system says
   */
  async enter(entry: EntryToPlace): Promise<number> {
    const { directory, node } = entry;
    const { posix, directories } = this.#parts;
    const isListed = await directories.holding(directory, (handle) => this.#hasListOf(handle, node));
    const handle = directories.handle(directory);
    posix.statAt(handle, node.name, this.#stat);
    if (this.#stat.type !== FileType.DIRECTORY) return 0;
    // Else what is made in it would have those that it loses.
    const flags = unprotectAt(posix, handle, node.name, (old) => this.#parts.flags.lost(old, node, directory));
    const allowed = (node.mode | 0o7000) & (isListed ? ~0 : ~GROUP);
    this.#setMode(handle, node.name, (this.#stat.mode & allowed) | OWNER_ALL);
    this.#takeOthers(handle, { entry, node, keepsList: isListed });
    return flags;
  }

  /** The same for an open folder, whose mode is right. */
  async enterOpen(directory: Directory, entry: { readonly path: Uint8Array; readonly node: Node }): Promise<void> {
    const itself = { ...entry.node, name: NO_NAME };
    this.#takeOthers(directory, { entry, node: itself, keepsList: await this.#hasListOf(directory, itself) });
  }

  /** Whether the folder has the access control list that the snapshot says, if it says one. */
  async #hasListOf(handle: Directory, node: Node): Promise<boolean> {
    return !this.#parts.recordsAttributes || (await this.#parts.attributes.hasAccessList(handle, node));
  }

  #setMode(handle: Directory, name: Uint8Array, mode: number): void {
    if (mode === this.#stat.mode) return;
    try {
      this.#parts.posix.setModeAt(handle, name, mode);
    } catch (error) {
      // Not one's own: what cannot be made in it is reported.
      if (systemErrorCode(error) !== "EPERM") throw error;
    }
  }

  /** A list that is another than the snapshot has goes too: it may let in whom the other does not. */
  #takeOthers(
    handle: Directory,
    { entry, node, keepsList }: { readonly entry: Located; readonly node: Node; readonly keepsList: boolean },
  ): void {
    const { attributes, run, recordsAttributes } = this.#parts;
    if (!recordsAttributes) return;
    const faults = attributes.takeOthers(handle, node, keepsList);
    for (const { name, error } of faults) {
      run.refuseExhausted(entry.path, error);
      const why = systemErrorCode(error) ?? String(error);
      const what = `its extended attribute ${showName(name)}, which the snapshot has not, could not be removed (${why})`;
      run.report(entry.path, what, "metadata-not-set");
    }
  }
}

const NO_NAME = new Uint8Array(0);
