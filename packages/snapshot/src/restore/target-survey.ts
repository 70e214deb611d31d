/**
 * Walks what a restore in place will meet, before it changes anything: entries that will be overwritten, folders whose
 * metadata will be, and entries of restored folders that the snapshot has not. What cannot be read of the snapshot or the
 * target is passed over, with all below it: the restore itself says so, and nothing is deleted there.
 */
import { type Directory, EntryList, FileType, type Posix, Stat } from "@bcat/posix";
import { flagsAt, flagsOf } from "../backup/inode-flags.js";
import { joinPath, splitPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import { type Node, NodeType } from "../tree/node.js";
import type { EntryFaults } from "./entry-faults.js";
import { EntryInFolder } from "./entry-in-folder.js";
import type { EntryToPlace, ExistingEntries } from "./existing-entries.js";
import { type FolderLossesParts, losesSome } from "./folder-losses.js";
import type { MetadataSetter } from "./metadata.js";
import { OldNames } from "./old-names.js";
import type { PlannedEntry } from "./plan.js";
import type { RestoreRun } from "./restore-run.js";
import { type TargetDirectories, TargetDirectory } from "./target-directory.js";
import type { LeftAlone } from "./tree-remover.js";
import type { WantedNodes } from "./wanted-nodes.js";

/** Is told of what is found; paths are absolute, in the target. */
export interface SurveyVisitor {
  /** An entry that will be overwritten, or a folder of which more than owner, mode and times will be. */
  onChange?(path: Uint8Array, stat: Stat): void;
  /** A folder that will stay and get other metadata, or a name that may become a link to a file that is the same. */
  onTouch?(path: Uint8Array, stat: Stat): void;
  /** Any entry of a restored folder that is there and no folder, whatever becomes of it. */
  onName?(path: Uint8Array, stat: Stat): void;
  /** A folder that is in the way of an entry which is none. */
  onObstacle?(directory: Directory, name: Uint8Array, left: LeftAlone): Promise<unknown>;
  /** An entry that the snapshot has not, in a folder that it has. */
  onExtra?(directory: Directory, name: Uint8Array, left: LeftAlone): Promise<unknown>;
}

export interface TargetSurveyParts extends FolderLossesParts {
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly nodes: WantedNodes;
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly faults: EntryFaults;
  /** That changes nothing. */
  readonly existing: ExistingEntries;
}

const NO_NAME = new Uint8Array(0);

export class TargetSurvey {
  readonly #parts: TargetSurveyParts;
  readonly #list = new EntryList();
  readonly #stat = new Stat();

  constructor(parts: TargetSurveyParts) {
    this.#parts = parts;
  }

  async walk(top: TargetDirectory, plan: readonly PlannedEntry[], visitor: SurveyVisitor): Promise<void> {
    for (const { entry, folders, isTargetItself } of plan) {
      if (isTargetItself) {
        await this.#itself(top, entry, visitor);
        await this.#children(top, entry, visitor);
      } else {
        let directory = top;
        for (const { name } of folders) directory = new TargetDirectory(directory, name, true);
        await this.#entry({ directory, ...entry }, visitor);
      }
    }
  }

  /** The target, if it is to have the metadata of the folder that is restored as it. */
  async #itself(top: TargetDirectory, { node }: Entry, visitor: SurveyVisitor): Promise<void> {
    const { posix, directories, metadata, faults } = this.#parts;
    if (visitor.onChange === undefined) return;
    try {
      const handle = directories.handle(top);
      posix.statFile(handle.fd, this.#stat);
      if (!metadata.isBegun(node, this.#stat)) return;
      const oldFlags = flagsOf(posix, handle.fd);
      top.flags = this.#parts.flags.final(oldFlags, { node });
      if (await losesSome(this.#parts, { handle, directory: undefined, oldFlags }, { ...node, name: NO_NAME }))
        visitor.onChange(handle.path, this.#stat);
    } catch (error) {
      if (!(await faults.concernsEntry(error))) throw error;
    }
  }

  async #entry(entry: EntryToPlace, visitor: SurveyVisitor): Promise<void> {
    const { existing, directories, faults, nodes, posix } = this.#parts;
    const { directory, node } = entry;
    try {
      const verdict = visitor.onChange === undefined ? existing.decideRoom(entry) : await existing.decide(entry);
      const handle = directories.handle(directory);
      const place = joinPath(handle.path, node.name);
      if (visitor.onName !== undefined && verdict !== "free" && verdict !== "merge")
        this.#tellName(handle, node.name, visitor.onName);
      if (verdict === "merge") {
        const isSet = this.#isSet(handle, node);
        const oldFlags = flagsAt(posix, handle, { name: node.name, type: FileType.DIRECTORY });
        if (visitor.onChange !== undefined && (await losesSome(this.#parts, { handle, directory, oldFlags }, node)))
          visitor.onChange(place, this.#stat);
        else if (!isSet) visitor.onTouch?.(place, this.#stat);
        const below = new TargetDirectory(directory, node.name, true);
        below.flags = this.#parts.flags.final(oldFlags, { directory, node });
        await this.#children(below, entry, visitor);
      } else if (verdict === "replace") {
        posix.statAt(handle, node.name, this.#stat);
        if (node.type !== NodeType.directory && this.#stat.type === FileType.DIRECTORY)
          await visitor.onObstacle?.(handle, node.name, { folder: splitPath(entry.path).folder, nodes });
        visitor.onChange?.(place, this.#stat);
      } else if (verdict === "same" && node.linkGroup !== undefined) {
        posix.statAt(handle, node.name, this.#stat);
        visitor.onTouch?.(place, this.#stat);
      }
    } catch (error) {
      if (!(await faults.concernsEntry(error))) throw error;
    }
  }

  /** @param folder of which the directory is that of its entries */
  async #children(directory: TargetDirectory, folder: Entry, visitor: SurveyVisitor): Promise<void> {
    const { posix, directories, nodes, run, faults } = this.#parts;
    try {
      const names = OldNames.read(posix, directories.handle(directory), this.#list);
      const isWanted = new Uint8Array(names.count);
      for await (const children of nodes.in(folder)) {
        for (const child of children) {
          const index = names.indexOf(child.name);
          if (index >= 0) {
            isWanted[index] = 1;
            await this.#entry(new EntryInFolder(folder, child, directory), visitor);
          }
          const turn = run.breathe(0);
          if (turn !== undefined) await turn;
        }
      }
      if (visitor.onExtra === undefined && visitor.onName === undefined) return;
      for (let i = 0; i < names.count; i++) {
        const handle = directories.handle(directory);
        // What patterns leave out of the restore is left alone.
        if (isWanted[i] === 0) await visitor.onExtra?.(handle, names.name(i), { folder: folder.path, nodes });
        if (isWanted[i] === 0 && visitor.onName !== undefined) this.#tellName(handle, names.name(i), visitor.onName);
        const turn = run.breathe(0);
        if (turn !== undefined) await turn;
      }
    } catch (error) {
      if (!(await faults.concernsEntry(error))) throw error;
    }
  }

  #tellName(handle: Directory, name: Uint8Array, onName: NonNullable<SurveyVisitor["onName"]>): void {
    this.#parts.posix.statAt(handle, name, this.#stat);
    if (this.#stat.type !== FileType.DIRECTORY) onName(joinPath(handle.path, name), this.#stat);
  }

  #isSet(handle: Directory, node: Node): boolean {
    this.#parts.posix.statAt(handle, node.name, this.#stat);
    return this.#parts.metadata.isSet(node, this.#stat);
  }
}
