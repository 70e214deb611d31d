/**
 * Whether entries that are there are what the snapshot has. An existing file is changed in no way but its own owner, mode,
 * time, attributes and inode flags, and only when it has no other name.
 */
import { type Directory, FileType, type Posix, type Stat } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { flagsAt, flagsOf } from "../backup/inode-flags.js";
import { compareBytes } from "../tree/name.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { EntryToPlace } from "./existing-entries.js";
import { holdsContent } from "./local-content.js";
import { LocalFile, type LocalFileParts } from "./local-file.js";
import type { MetadataSetter } from "./metadata.js";
import { lacksFlags, OldFlags } from "./old-flags.js";
import type { Overwrite } from "./overwrite.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories } from "./target-directory.js";
import { protectAgain, unprotect } from "./unprotect.js";

export interface SameEntriesParts {
  readonly repository: Repository;
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  readonly local: LocalFileParts;
  readonly overwrite: Overwrite;
  /** The snapshot says which attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly recordsFlags: boolean;
  /** The user may set inode flags that protect an entry. */
  readonly mayProtect: boolean;
  /** Has attributes and inode flags set when all else is done. */
  readonly finish: (entry: EntryToPlace & { readonly oldFlags?: number }) => void;
  /** Nothing is changed, counted or reported: what would be removed or set is to be replaced. */
  readonly isDry?: boolean;
}

const TYPES: ReadonlyMap<NodeType, FileType> = new Map<NodeType, FileType>([
  [NodeType.file, FileType.FILE],
  [NodeType.directory, FileType.DIRECTORY],
  [NodeType.symlink, FileType.SYMLINK],
  [NodeType.fifo, FileType.FIFO],
  [NodeType.socket, FileType.SOCKET],
  [NodeType.characterDevice, FileType.CHARACTER],
  [NodeType.blockDevice, FileType.BLOCK],
]);

/** A file that is there. */
interface OldFile {
  readonly entry: EntryToPlace;
  readonly handle: Directory;
  readonly stat: Stat;
  /** Extended attributes are to be set. */
  readonly lacksSome: boolean;
}

export class SameEntries {
  readonly #parts: SameEntriesParts;
  readonly #flags: OldFlags;

  constructor(parts: SameEntriesParts) {
    this.#parts = parts;
    this.#flags = new OldFlags(parts);
  }

  /** Whether the old entry, of which `stat` is known, is what the snapshot has, or is when it is finished. */
  async holds(entry: EntryToPlace, handle: Directory, stat: Stat): Promise<boolean> {
    const { attributes, recordsAttributes, metadata, finish } = this.#parts;
    const { node } = entry;
    if (stat.type !== TYPES.get(node.type)) return false;
    const found = await attributes.compare(handle, node, recordsAttributes);
    const lacksSome = found === "different";
    if (found === "more" || (lacksSome && !this.#maySet(stat))) return false;
    if (node.type === NodeType.file) return await this.#isSameFile({ entry, handle, stat, lacksSome });
    const isSame = node.type === NodeType.symlink ? this.#leadsThere(handle, node) : isSameDevice(node, stat);
    if (!isSame || !metadata.isSet(node, stat)) return false;
    if (lacksSome) finish(entry);
    this.#countUnchanged(entry, 0);
    if (this.#parts.isDry !== true) this.#parts.metadata.addKept(node, stat);
    return true;
  }

  /** What lacks is set when that changes no other name of the file. */
  #maySet({ links }: Stat): boolean {
    return this.#parts.isDry !== true && links === 1;
  }

  async #isSameFile({ entry, handle, stat, lacksSome }: OldFile): Promise<boolean> {
    const { node } = entry;
    const { overwrite, metadata, posix, finish } = this.#parts;
    const content = node.content!;
    const size = contentSize(content);
    if (stat.size !== size) return false;
    const isSet = metadata.isSet(node, stat);
    const isTrusted = overwrite === "if-changed" && metadata.hasTime(node, stat);
    let isCounted = this.#parts.isDry === true;
    let oldFlags: number | undefined;
    if (!isTrusted || !isSet) {
      const file = LocalFile.open(this.#parts.local, handle, node.name);
      if (file === undefined) return false;
      try {
        if (!isTrusted && !(await holdsContent(file, content, this.#parts))) return false;
        oldFlags = flagsOf(posix, file.fd);
        if (!metadata.isSet(node, file.stat)) {
          if (!this.#setFile(entry, file)) return false;
          isCounted = true;
        }
      } finally {
        file.close();
      }
    }
    oldFlags ??= this.#flagsUnopened(node, handle, stat);
    const differs = this.#hasOtherFlags(entry, oldFlags, stat);
    if (differs && !this.#maySet(stat)) return false;
    if (differs || lacksSome) finish({ directory: entry.directory, path: entry.path, node, oldFlags });
    this.#countUnchanged(entry, size);
    if (!isCounted) metadata.addKept(node, stat);
    return true;
  }

  /** Where the snapshot has none, a file is not opened for those of which its stat does not tell. */
  #flagsUnopened(node: Node, handle: Directory, { type, flags }: Stat): number {
    return node.flags === undefined ? flags : flagsAt(this.#parts.posix, handle, { name: node.name, type });
  }

  /** A file with other names is replaced for them: so only for those that it will get. */
  #hasOtherFlags({ node, directory }: EntryToPlace, old: number, { links }: Stat): boolean {
    if (this.#flags.lost(old, node, directory) !== 0) return true;
    if (node.flags === undefined) return false;
    const { isDry, directories, mayProtect } = this.#parts;
    return isDry === true || links > 1
      ? this.#flags.mayGain(old, node, { handle: directories.handle(directory), mayProtect })
      : lacksFlags(old, node);
  }

  #countUnchanged(entry: EntryToPlace, bytes: number): void {
    if (this.#parts.isDry !== true) this.#parts.run.countUnchanged(entry, bytes);
  }

  /** A file that has other names is not touched. */
  #setFile(entry: EntryToPlace, { fd, stat }: LocalFile): boolean {
    if (!this.#maySet(stat)) return false;
    const { node } = entry;
    const { posix, metadata, run } = this.#parts;
    const flags = unprotect(posix, fd);
    const fault = metadata.setFile(fd, node);
    // Those that it is not to have go when it is finished.
    if (flags !== undefined) protectAgain(posix, fd, flags);
    if (fault !== undefined) run.report(entry.path, fault, "metadata-not-set");
    return true;
  }

  #leadsThere(handle: Directory, { name, target }: Node): boolean {
    return compareBytes(this.#parts.posix.readLinkAt(handle, name), target!) === 0;
  }
}

function isSameDevice({ major = 0, minor = 0 }: Node, { specialMajor, specialMinor }: Stat): boolean {
  return major === specialMajor && minor === specialMinor;
}
