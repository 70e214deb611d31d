/** Backs up roots into a new snapshot. */
import { SourceError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import { checkSnapshotTexts, type Repository, type Root, WriteSession } from "@bcat/repository";
import { Choice } from "../choosing/choice.js";
import { recordChoice, recordExcludes } from "../choosing/choice-options.js";
import { recordInnerSources } from "../choosing/inner-sources.js";
import { findSnapshot, type SnapshotInfo } from "../snapshots.js";
import { BackupRun } from "./backup-run.js";
import { readFoldersAbove } from "./folders-above.js";
import { type BackupOptions, type BackupSummary, COMPRESSION_LEVELS } from "./options.js";
import { leaveOutOwn, OWN, OwnFolders } from "./own-folders.js";
import { noOwnerNames } from "./owners.js";
import { findParentRoots, type ParentChoice, ParentRoots } from "./parent-roots.js";
import { recordsOf } from "./records.js";
import { RootBackup } from "./root-backup.js";
import { findRoots, type NamedRoot, type NamedRoots, nameRoots } from "./roots.js";
import { Source } from "./source.js";
import { requireSourceFault } from "./source-fault.js";
import { isUnchanged } from "./unchanged.js";

/** Said where they cannot be read. */
const NO_ATTRIBUTES = "extended attributes, also access control lists, were not stored, that takes koffi";

/**
 * Backs up `paths` (absolute, normalised, as bytes; with a `/` at the end, what a link leads to) and commits a snapshot of them.
 *
 * Roots that are missing are reported like any unreadable entry, as long as one is there. A dry run reads what a backup
 * would read, reserves and stores nothing.
 *
 * @throws BcatError usage for bad patterns, and a followed link inside another root; source-failed when no root is there; refused when
 * descriptors or memory run out; interrupted; StorageError; CorruptError when the repository is damaged in a way that
 * makes writing unsafe
 */
export async function backup(
  repository: Repository,
  posix: Posix,
  paths: readonly Uint8Array[],
  options: BackupOptions,
): Promise<BackupSummary> {
  await using prepared = new PreparedBackup(posix, paths, { ...options, now: repository.environment.now });
  return await prepared.run(repository);
}

/** A backup whose source can be looked at before its repository is open. */
export class PreparedBackup {
  readonly #posix: Posix;
  readonly #options: BackupOptions & { readonly now: () => number };
  readonly #named: NamedRoots;
  readonly #run: BackupRun;
  readonly #source: Source;
  #start: number | undefined;

  /**
   * For one run of {@link backup} with these arguments.
   *
   * @param options of which `now` tells the time in ms
   * @throws BcatError usage for bad patterns
   */
  constructor(posix: Posix, paths: readonly Uint8Array[], options: BackupOptions & { readonly now: () => number }) {
    checkSnapshotTexts({ ...options, excludes: recordExcludes(options), options: recordChoice(options) });
    this.#posix = posix;
    this.#options = options;
    this.#named = nameRoots(paths);
    const run = new BackupRun({ options, now: options.now });
    const named = this.#named.inside.map(({ path }) => path);
    const choice = new Choice(options, { named, note: (...note) => run.note(...note) });
    this.#run = run;
    const { ownFolders = [], withAtime = false, readSpecial = false } = options;
    this.#source = new Source({ run, posix, choice, ownFolders, withAtime, readSpecial });
  }

  /**
   * Begins to walk the source beside what the caller does meanwhile. The folders that the backup writes to must be
   * there: they are known by what they are, not by their path.
   */
  lookAhead(): void {
    if (this.#start !== undefined) return;
    this.#start = this.#options.now();
    const first = this.#named.roots.find((root) => !this.#source.isOwn(root));
    if (first === undefined) return;
    this.#source.lookAhead(first);
  }

  /** As {@link backup}. */
  async run(given: Repository): Promise<BackupSummary> {
    const options = this.#options;
    const posix = this.#posix;
    const repository = given.withSignal(options.signal);
    const start = this.#start ?? options.now();
    const faults: { path: Uint8Array; fault: SourceError }[] = [];
    const found = findRoots(posix, this.#named, (path, fault) => faults.push({ path, fault }));
    const own: Uint8Array[] = [];
    const named = leaveOutOwn(found, this.#source.ownFolders, (path) => own.push(path));
    const roots = named.map(({ path }) => path);
    const chosen = options.parent === undefined ? undefined : await findSnapshot(repository, options.parent);
    const level = COMPRESSION_LEVELS[options.compression ?? "auto"];
    const host = options.host === undefined ? {} : { host: options.host };
    const session = await WriteSession.begin(repository, { level, dryRun: options.dryRun === true, ...host });
    let rootBackup: RootBackup | undefined;
    try {
      const run = this.#run;
      const records = recordsOf(posix, options);
      const parents = await findParents(repository, roots, { ...options, records }, chosen);
      run.begin(session, parents.totals);
      for (const { path, fault } of faults) run.reportUnreadable(path, fault);
      for (const path of own) run.reportSkipped(path, OWN, "own-folder");
      const inside = this.#named.inside.map(({ path }) => path);
      for (const path of inside)
        run.note(path, "it lies in another source, and is stored once, as a part of that", "source-inside");
      rootBackup = new RootBackup({ run, source: this.#source, session, posix, parents, options });
      const stored = await storeRoots(rootBackup, run, named);
      if (stored.length === 0)
        throw new SourceError("Cannot back up: none of the sources could be read; nothing was committed");
      if (posix.attributes === undefined) run.noteLoss(roots[0]!, NO_ATTRIBUTES, "attributes-not-stored");
      const notes = [...(options.notes ?? []), ...recordInnerSources(inside)];
      const parts = { run, posix, session, options: { ...options, notes }, parents, start, records };
      return await commitBackup(parts, stored);
    } catch (error) {
      await session.abandon();
      throw error;
    } finally {
      await rootBackup?.close();
    }
  }

  /** Ends what is looked at ahead. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.close();
  }
}

/**
 * Refuses what {@link backup} would refuse for want of a source that is not the repository's own, before there is one.
 *
 * @throws BcatError source-failed, usage
 */
export function requireSource(posix: Posix, paths: readonly Uint8Array[], ownFolders: readonly Uint8Array[]): void {
  const ignore = () => {};
  leaveOutOwn(findRoots(posix, nameRoots(paths), ignore), new OwnFolders(posix, ownFolders, ignore), ignore);
}

export async function findParents(
  repository: Repository,
  roots: readonly Uint8Array[],
  options: BackupOptions & Pick<ParentChoice, "records" | "takesContents">,
  chosen: SnapshotInfo | undefined,
): Promise<ParentRoots> {
  const { host, clientId } = repository.environment;
  const parents =
    options.force === true
      ? new ParentRoots([])
      : await findParentRoots(repository, roots, {
          host: options.host ?? host,
          clientId,
          records: options.records,
          takesContents: options.takesContents === true,
          ...(chosen === undefined ? {} : { chosen }),
        });
  options.onParents?.(roots.map((path) => ({ path, parent: parents.about(path)?.number })));
  return parents;
}

async function storeRoots(backup: RootBackup, run: BackupRun, roots: readonly NamedRoot[]): Promise<Root[]> {
  const stored: Root[] = [];
  for (const root of roots) {
    try {
      stored.push(await backup.store(root));
    } catch (error) {
      run.reportUnreadable(root.path, requireSourceFault(error));
    }
  }
  return stored;
}

/** Commits a snapshot of `roots`, unless the run is dry or nothing has changed and that was to be skipped. */
export async function commitBackup(
  parts: {
    run: BackupRun;
    /** Undefined where there are no folders that the roots lie in. */
    posix: Posix | undefined;
    session: WriteSession;
    options: BackupOptions;
    parents: ParentRoots;
    start: number;
    records: number;
  },
  roots: readonly Root[],
): Promise<BackupSummary> {
  const { run, posix, session, options, parents, records } = parts;
  const paths = roots.map(({ path }) => path);
  // Before the errors are counted for good.
  const owners = options.owners ?? noOwnerNames;
  const foldersAbove = posix === undefined ? [] : readFoldersAbove(paths, { run, posix, owners });
  options.beforeCommit?.();
  const { filesChangedWhileRead, ...counted } = run.counts;
  const { environment } = session.repository;
  const { added } = session;
  const parent = parents.newest;
  const isSame = options.skipIfUnchanged === true && (await isUnchanged(session.repository, parent, roots));
  if (!isSame) await session.flush();
  const elapsed = environment.now() - parts.start;
  const start = options.time ?? parts.start;
  const end = start + elapsed;
  if (options.dryRun === true) await session.abandon();
  else if (isSame) await session.giveUp(`nothing has changed since snapshot ${parent}`);
  else {
    await session.commit({
      ...(parent === undefined ? {} : { parent }),
      ...parents.recordedFor(paths),
      roots,
      start,
      end,
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
      foldersAbove,
    });
  }
  const { counts } = run;
  return {
    snapshotNumber: options.dryRun === true || isSame ? undefined : session.number,
    isDryRun: options.dryRun === true,
    unchangedSince: isSame ? parent : undefined,
    parent,
    start: parts.start,
    end: environment.now(),
    errors: run.errors.total,
    filesChangedWhileRead,
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
