/** Walks the trees of what is to be restored: folders are made, and what is in them is written or put on its way. */
import type { Posix } from "@bcat/posix";
import type { Entry } from "../root-entries.js";
import { type Node, NodeType } from "../tree/node.js";
import { AttributeSetter } from "./attributes.js";
import { BareEntries } from "./bare-entries.js";
import { countBelow } from "./count-below.js";
import type { RestoreParts } from "./create-contents.js";
import { EntryFaults } from "./entry-faults.js";
import { EntryInFolder } from "./entry-in-folder.js";
import type { Verdict } from "./existing-entries.js";
import { FileContents } from "./file-contents.js";
import { type FinishedEntry, isFinishedLater } from "./finished-entries.js";
import { FoldersAbove, type FolderToMake } from "./folders-above.js";
import { InPlace, localFileParts } from "./in-place.js";
import { FlagSetter } from "./inode-flags.js";
import type { NameToMake } from "./linked-names.js";
import { MetadataSetter } from "./metadata.js";
import type { OldNames } from "./old-names.js";
import { PendingEntries } from "./pending-entries.js";
import type { PlannedEntry } from "./plan.js";
import { Replacer } from "./replacer.js";
import type { RestoreRun } from "./restore-run.js";
import type { Target } from "./target.js";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";
import { TargetItself } from "./target-itself.js";
import type { WantedNodes } from "./wanted-nodes.js";

export class RestoreWalk {
  readonly #nodes: WantedNodes;
  readonly #posix: Posix;
  readonly #run: RestoreRun;
  readonly #directories: TargetDirectories;
  readonly #metadata: MetadataSetter;
  readonly #faults: EntryFaults;
  readonly #pending: PendingEntries;
  readonly #bare: BareEntries;
  readonly #above: FoldersAbove;
  readonly #itself: TargetItself;
  readonly #attributes: AttributeSetter;
  readonly #flags: FlagSetter;
  readonly #replacer: Replacer;
  readonly #recordsAttributes: boolean;
  readonly #files: FileContents;
  /** Undefined when nothing is in the way. */
  readonly #inPlace: InPlace | undefined;

  constructor(parts: RestoreParts) {
    const { repository, posix, run, nodes, overwrite } = parts;
    this.#nodes = nodes;
    this.#posix = posix;
    this.#run = run;
    this.#recordsAttributes = parts.recordsAttributes;
    this.#directories = new TargetDirectories(posix);
    this.#metadata = new MetadataSetter(posix, { remembersRefusals: overwrite !== undefined });
    this.#faults = new EntryFaults(parts);
    const target = { directories: this.#directories, metadata: this.#metadata };
    this.#attributes = new AttributeSetter(parts);
    this.#flags = new FlagSetter({ ...parts, ...target });
    this.#replacer = new Replacer({ ...target, posix, hash: repository.nameHash });
    const common = { ...parts, ...target, attributes: this.#attributes, flags: this.#flags, replacer: this.#replacer };
    const local = localFileParts(parts);
    const finish = (entry: FinishedEntry) => this.#pending.finished(entry);
    this.#inPlace = overwrite && new InPlace({ ...common, overwrite, local, finish });
    this.#pending = new PendingEntries({
      ...common,
      faults: this.#faults,
      overLinks: this.#inPlace?.overLinks,
      restore: (name) => this.#restoreAlone(name),
    });
    this.#files = new FileContents({ ...common, local, pending: this.#pending, faults: this.#faults });
    this.#bare = new BareEntries({ ...target, posix, run });
    this.#itself = new TargetItself({ ...common, faults: this.#faults, oldFolders: this.#inPlace?.folders });
    this.#above = new FoldersAbove({
      ...target,
      attributes: this.#attributes,
      posix,
      run,
      isInPlace: overwrite !== undefined,
      lookForLists: (directory) => this.#lookForLists(directory),
    });
  }

  async restore(target: Target, plan: readonly PlannedEntry[]): Promise<void> {
    const top = this.#directories.top(target.directory, this.#inPlace !== undefined && !target.wasMade);
    const itself = plan.find((planned) => planned.isTargetItself);
    if (itself !== undefined) top.flags = await this.#itself.begin(target, itself.entry);
    this.#lookForLists(top);
    for (const { entry, folders, isTargetItself } of plan) {
      if (isTargetItself) await this.#children(top, entry);
      else await this.#root(top, folders, entry);
    }
    await this.#pending.finish();
    for (const folder of this.#above.take()) this.#pending.finished(folder);
    await this.#pending.finish();
    this.#flags.finish();
    await this.#itself.finish();
    this.#above.noteUnknown(plan[0]!.entry.path);
    this.#run.noteLeftOut();
    this.#pending.linked.noteOverflow();
    const { owners, setIds } = this.#metadata.unset;
    this.#run.noteUnset(plan[0]!.entry.path, { owners, setIds: setIds + this.#nodes.setIdsDropped });
    if (!this.#posix.exactTimes) {
      this.#run.note(plan[0]!.entry.path, "times were restored to the microsecond, more takes koffi", "times-inexact");
    }
  }

  async close(): Promise<void> {
    await this.#pending.contents.close();
    this.#directories.closeAll();
  }

  async #root(top: TargetDirectory, folders: readonly FolderToMake[], { path, node }: Entry): Promise<void> {
    let directory: TargetDirectory;
    try {
      directory = this.#above.make(top, folders);
    } catch (error) {
      await this.#loseWhole({ path, node }, error);
      return;
    }
    await this.#entry({ directory, path, isTaken: directory.isOld, node });
  }

  async #entry(name: NameToMake): Promise<void> {
    if (name.isTaken !== true) {
      if (!this.#pending.linked.waits(name)) await this.#restoreEntry(name, false);
      return;
    }
    const { linked } = this.#pending;
    const verdict = linked.wouldWait(name) ? undefined : await this.#decide(name);
    if (verdict === "left" || linked.waits(name) || verdict === undefined) return;
    await this.#restoreAs(verdict, name);
  }

  /** A name that cannot be a link. */
  async #restoreAlone(name: NameToMake): Promise<void> {
    if (name.isTaken !== true) {
      await this.#restoreEntry(name, false);
      return;
    }
    const verdict = await this.#decide(name);
    if (verdict === "left") this.#run.lose(name.node);
    await this.#restoreAs(verdict, name);
  }

  async #restoreAs(verdict: Verdict, name: NameToMake): Promise<void> {
    if (verdict === "same" || verdict === "left") return;
    await this.#restoreEntry(name, verdict !== "free");
  }

  /** What is to become of what has the name already. */
  async #decide(name: NameToMake): Promise<Verdict> {
    try {
      return await this.#inPlace!.existing.decide(name);
    } catch (error) {
      await this.#loseWhole(name, error);
      return "left";
    }
  }

  async #restoreEntry(name: NameToMake, isTaken: boolean): Promise<void> {
    const { node, directory } = name;
    try {
      if (node.type === NodeType.directory) await this.#directory(name, isTaken);
      else if (node.type === NodeType.file) {
        await (isTaken ? this.#files.replace(name, node) : this.#files.add(name, node));
      } else if (isTaken) this.#bare.replace(name, node, this.#replacer);
      else this.#bare.make(name, node);
    } catch (error) {
      await this.#faults.tolerate(name.path, error);
    }
    if ((isFinishedLater(node) || directory.givesLists) && node.type !== NodeType.directory)
      this.#pending.finished(name);
  }

  async #directory(name: NameToMake, isTaken: boolean): Promise<void> {
    const { node } = name;
    let oldFlags = 0;
    try {
      // Only ours until its mode is set, when everything is in it.
      if (isTaken) oldFlags = await this.#inPlace!.folders.enter(name);
      const parent = this.#directories.handle(name.directory);
      if (!isTaken) {
        this.#posix.makeDirectoryAt(parent, node.name, 0o700);
        if (name.directory.givesLists) this.#attributes.takeLists(parent, node.name);
      }
      this.#flags.beginAt(parent, node);
    } catch (error) {
      await this.#loseWhole(name, error);
      return;
    }
    this.#run.directories++;
    const directory = new TargetDirectory(name.directory, node.name, isTaken);
    if (isTaken) directory.flags = this.#flags.old.final(oldFlags, { directory: name.directory, node });
    try {
      await this.#children(directory, name);
    } finally {
      const { directory: parent } = name;
      this.#pending.finished(oldFlags === 0 ? name : { directory: parent, path: name.path, node, oldFlags });
    }
  }

  async #children(directory: TargetDirectory, folder: Entry): Promise<void> {
    const old = directory.isOld ? await this.#namesIn(directory, folder) : undefined;
    if (directory.isOld) this.#lookForLists(directory);
    if (old === "unknown") return;
    for await (const nodes of this.#nodes.restoredIn(folder)) {
      for (const child of nodes) {
        this.#run.reach(folder, child);
        const { content } = child;
        // Most entries are small files: no path is made for them, and nothing waited for.
        const isTaken = old?.has(child.name) === true;
        if (content !== undefined && content.kind !== "list" && isPlain(child) && !isTaken && !directory.givesLists) {
          const writing = this.#pending.contents.add({ directory, folder }, child, content);
          if (writing !== undefined) await writing;
        } else await this.#entry(new EntryInFolder(folder, child, directory, isTaken));
        if (this.#pending.isFull) await this.#pending.flush();
        const turn = this.#run.breathe(0);
        if (turn !== undefined) await turn;
      }
    }
  }

  /** Reports an error that costs an entry and all that is in it. */
  async #loseWhole(entry: Entry, error: unknown): Promise<void> {
    await this.#faults.tolerate(entry.path, error, () => countBelow(this.#nodes, this.#run, entry));
  }

  /** Of a snapshot that says what lists its entries have, none is to have another. */
  #lookForLists(directory: TargetDirectory): void {
    if (!this.#recordsAttributes) return;
    try {
      directory.givesLists = this.#attributes.givesLists(this.#directories.handle(directory));
    } catch {
      // Whoever restores into it says why it cannot be opened.
    }
  }

  /** Without them nothing can be restored into an old folder. */
  async #namesIn(directory: TargetDirectory, folder: Entry): Promise<OldNames | "unknown"> {
    try {
      return this.#inPlace!.namesIn(directory);
    } catch (error) {
      await this.#loseWhole(folder, error);
      return "unknown";
    }
  }
}

/** True for most files: all that is to be restored of them is what every file has. */
function isPlain(node: Node): boolean {
  return node.linkGroup === undefined && !isFinishedLater(node);
}
