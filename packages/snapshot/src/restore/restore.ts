/** Restores entries of a snapshot into a target directory. */
import { isBcatError, systemErrorCode } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import type { Entry } from "../entries.js";
import { joinPath, splitPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { type Node, NodeType } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";
import { AttributeSetter } from "./attributes.js";
import { BareEntries } from "./bare-entries.js";
import type { Contents } from "./contents.js";
import { createContents, type RestoreParts } from "./create-contents.js";
import { FinishedEntries } from "./finished-entries.js";
import { LargeFile } from "./large-files.js";
import { LinkedNames } from "./linked-names.js";
import { MetadataSetter } from "./metadata.js";
import { nameBelow } from "./name-below.js";
import type { RestoreOptions, RestoreSummary } from "./options.js";
import { type PlannedEntry, planRestore, refuseExisting } from "./plan.js";
import { RestoreRun } from "./restore-run.js";
import { openTarget, type Target } from "./target.js";
import { closeQuietly, TargetDirectories, TargetDirectory } from "./target-directory.js";

interface Place {
  readonly directory: TargetDirectory;
  /** In the snapshot, for reports. */
  readonly path: Uint8Array;
}

/**
 * Restores `path` of a snapshot, or all of it, into the directory `target` (absolute), which is made when it is missing.
 * Existing entries are never touched: if one is in the way, nothing is written. Entries that cannot be restored are
 * reported and counted.
 *
 * @throws BcatError target-failed, not-found, interrupted; StorageError; CorruptError when the root cannot be read
 */
export async function restore(
  given: Repository,
  posix: Posix,
  info: SnapshotInfo,
  path: Uint8Array | "all",
  target: Uint8Array,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const repository = given.withSignal(options.signal);
  // Without it nothing can be found: no entry is at fault then, and nothing has been written.
  await repository.index();
  const plan = await planRestore(repository, info, path);
  const { counts } = info.snapshot;
  const totals = path === "all" ? { files: counts.files, bytes: counts.bytes } : undefined;
  const run = new RestoreRun(options, totals, repository.environment.now);
  const opened = openTarget(posix, target, plan);
  try {
    await refuseExisting({ repository, posix, run }, { directory: opened.directory, path: target }, plan);
    await restoreInto(opened, plan, { repository, posix, run, top: opened.directory, threads: options.threads ?? 1 });
  } finally {
    closeQuietly(posix, opened.directory);
  }
  return run.summary();
}

async function restoreInto(target: Target, plan: readonly PlannedEntry[], parts: RestoreParts): Promise<void> {
  const restoring = new Restore(parts);
  try {
    await restoring.restore(target, plan);
  } finally {
    await restoring.close();
  }
}

class Restore {
  readonly #repository: Repository;
  readonly #posix: Posix;
  readonly #run: RestoreRun;
  readonly #directories: TargetDirectories;
  readonly #metadata: MetadataSetter;
  readonly #contents: Contents;
  readonly #attributes: AttributeSetter;
  readonly #finished: FinishedEntries;
  readonly #linked: LinkedNames;
  readonly #bare: BareEntries;
  /** What ended the restore, which is no error of the entry that was being restored. */
  #end: unknown;

  constructor(parts: RestoreParts) {
    const { repository, posix, run } = parts;
    this.#repository = repository;
    this.#posix = posix;
    this.#run = run;
    this.#directories = new TargetDirectories(posix);
    this.#metadata = new MetadataSetter(posix);
    const target = { directories: this.#directories, metadata: this.#metadata };
    this.#contents = createContents(parts, target);
    this.#linked = new LinkedNames({ ...target, posix, run, hash: repository.nameHash });
    this.#bare = new BareEntries({ ...target, posix, run });
    this.#attributes = new AttributeSetter({ repository, posix, run });
    this.#finished = new FinishedEntries({
      ...target,
      run,
      attributes: this.#attributes,
      tolerate: (path, error) => this.#tolerate(path, error),
    });
  }

  async restore(target: Target, plan: readonly PlannedEntry[]): Promise<void> {
    const top = this.#directories.top(target.directory);
    for (const { entry, folders, isTargetItself } of plan) {
      if (isTargetItself) await this.#children({ directory: top, path: entry.path }, entry.node);
      else await this.#root(top, folders, entry);
    }
    await this.#flush();
    await this.#orEnd(this.#contents.finish());
    const itself = plan.find((planned) => planned.isTargetItself);
    if (itself !== undefined && target.wasMade) await this.#setTarget(target.directory, itself);
    this.#run.noteLeftOut();
    this.#linked.noteOverflow();
    if (!this.#metadata.canSetOwner) {
      this.#run.note(plan[0]!.entry.path, "owners were not restored, that takes privileges");
    }
    if (!this.#posix.exactTimes) {
      this.#run.note(plan[0]!.entry.path, "times were restored to the microsecond, more takes koffi");
    }
  }

  async close(): Promise<void> {
    await this.#contents.close();
    this.#directories.closeAll();
  }

  async #root(top: TargetDirectory, folders: readonly Uint8Array[], { path, node }: Entry): Promise<void> {
    let directory: TargetDirectory;
    try {
      directory = this.#folder(top, folders);
    } catch (error) {
      await this.#tolerate(path, error);
      await nameBelow(this.#repository, this.#run, { path, node });
      return;
    }
    await this.#entry({ directory, path }, node);
  }

  /** Makes the folders a root of several goes into; they get no metadata, the snapshot has none of theirs. */
  #folder(top: TargetDirectory, names: readonly Uint8Array[]): TargetDirectory {
    let directory = top;
    for (const name of names) {
      try {
        this.#posix.makeDirectoryAt(this.#directories.handle(directory), name, 0o777);
      } catch (error) {
        if (systemErrorCode(error) !== "EEXIST") throw error;
      }
      directory = new TargetDirectory(directory, name);
    }
    return directory;
  }

  async #entry(place: Place, node: Node): Promise<void> {
    if (this.#linked.waits({ directory: place.directory, path: place.path, node })) return;
    await this.#restoreEntry(place, node);
  }

  async #restoreEntry(place: Place, node: Node): Promise<void> {
    try {
      if (node.type === NodeType.directory) await this.#directory(place, node);
      else if (node.type === NodeType.file) await this.#file(place, node);
      else this.#bare.make(place, node);
    } catch (error) {
      await this.#tolerate(place.path, error);
    }
    if (node.attributes !== undefined && node.type !== NodeType.directory)
      this.#finished.add({ directory: place.directory, path: place.path, node });
  }

  async #directory(place: Place, node: Node): Promise<void> {
    try {
      const parent = this.#directories.handle(place.directory);
      // Only ours until its mode is set, when everything is in it.
      this.#posix.makeDirectoryAt(parent, node.name, 0o700);
    } catch (error) {
      await this.#tolerate(place.path, error);
      await nameBelow(this.#repository, this.#run, { path: place.path, node });
      return;
    }
    this.#run.directories++;
    const directory = new TargetDirectory(place.directory, node.name);
    try {
      await this.#children({ directory, path: place.path }, node);
    } finally {
      this.#finished.add({ directory: place.directory, path: place.path, node });
    }
  }

  async #children(place: Place, node: Node): Promise<void> {
    for await (const nodes of readNodes(this.#repository, node.subtree!)) {
      for (const child of nodes) {
        const { content } = child;
        // Most entries are small files: no path is made for them, and nothing waited for.
        if (content !== undefined && content.kind !== "list" && isPlain(child)) {
          const writing = this.#contents.add({ directory: place.directory, folder: place.path }, child, content);
          if (writing !== undefined) await writing;
        } else await this.#entry({ directory: place.directory, path: joinPath(place.path, child.name) }, child);
        if (this.#contents.isFull || this.#finished.isFull || this.#linked.isFull) await this.#flush();
        const turn = this.#run.breathe(0);
        if (turn !== undefined) await turn;
      }
    }
  }

  async #file({ directory, path }: Place, node: Node): Promise<void> {
    const { folder } = splitPath(path);
    const content = node.content!;
    if (content.kind !== "list") {
      await this.#contents.add({ directory, folder }, node, content);
      return;
    }
    const file = new LargeFile(node, directory, folder);
    try {
      for await (const chunks of readChunkReferences(this.#repository, content)) {
        for (const chunk of chunks) {
          this.#contents.addChunk(file, chunk);
          if (this.#contents.isFull) await this.#flushContents();
        }
      }
    } catch (error) {
      if (error === this.#end || !(await this.#concernsEntry(error))) throw error;
      file.failure ??= error as Error;
    }
    this.#contents.complete(file);
  }

  /** Makes the links that wait, once what they lead to is written. */
  async #linkWaiting(): Promise<void> {
    const names = this.#linked.take();
    await this.#flushContents();
    await this.#orEnd(this.#contents.finish());
    // Groups of which another name has been begun: it is still on its way.
    const begun = new Set<string>();
    for (const name of names) {
      await this.#run.breathe(0);
      if (begun.has(name.group)) {
        this.#linked.wait(name);
        continue;
      }
      const outcome = this.#linked.link(name);
      if (outcome === "first") begun.add(name.group);
      if (outcome !== "linked") await this.#restoreEntry(name, name.node);
      // To set its owner once more has taken capabilities away.
      else if (name.node.attributes !== undefined) this.#finished.add(name);
      if (this.#contents.isFull) await this.#flushContents();
    }
  }

  /** Begins to write what is waiting; the directories that nothing is waiting for then are finished after it. */
  async #flush(): Promise<void> {
    while (!this.#linked.isEmpty) await this.#linkWaiting();
    await this.#orEnd(this.#contents.flush(this.#finished.take()));
  }

  /** As {@link #flush}, but finishes no directory: there is more to come in those that seem to be. */
  async #flushContents(): Promise<void> {
    await this.#orEnd(this.#contents.flush(async () => {}));
  }

  async #orEnd(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#end = error;
      throw error;
    }
  }

  async #setTarget(directory: Directory, { entry }: PlannedEntry): Promise<void> {
    const itself = { path: entry.path, node: { ...entry.node, name: NO_NAME } };
    const fault = this.#metadata.setFile(directory.fd, entry.node);
    const faults = [fault, await this.#attributes.set(directory, itself)].filter((text) => text !== undefined);
    if (faults.length > 0) this.#run.report(entry.path, faults.join(", "));
  }

  /** Reports an error of one entry and goes on; others end the restore. */
  async #tolerate(path: Uint8Array, error: unknown): Promise<void> {
    if (error === this.#end) throw error;
    this.#run.refuseExhausted(path, error);
    if (!(await this.#concernsEntry(error))) throw error;
    this.#run.report(path, error);
  }

  /** Damage, an error of the system in the target, or an object that a storage which answers cannot give. */
  async #concernsEntry(error: unknown): Promise<boolean> {
    if (isBcatError(error, "storage-failed")) return await this.#repository.isOfObject(error);
    return isBcatError(error) ? error.code === "corrupt" : systemErrorCode(error) !== undefined;
  }
}

const NO_NAME = new Uint8Array(0);

/** True for most files: all that is to be restored of them is what every file has. */
function isPlain({ attributes, linkGroup }: Node): boolean {
  return attributes === undefined && linkGroup === undefined;
}
