/**
 * Entries that get the rest of what the snapshot says of them when nothing more is written into them: directories all of
 * it, files with extended attributes, an access time or inode flags those.
 */
import { systemErrorCode } from "@bcat/errors";
import type { Directory } from "@bcat/posix";
import { type Node, NodeType } from "../tree/node.js";
import type { AttributeSetter } from "./attributes.js";
import type { FlagSetter } from "./inode-flags.js";
import type { MetadataFault, MetadataSetter } from "./metadata.js";
import type { RestoreRun } from "./restore-run.js";
import type { TargetDirectories, TargetDirectory } from "./target-directory.js";

/** Entries that are remembered until they are finished: so many twice, for while some are finished others are made. */
const FINISHED_MAX = 2_048;

/** An entry whose content has all been begun. */
export interface FinishedEntry {
  /** The directory that it is in. */
  readonly directory: TargetDirectory;
  /** In the snapshot. */
  readonly path: Uint8Array;
  readonly node: Node;
  /** Inode flags that it had when it was there before, as far as they are known. */
  readonly oldFlags?: number;
}

/** True for an entry, no directory, of which something is to be set when all else is done. */
export function isFinishedLater({ attributes, flags, atimeSeconds }: Node): boolean {
  return attributes !== undefined || flags !== undefined || atimeSeconds !== undefined;
}

export interface FinishedEntriesParts {
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly attributes: AttributeSetter;
  readonly flags: FlagSetter;
  readonly run: RestoreRun;
  /** Reports an error of one entry; throws those that end the restore. */
  readonly tolerate: (path: Uint8Array, error: unknown) => Promise<void>;
}

export class FinishedEntries {
  readonly #parts: FinishedEntriesParts;
  #finished: FinishedEntry[] = [];

  constructor(parts: FinishedEntriesParts) {
    this.#parts = parts;
  }

  get isFull(): boolean {
    return this.#finished.length >= FINISHED_MAX;
  }

  /** Entries of a directory before it. */
  add(finished: FinishedEntry): void {
    this.#finished.push(finished);
  }

  /** Forgets those that there are, and gives what finishes them: to be called when their content is written. */
  take(): () => Promise<void> {
    const finished = this.#finished;
    this.#finished = [];
    return () => this.#finishAll(finished);
  }

  async #finishAll(finished: readonly FinishedEntry[]): Promise<void> {
    const { directories, tolerate } = this.#parts;
    for (const entry of finished) {
      try {
        await directories.holding(entry.directory, (handle) => this.#finish(entry, handle));
      } catch (error) {
        // A file that could not be restored has been reported.
        if (entry.node.type !== NodeType.directory && systemErrorCode(error) === "ENOENT") continue;
        await tolerate(entry.path, error);
      }
    }
  }

  async #finish(entry: FinishedEntry, handle: Directory): Promise<void> {
    const { metadata, attributes, flags, run } = this.#parts;
    const { directory, node } = entry;
    const isDirectory = node.type === NodeType.directory;
    const hasList = directory.givesLists && node.type !== NodeType.symlink;
    if (hasList) attributes.takeLists(handle, node.name, node.attributes);
    const fault = isDirectory || hasList ? this.#setMetadata(entry, handle) : undefined;
    if (node.attributes !== undefined) flags.unprotect(entry);
    const unset = await attributes.set(handle, entry);
    const isTimed = node.type === NodeType.file && node.atimeSeconds !== undefined;
    const times = isTimed ? metadata.setTimesAt(handle, node.name, node) : undefined;
    const found = [fault, unset, times, flags.set(entry)];
    const faults = found.filter((text) => text !== undefined);
    if (faults.length > 0) run.report(entry.path, faults.join(", "), "metadata-not-set");
  }

  #setMetadata({ directory, node }: FinishedEntry, handle: Directory): MetadataFault {
    const { metadata } = this.#parts;
    // The mode of a file that had a list was none of its own.
    if (node.type !== NodeType.directory) return metadata.setAgainAt(handle, node.name, node);
    return directory.isOld ? metadata.completeAt(handle, node.name, node) : metadata.setAt(handle, node.name, node);
  }
}
