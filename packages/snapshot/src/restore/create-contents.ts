/** What moves the content of files in one restore, put together. */
import { DATA } from "@bcat/pack";
import type { Directory, Posix } from "@bcat/posix";
import { type Environment, RangeOpener, type Repository } from "@bcat/repository";
import type { OwnFolders } from "../backup/own-folders.js";
import { Contents } from "./contents.js";
import { FileWriter } from "./file-writer.js";
import type { FlagSetter } from "./inode-flags.js";
import { JobRunner } from "./job-runner.js";
import { Jobs } from "./jobs.js";
import type { KeptPaths } from "./kept-paths.js";
import { LargeFiles } from "./large-files.js";
import type { MetadataSetter } from "./metadata.js";
import type { Overwrite } from "./overwrite.js";
import type { RestoreRun } from "./restore-run.js";
import { RestoreThreads } from "./restore-threads.js";
import { SparseFiles } from "./sparse-files.js";
import type { TargetDirectories } from "./target-directory.js";
import type { WantedNodes } from "./wanted-nodes.js";

/** Threads beside the main one, at most. */
const THREADS_MAX = 32;
/** Descriptors that the main thread may need, and those of each other one, which loads modules and opens directories. */
const MAIN_DESCRIPTORS = 96;
const THREAD_DESCRIPTORS = 32;
/** Files of several chunks that are open at once in each of two batches: where descriptors are few, and elsewhere. */
const FEW_LARGE_FILES = 8;
const MANY_LARGE_FILES = 128;
const MANY_DESCRIPTORS = 1_000;

export interface RestoreParts {
  readonly repository: Repository;
  readonly posix: Posix;
  readonly run: RestoreRun;
  readonly nodes: WantedNodes;
  /** The target. */
  readonly top: Directory;
  /** This one included. */
  readonly threads: number;
  /** Undefined when nothing is in the way. */
  readonly overwrite: Overwrite | undefined;
  /** What is not restored into. */
  readonly own: OwnFolders;
  /** Folders that are in the way have been removed. */
  readonly deletes: boolean;
  /** What is kept of the target, and may be overwritten; undefined when all may be. */
  readonly kept?: { readonly paths: KeptPaths; readonly isPrivileged: boolean } | undefined;
  /** The snapshot says which extended attributes its entries have. */
  readonly recordsAttributes: boolean;
  readonly recordsAllAttributes: boolean;
  /** It says which inode flags they have. */
  readonly recordsFlags: boolean;
}

/** What sets everything but contents. */
export interface ContentsTarget {
  readonly directories: TargetDirectories;
  readonly metadata: MetadataSetter;
  readonly flags: FlagSetter;
}

export function createContents(parts: RestoreParts, { directories, metadata, flags }: ContentsTarget): Contents {
  const { repository, posix, run, overwrite } = parts;
  const writer = new FileWriter({ posix, directories, metadata });
  const idHash = repository.idHash[DATA];
  const sparse = new SparseFiles({ all: run.isSparse, idHash, chunkLengthMax: repository.chunker.maximum });
  const large = new LargeFiles({ posix, run, writer, metadata, sparse, flags });
  const opener = new RangeOpener(repository.context, idHash);
  const jobs = new Jobs({
    run,
    writer,
    large,
    metadata,
    sparse,
    runner: new JobRunner({ posix, writer, metadata, opener, postpones: false }),
    // Of what is there already nobody knows how much there is to do.
    totals: overwrite === undefined ? run.totals : undefined,
    createThreads: threadsMaker(parts),
    startFiles: repository.environment.sizes?.filesBeforeThreads,
  });
  const reader = repository.bulkReader();
  return new Contents({ reader, jobs, large, sparse, largeFilesMax: largeFilesMax(repository.environment) });
}

/** Undefined when this thread is to do everything. */
function threadsMaker({ repository, posix, top, threads }: RestoreParts): (() => RestoreThreads) | undefined {
  const { context, environment } = repository;
  const { descriptorLimit = Number.POSITIVE_INFINITY } = environment;
  const affordable = Math.floor((descriptorLimit - MAIN_DESCRIPTORS) / THREAD_DESCRIPTORS);
  const count = Math.min(threads - 1, THREADS_MAX, affordable);
  // A thread is given the target's descriptor, not its path.
  if (count < 1 || !posix.reachesByDescriptor) return undefined;
  const accelerators = environment.accelerators ?? "auto";
  return () =>
    new RestoreThreads({ count, keys: context.keys.share(), accelerators, top: { fd: top.fd, path: top.path } });
}

function largeFilesMax({ descriptorLimit = 0 }: Environment): number {
  return descriptorLimit >= MANY_DESCRIPTORS ? MANY_LARGE_FILES : FEW_LARGE_FILES;
}
