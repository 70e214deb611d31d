/** Files that one thread makes, or goes on writing, in one go. All that is handed over can be cloned. */
import type { Directory } from "@bcat/posix";
import type { FetchedRange } from "@bcat/repository";
import type { ThreadContextData } from "../thread-context.js";
import type { Unset } from "./metadata.js";
import type { TargetDirectory } from "./target-directory.js";
import type { WaitingFile } from "./waiting-file.js";

/** What a thread is given when it starts. */
export interface RestoreThreadData extends ThreadContextData {
  /** The directory that all others are below. It stays open, for its descriptor is used here. */
  readonly top: Directory;
}

/** In {@link JobFiles.descriptors}: the chunk is a whole file, to be made. */
export const WHOLE = -1;
/** There: the file has failed, nothing is to be written. */
export const NOTHING = -2;

/** Where each piece of content goes, in columns. */
export interface JobFiles {
  readonly count: number;
  /** A file that is open already, or {@link WHOLE}, or {@link NOTHING}. */
  readonly descriptors: Int32Array;
  /** In the open file. */
  readonly positions: Float64Array;
  /** Bytes that the tree says there are. */
  readonly lengths: Uint32Array;
  /** 1 for a piece of which zeros are not written; absent where there is none. */
  readonly sparse: Uint8Array | undefined;
  /** What is below is that of whole files. The directory: by its index in the job's. */
  readonly directories: Uint32Array;
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  readonly modes: Uint16Array;
  readonly uids: Uint32Array;
  readonly gids: Uint32Array;
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
}

/** The directories of a job and those above them, parents first; the first is the top one, which is its own parent. */
export interface JobDirectories {
  readonly parents: Uint32Array;
  /** 1 for one in which the system may give something else to new files than in its parent. */
  readonly unlike: Uint8Array;
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
}

export interface Job {
  readonly files: JobFiles;
  /** Pieces of content: the chunks of a range, or bytes that lie one after another. */
  readonly content: FetchedRange | Uint8Array;
}

export interface PostedJob extends Job {
  readonly directories: JobDirectories;
}

/** What came of a piece of content. */
export const State = {
  written: 0,
  /** It could not be had from the range. */
  unread: 1,
  /** It has not the length that the tree says. */
  wrongLength: 2,
  /** See the faults of the job. */
  failed: 3,
  /** There was no descriptor for it: it can be tried again. */
  postponed: 4,
} as const;

export interface JobFault {
  readonly index: number;
  /** Of the system's error; empty when there was none. */
  readonly code: string;
  readonly message: string;
}

export interface JobResult {
  /** A {@link State} for each piece. */
  readonly states: Uint8Array;
  /** Of pieces that failed, and of files whose metadata could not all be set. */
  readonly faults: readonly JobFault[];
  /** Of the files of this job. */
  readonly unset: Unset;
}

/** Puts the files of a job into columns, as if all were to be made. `directories` is where each file's directory is numbered. */
export function describeFiles(
  files: readonly WaitingFile[],
  lengths: Uint32Array,
  { directories, isSparse }: { directories: DirectoryNumbers; isSparse: (node: WaitingFile["node"]) => boolean },
): JobFiles {
  const count = files.length;
  const columns = {
    count,
    descriptors: new Int32Array(count).fill(WHOLE),
    positions: new Float64Array(count),
    lengths,
    directories: new Uint32Array(count),
    nameEnds: new Uint32Array(count),
    modes: new Uint16Array(count),
    uids: new Uint32Array(count),
    gids: new Uint32Array(count),
    seconds: new Float64Array(count),
    nanoseconds: new Uint32Array(count),
  };
  let end = 0;
  let sparse: Uint8Array | undefined;
  for (let i = 0; i < count; i++) {
    const { node, directory } = files[i]!;
    if (isSparse(node)) {
      sparse ??= new Uint8Array(count);
      sparse[i] = 1;
    }
    end += node.name.length;
    columns.nameEnds[i] = end;
    columns.directories[i] = directories.of(directory);
    columns.modes[i] = node.mode;
    columns.uids[i] = node.uid;
    columns.gids[i] = node.gid;
    columns.seconds[i] = node.mtimeSeconds;
    columns.nanoseconds[i] = node.mtimeNanoseconds;
  }
  return { ...columns, sparse, names: joinNames(files, end) };
}

/** Numbers directories as they are met, each after its parent. */
export class DirectoryNumbers {
  readonly directories: TargetDirectory[] = [];
  readonly #numbers = new Map<TargetDirectory, number>();
  #last: TargetDirectory | undefined;
  #lastNumber = 0;

  of(directory: TargetDirectory): number {
    if (directory === this.#last) return this.#lastNumber;
    // From the top down, without recursion: directories may be nested by the thousand.
    const unknown: TargetDirectory[] = [];
    for (let at: TargetDirectory | undefined = directory; at !== undefined && !this.#numbers.has(at); at = at.parent) {
      unknown.push(at);
    }
    for (const next of unknown.reverse()) this.#numbers.set(next, this.directories.push(next) - 1);
    this.#last = directory;
    this.#lastNumber = this.#numbers.get(directory)!;
    return this.#lastNumber;
  }

  table(): JobDirectories {
    const { directories } = this;
    const parents = Uint32Array.from(directories, ({ parent }) =>
      parent === undefined ? 0 : this.#numbers.get(parent)!,
    );
    const unlike = Uint8Array.from(directories, ({ parent, newFiles }) => (newFiles === parent?.newFiles ? 0 : 1));
    const nameEnds = new Uint32Array(directories.length);
    let end = 0;
    directories.forEach(({ name }, i) => {
      end += name.length;
      nameEnds[i] = end;
    });
    return {
      parents,
      unlike,
      nameEnds,
      names: joinNames(
        directories.map((directory) => ({ node: directory })),
        end,
      ),
    };
  }
}

function joinNames(named: readonly { readonly node: { readonly name: Uint8Array } }[], length: number): Uint8Array {
  const names = new Uint8Array(length);
  let at = 0;
  for (const { node } of named) {
    names.set(node.name, at);
    at += node.name.length;
  }
  return names;
}
