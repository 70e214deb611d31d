/** From what a backup has stored to a snapshot of it. */
import type { Posix } from "@bcat/posix";
import type { Root, SnapshotToCommit, WriteSession } from "@bcat/repository";
import { recordChoice, recordExcludes } from "../choosing/choice-options.js";
import type { BackupRun } from "./backup-run.js";
import { readFoldersAbove } from "./folders-above.js";
import type { BackupOptions, BackupSummary } from "./options.js";
import { noOwnerNames } from "./owners.js";
import type { ParentRoots } from "./parent-roots.js";
import { isUnchanged } from "./unchanged.js";

export interface CommitParts {
  readonly run: BackupRun;
  readonly session: WriteSession;
  readonly options: BackupOptions;
  readonly parents: ParentRoots;
  readonly start: number;
  readonly records: number;
}

/** The snapshot of `roots`, as it would be now. */
export function snapshotOf(
  { run, session, options, parents, records, ...times }: CommitParts,
  roots: readonly Root[],
): SnapshotToCommit {
  const { filesChangedWhileRead, ...counted } = run.counts;
  const { environment } = session.repository;
  const { added } = session;
  const parent = parents.newest;
  const elapsed = environment.now() - times.start;
  const start = options.time ?? times.start;
  return {
    ...(parent === undefined ? {} : { parent }),
    ...parents.recordedFor(roots.map(({ path }) => path)),
    roots,
    start,
    end: start + elapsed,
    ...(options.time === undefined ? {} : { isTimeSaid: true }),
    zone: environment.zone,
    host: options.host ?? environment.host,
    user: environment.user,
    clientId: environment.clientId,
    version: environment.programVersion,
    tags: options.tags ?? [],
    excludes: recordExcludes(options),
    options: [
      ...(options.compression === undefined ? [] : [`compression=${options.compression}`]),
      ...recordChoice(options),
      ...(options.notes ?? []),
    ],
    counts: {
      ...counted,
      ...(filesChangedWhileRead === 0 ? {} : { filesChangedWhileRead }),
      dataChunksAdded: added.dataChunks,
      treeChunksAdded: added.treeChunks,
      plainBytesAdded: added.plainBytes,
      storedBytesAdded: added.storedBytes,
    },
    errors: run.errors,
    isSettled: true,
    records,
  };
}

/** Commits a snapshot of `roots`, unless the run is dry or nothing has changed and that was to be skipped. */
export async function commitBackup(
  parts: CommitParts & {
    /** Undefined where there are no folders that the roots lie in. */
    readonly posix: Posix | undefined;
  },
  roots: readonly Root[],
): Promise<BackupSummary> {
  const { run, posix, session, options, parents } = parts;
  const paths = roots.map(({ path }) => path);
  // Before the errors are counted for good.
  const owners = options.owners ?? noOwnerNames;
  const foldersAbove = posix === undefined ? [] : readFoldersAbove(paths, { run, posix, owners });
  options.beforeCommit?.();
  const { environment } = session.repository;
  const { added } = session;
  const parent = parents.newest;
  const before = parents.newestWhole;
  const isSame = options.skipIfUnchanged === true && (await isUnchanged(session.repository, before, roots));
  if (!isSame) await session.flush();
  if (options.dryRun === true) await session.abandon();
  else if (isSame) await session.giveUp(`nothing has changed since snapshot ${before}`);
  else await session.commit({ ...snapshotOf(parts, roots), foldersAbove });
  const { counts } = run;
  return {
    snapshotNumber: options.dryRun === true || isSame ? undefined : session.number,
    isDryRun: options.dryRun === true,
    unchangedSince: isSame ? before : undefined,
    parent,
    start: parts.start,
    end: environment.now(),
    errors: run.errors.total,
    filesChangedWhileRead: counts.filesChangedWhileRead,
    skipped: run.skipped,
    filesNew: counts.filesNew,
    filesChanged: counts.filesChanged,
    filesUnmodified: counts.filesUnmodified,
    dirsNew: counts.directoriesNew,
    dirsChanged: counts.directoriesChanged,
    dirsUnmodified: counts.directoriesUnmodified,
    dataChunks: added.dataChunks,
    treeChunks: added.treeChunks,
    healedChunks: added.healed,
    dataAdded: added.plainBytes,
    dataAddedPacked: added.storedBytes,
    totalFiles: counts.files,
    totalSymlinks: counts.symlinks,
    totalOthers: counts.others,
    totalBytes: counts.bytes,
  };
}
