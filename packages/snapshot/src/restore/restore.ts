/** Restores entries of a snapshot into a target directory. */
import { isBcatError, systemErrorCode } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import type { Entry } from "../entries.js";
import { joinPath, splitPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { type Node, NodeType } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";
import type { Contents } from "./contents.js";
import { createContents, type RestoreParts } from "./create-contents.js";
import { LargeFile } from "./large-files.js";
import { MetadataSetter } from "./metadata.js";
import type { RestoreOptions, RestoreSummary } from "./options.js";
import { type PlannedEntry, planRestore, refuseExisting } from "./plan.js";
import { RestoreRun } from "./restore-run.js";
import { openTarget, type Target } from "./target.js";
import { closeQuietly, TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Directories that are remembered until their metadata is set: so many twice, for while some are set others are made. */
const FINISHED_MAX = 2_048;

/** A directory that has been made and gets its metadata when nothing more is written into it. */
interface Made {
  readonly directory: TargetDirectory;
  readonly path: Uint8Array;
  readonly node: Node;
}

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
  #finished: Made[] = [];
  #saidAttributes = false;
  /** What ended the restore, which is no error of the entry that was being restored. */
  #end: unknown;

  constructor(parts: RestoreParts) {
    const { repository, posix, run } = parts;
    this.#repository = repository;
    this.#posix = posix;
    this.#run = run;
    this.#directories = new TargetDirectories(posix);
    this.#metadata = new MetadataSetter(posix);
    this.#contents = createContents(parts, { directories: this.#directories, metadata: this.#metadata });
  }

  async restore(target: Target, plan: readonly PlannedEntry[]): Promise<void> {
    const top = this.#directories.top(target.directory);
    for (const { entry, folders, isTargetItself } of plan) {
      if (isTargetItself) await this.#children({ directory: top, path: entry.path }, entry.node);
      else await this.#root(top, folders, entry);
    }
    await this.#flush();
    await this.#finish();
    const itself = plan.find((planned) => planned.isTargetItself);
    if (itself !== undefined && target.wasMade) this.#setTarget(target.directory, itself);
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
      await this.#nameBelow(path, node);
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
    try {
      if (node.type === NodeType.directory) await this.#directory(place, node);
      else if (node.type === NodeType.file) await this.#file(place, node);
      else if (node.type === NodeType.symlink) this.#symlink(place, node);
      else this.#run.reportSkipped(place.path, "special files are not restored by this version");
    } catch (error) {
      await this.#tolerate(place.path, error);
    }
    if (node.attributes !== undefined && !this.#saidAttributes) {
      this.#saidAttributes = true;
      this.#run.reportSkipped(place.path, "extended attributes are not restored by this version");
    }
  }

  async #directory(place: Place, node: Node): Promise<void> {
    try {
      const parent = this.#directories.handle(place.directory);
      // Only ours until its mode is set, when everything is in it.
      this.#posix.makeDirectoryAt(parent, node.name, 0o700);
    } catch (error) {
      await this.#tolerate(place.path, error);
      await this.#nameBelow(place.path, node);
      return;
    }
    this.#run.directories++;
    const directory = new TargetDirectory(place.directory, node.name);
    try {
      await this.#children({ directory, path: place.path }, node);
    } finally {
      this.#finished.push({ directory, path: place.path, node });
    }
  }

  /** Reports everything below an entry that could not be made, as far as it can be read. */
  async #nameBelow(path: Uint8Array, node: Node): Promise<void> {
    const waiting = node.type === NodeType.directory ? [{ path, node }] : [];
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      try {
        for await (const nodes of readNodes(this.#repository, folder.node.subtree!)) {
          for (const child of nodes) {
            const entry = { path: joinPath(folder.path, child.name), node: child };
            this.#run.report(entry.path, "the folder that it is in could not be made");
            if (child.type === NodeType.directory) waiting.push(entry);
            await this.#run.breathe(0);
          }
        }
      } catch (error) {
        // The folder is named already; what is in it nobody can tell.
        if (!isBcatError(error, "corrupt")) throw error;
      }
    }
  }

  async #children(place: Place, node: Node): Promise<void> {
    for await (const nodes of readNodes(this.#repository, node.subtree!)) {
      for (const child of nodes) {
        const { content } = child;
        // Most entries are small files: no path is made for them, and nothing waited for.
        if (content !== undefined && content.kind !== "list" && child.attributes === undefined) {
          const writing = this.#contents.add({ directory: place.directory, folder: place.path }, child, content);
          if (writing !== undefined) await writing;
        } else await this.#entry({ directory: place.directory, path: joinPath(place.path, child.name) }, child);
        if (this.#contents.isFull || this.#finished.length >= FINISHED_MAX) await this.#flush();
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
          if (this.#contents.isFull) await this.#flush();
        }
      }
    } catch (error) {
      if (error === this.#end || !(await this.#concernsEntry(error))) throw error;
      file.failure ??= error as Error;
    }
    this.#contents.complete(file);
  }

  #symlink({ directory, path }: Place, node: Node): void {
    const handle = this.#directories.handle(directory);
    this.#posix.makeSymlinkAt(node.target!, handle, node.name);
    this.#run.symlinks++;
    const fault = this.#metadata.setAt(handle, node.name, node);
    if (fault !== undefined) this.#run.report(path, fault);
  }

  /** Begins to write what is waiting; the directories that nothing is waiting for then are finished after it. */
  async #flush(): Promise<void> {
    const finished = this.#finished;
    this.#finished = [];
    await this.#orEnd(this.#contents.flush(() => this.#setDirectories(finished)));
  }

  /** Waits until all is written. */
  async #finish(): Promise<void> {
    await this.#orEnd(this.#contents.finish());
  }

  async #orEnd(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      this.#end = error;
      throw error;
    }
  }

  /** Children before parents, as they were finished. */
  async #setDirectories(finished: readonly Made[]): Promise<void> {
    for (const { directory, path, node } of finished) {
      try {
        const fault = this.#metadata.setAt(this.#directories.handle(directory.parent!), directory.name, node);
        if (fault !== undefined) this.#run.report(path, fault);
      } catch (error) {
        await this.#tolerate(path, error);
      }
    }
  }

  #setTarget(directory: Directory, { entry }: PlannedEntry): void {
    const fault = this.#metadata.setFile(directory.fd, entry.node);
    if (fault !== undefined) this.#run.report(entry.path, fault);
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
