/** Restores entries of a snapshot into a target directory. */
import { BcatError, isBcatError, systemErrorCode } from "@bcat/errors";
import type { Directory, Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { describe } from "../faults.js";
import { joinPath, splitPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { showName } from "../tree/name.js";
import { type Node, NodeType } from "../tree/node.js";
import { readChunkReferences, readNodes } from "../tree/tree-reader.js";
import { FileBatch, type PendingFile } from "./file-batch.js";
import { MetadataSetter } from "./metadata.js";
import type { RestoreOptions, RestoreSummary } from "./options.js";
import { type PlannedEntry, planRestore, refuseExisting } from "./plan.js";
import { RestoreRun } from "./restore-run.js";
import { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Directories that are remembered until their metadata is set. */
const FINISHED_MAX = 4_096;

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
  repository: Repository,
  posix: Posix,
  info: SnapshotInfo,
  path: Uint8Array | "all",
  target: Uint8Array,
  options: RestoreOptions,
): Promise<RestoreSummary> {
  const plan = await planRestore(repository, info, path);
  const { counts } = info.snapshot;
  const run = new RestoreRun(options, path === "all" ? { files: counts.files, bytes: counts.bytes } : undefined);
  const opened = openTarget(posix, target, plan);
  const restoring = new Restore(repository, posix, run);
  try {
    await refuseExisting(repository, posix, { directory: opened.directory, path: target }, plan);
    await restoring.restore(opened, plan);
  } finally {
    restoring.close();
    posix.closeDirectory(opened.directory);
  }
  const { files, directories, symlinks, bytes, errors, skipped } = run;
  return {
    filesRestored: files,
    directoriesRestored: directories,
    symlinksRestored: symlinks,
    bytesRestored: bytes,
    errors,
    skipped,
  };
}

interface Target {
  readonly directory: Directory;
  readonly wasMade: boolean;
}

/** Opens the target, making its last component when that is missing. */
function openTarget(posix: Posix, path: Uint8Array, plan: readonly PlannedEntry[]): Target {
  const fail = (error: unknown) =>
    new BcatError("target-failed", `Cannot restore into ${showName(path)}: ${describe(error)}`, { cause: error });
  try {
    return { directory: posix.openDirectory(path), wasMade: false };
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw fail(error);
  }
  try {
    const { folder, name } = splitPath(path);
    const parent = posix.openDirectory(folder);
    try {
      const isItself = plan.some((planned) => planned.isTargetItself);
      posix.makeDirectoryAt(parent, name, isItself ? 0o700 : 0o777);
      return { directory: posix.openDirectoryAt(parent, name), wasMade: true };
    } finally {
      posix.closeDirectory(parent);
    }
  } catch (error) {
    throw fail(error);
  }
}

class Restore {
  readonly #repository: Repository;
  readonly #posix: Posix;
  readonly #run: RestoreRun;
  readonly #directories: TargetDirectories;
  readonly #metadata: MetadataSetter;
  readonly #batch: FileBatch;
  #finished: Made[] = [];
  #saidAttributes = false;

  constructor(repository: Repository, posix: Posix, run: RestoreRun) {
    this.#repository = repository;
    this.#posix = posix;
    this.#run = run;
    this.#directories = new TargetDirectories(posix);
    this.#metadata = new MetadataSetter(posix);
    const parts = { repository, posix, run, directories: this.#directories, metadata: this.#metadata };
    this.#batch = new FileBatch(parts);
  }

  async restore(target: Target, plan: readonly PlannedEntry[]): Promise<void> {
    const top = this.#directories.top(target.directory);
    for (const { entry, folders, isTargetItself } of plan) {
      if (isTargetItself) await this.#children({ directory: top, path: entry.path }, entry.node);
      else await this.#entry({ directory: this.#folder(top, folders), path: entry.path }, entry.node);
    }
    await this.#flush();
    const itself = plan.find((planned) => planned.isTargetItself);
    if (itself !== undefined && target.wasMade) this.#setTarget(target.directory, itself);
    if (!this.#metadata.canSetOwner) {
      this.#run.note(plan[0]!.entry.path, "owners were not restored, that takes privileges");
    }
    if (!this.#posix.exactTimes) {
      this.#run.note(plan[0]!.entry.path, "times were restored to the microsecond, more takes koffi");
    }
  }

  close(): void {
    this.#batch.discard();
    this.#directories.closeAll();
  }

  /** Makes the folders a root of several goes into; they get no metadata, the snapshot has none of theirs. */
  #folder(top: TargetDirectory, names: readonly Uint8Array[]): TargetDirectory {
    let directory = top;
    for (const name of names) {
      try {
        this.#posix.makeDirectoryAt(this.#directories.handle(directory), name, 0o777);
      } catch (error) {
        if (systemErrorCode(error) !== "EEXIST") throw this.#targetError(name, error);
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
      this.#tolerate(place.path, error);
    }
    if (node.attributes !== undefined && !this.#saidAttributes) {
      this.#saidAttributes = true;
      this.#run.reportSkipped(place.path, "extended attributes are not restored by this version");
    }
    if (this.#finished.length >= FINISHED_MAX) await this.#flush();
    await this.#run.breathe(0);
  }

  async #directory(place: Place, node: Node): Promise<void> {
    const parent = this.#directories.handle(place.directory);
    // Only ours until its mode is set, when everything is in it.
    this.#posix.makeDirectoryAt(parent, node.name, 0o700);
    this.#run.directories++;
    const directory = new TargetDirectory(place.directory, node.name);
    try {
      await this.#children({ directory, path: place.path }, node);
    } finally {
      this.#finished.push({ directory, path: place.path, node });
    }
  }

  async #children(place: Place, node: Node): Promise<void> {
    for await (const nodes of readNodes(this.#repository, node.subtree!)) {
      for (const child of nodes) {
        await this.#entry({ directory: place.directory, path: joinPath(place.path, child.name) }, child);
      }
    }
  }

  async #file(place: Place, node: Node): Promise<void> {
    const { directory, path } = place;
    const file: PendingFile = {
      path,
      node,
      directory,
      fd: undefined,
      waiting: 0,
      position: 0,
      isComplete: false,
      failure: undefined,
    };
    const content = node.content!;
    try {
      if (content.kind === "inline") this.#batch.writeInline(file, content.bytes);
      for await (const chunks of readChunkReferences(this.#repository, content)) {
        for (const chunk of chunks) {
          this.#batch.add(file, chunk);
          if (this.#batch.isFull) await this.#flush();
        }
      }
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      file.failure ??= error;
    }
    this.#batch.complete(file);
  }

  #symlink({ directory, path }: Place, node: Node): void {
    const handle = this.#directories.handle(directory);
    this.#posix.makeSymlinkAt(node.target!, handle, node.name);
    this.#run.symlinks++;
    const fault = this.#metadata.setAt(handle, node.name, node);
    if (fault !== undefined) this.#run.report(path, fault);
  }

  /** Writes what is waiting, then finishes the directories that nothing is waiting for: children before parents. */
  async #flush(): Promise<void> {
    const finished = this.#finished;
    this.#finished = [];
    await this.#batch.flush();
    for (const { directory, path, node } of finished) {
      try {
        const fault = this.#metadata.setAt(this.#directories.handle(directory.parent!), directory.name, node);
        if (fault !== undefined) this.#run.report(path, fault);
      } catch (error) {
        this.#tolerate(path, error);
      }
    }
  }

  #setTarget(directory: Directory, { entry }: PlannedEntry): void {
    const fault = this.#metadata.setFile(directory.fd, entry.node);
    if (fault !== undefined) this.#run.report(entry.path, fault);
  }

  /** Reports an error of one entry and goes on; others end the restore. */
  #tolerate(path: Uint8Array, error: unknown): void {
    this.#run.refuseFullTarget(path, error);
    if (isBcatError(error) ? error.code !== "corrupt" : systemErrorCode(error) === undefined) throw error;
    this.#run.report(path, error);
  }

  #targetError(name: Uint8Array, error: unknown): BcatError {
    return new BcatError("target-failed", `Cannot make ${showName(name)} in the target: ${describe(error)}`, {
      cause: error,
    });
  }
}
