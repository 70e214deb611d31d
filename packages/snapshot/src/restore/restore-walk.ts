/** Walks the trees of what is to be restored: folders are made, and what is in them is written or put on its way. */
import type { Directory, Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { joinPath, splitPath } from "../path.js";
import type { Entry } from "../root-entries.js";
import { type Node, NodeType } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";
import { BareEntries } from "./bare-entries.js";
import type { RestoreParts } from "./create-contents.js";
import { EntryFaults } from "./entry-faults.js";
import { FoldersAbove, type FolderToMake } from "./folders-above.js";
import { LargeFile } from "./large-files.js";
import { MetadataSetter } from "./metadata.js";
import { nameBelow } from "./name-below.js";
import { PendingEntries } from "./pending-entries.js";
import type { PlannedEntry } from "./plan.js";
import type { RestoreRun } from "./restore-run.js";
import type { Target } from "./target.js";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";

interface Place {
  readonly directory: TargetDirectory;
  /** In the snapshot, for reports. */
  readonly path: Uint8Array;
}

export class RestoreWalk {
  readonly #repository: Repository;
  readonly #posix: Posix;
  readonly #run: RestoreRun;
  readonly #directories: TargetDirectories;
  readonly #metadata: MetadataSetter;
  readonly #faults: EntryFaults;
  readonly #pending: PendingEntries;
  readonly #bare: BareEntries;
  readonly #above: FoldersAbove;

  constructor(parts: RestoreParts) {
    const { repository, posix, run } = parts;
    this.#repository = repository;
    this.#posix = posix;
    this.#run = run;
    this.#directories = new TargetDirectories(posix);
    this.#metadata = new MetadataSetter(posix);
    this.#faults = new EntryFaults(parts);
    const target = { directories: this.#directories, metadata: this.#metadata };
    this.#pending = new PendingEntries({
      ...parts,
      ...target,
      faults: this.#faults,
      restore: (name) => this.#restoreEntry(name, name.node),
    });
    this.#bare = new BareEntries({ ...target, posix, run });
    this.#above = new FoldersAbove({ ...target, posix, run });
  }

  async restore(target: Target, plan: readonly PlannedEntry[]): Promise<void> {
    const top = this.#directories.top(target.directory);
    for (const { entry, folders, isTargetItself } of plan) {
      if (isTargetItself) await this.#children({ directory: top, path: entry.path }, entry.node);
      else await this.#root(top, folders, entry);
    }
    await this.#pending.finish();
    for (const folder of this.#above.take()) this.#pending.finished(folder);
    await this.#pending.finish();
    const itself = plan.find((planned) => planned.isTargetItself);
    if (itself !== undefined && target.wasMade) await this.#setTarget(target.directory, itself);
    this.#above.noteUnknown(plan[0]!.entry.path);
    this.#run.noteLeftOut();
    this.#pending.linked.noteOverflow();
    if (!this.#metadata.canSetOwner) {
      this.#run.note(plan[0]!.entry.path, "owners were not restored, that takes privileges");
    }
    if (!this.#posix.exactTimes) {
      this.#run.note(plan[0]!.entry.path, "times were restored to the microsecond, more takes koffi");
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
      await this.#faults.tolerate(path, error);
      await nameBelow(this.#repository, this.#run, { path, node });
      return;
    }
    await this.#entry({ directory, path }, node);
  }

  async #entry(place: Place, node: Node): Promise<void> {
    if (this.#pending.linked.waits({ directory: place.directory, path: place.path, node })) return;
    await this.#restoreEntry(place, node);
  }

  async #restoreEntry(place: Place, node: Node): Promise<void> {
    try {
      if (node.type === NodeType.directory) await this.#directory(place, node);
      else if (node.type === NodeType.file) await this.#file(place, node);
      else this.#bare.make(place, node);
    } catch (error) {
      await this.#faults.tolerate(place.path, error);
    }
    if (node.attributes !== undefined && node.type !== NodeType.directory)
      this.#pending.finished({ directory: place.directory, path: place.path, node });
  }

  async #directory(place: Place, node: Node): Promise<void> {
    try {
      const parent = this.#directories.handle(place.directory);
      // Only ours until its mode is set, when everything is in it.
      this.#posix.makeDirectoryAt(parent, node.name, 0o700);
    } catch (error) {
      await this.#faults.tolerate(place.path, error);
      await nameBelow(this.#repository, this.#run, { path: place.path, node });
      return;
    }
    this.#run.directories++;
    const directory = new TargetDirectory(place.directory, node.name);
    try {
      await this.#children({ directory, path: place.path }, node);
    } finally {
      this.#pending.finished({ directory: place.directory, path: place.path, node });
    }
  }

  async #children(place: Place, node: Node): Promise<void> {
    for await (const nodes of readNodes(this.#repository, node.subtree!)) {
      for (const child of nodes) {
        const { content } = child;
        // Most entries are small files: no path is made for them, and nothing waited for.
        if (content !== undefined && content.kind !== "list" && isPlain(child)) {
          const writing = this.#pending.contents.add(
            { directory: place.directory, folder: place.path },
            child,
            content,
          );
          if (writing !== undefined) await writing;
        } else await this.#entry({ directory: place.directory, path: joinPath(place.path, child.name) }, child);
        if (this.#pending.isFull) await this.#pending.flush();
        const turn = this.#run.breathe(0);
        if (turn !== undefined) await turn;
      }
    }
  }

  async #file({ directory, path }: Place, node: Node): Promise<void> {
    const { folder } = splitPath(path);
    const content = node.content!;
    if (content.kind !== "list") {
      await this.#pending.contents.add({ directory, folder }, node, content);
      return;
    }
    const file = new LargeFile(node, directory, folder);
    try {
      for await (const chunks of readChunkReferences(this.#repository, content)) {
        for (const chunk of chunks) {
          this.#pending.contents.addChunk(file, chunk);
          if (this.#pending.contents.isFull) await this.#pending.flushContents();
        }
      }
    } catch (error) {
      if (!(await this.#faults.concernsEntry(error))) throw error;
      file.failure ??= error as Error;
    }
    this.#pending.contents.complete(file);
  }

  async #setTarget(directory: Directory, { entry }: PlannedEntry): Promise<void> {
    const itself = { path: entry.path, node: { ...entry.node, name: NO_NAME } };
    const fault = this.#metadata.setFile(directory.fd, entry.node);
    const faults = [fault, await this.#pending.attributes.set(directory, itself)].filter((text) => text !== undefined);
    if (faults.length > 0) this.#run.report(entry.path, faults.join(", "));
  }
}

const NO_NAME = new Uint8Array(0);

/** True for most files: all that is to be restored of them is what every file has. */
function isPlain({ attributes, linkGroup }: Node): boolean {
  return attributes === undefined && linkGroup === undefined;
}
