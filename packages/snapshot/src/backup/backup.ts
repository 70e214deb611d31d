/** Backs up roots into a new snapshot. */
import { SourceError } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import { checkSnapshotTexts, DecidedElsewhereError, type Repository, type Root, WriteSession } from "@bcat/repository";
import { Choice } from "../choosing/choice.js";
import { recordChoice, recordExcludes } from "../choosing/choice-options.js";
import { recordInnerSources } from "../choosing/inner-sources.js";
import { findSnapshot, type SnapshotInfo } from "../snapshots.js";
import { BackupRun } from "./backup-run.js";
import { Checkpoints } from "./checkpoints.js";
import { commitBackup, snapshotOf } from "./commit.js";
import { endEarly, isUnanswered } from "./early-end.js";
import { type BackupOptions, type BackupSummary, COMPRESSION_LEVELS, type RootParent } from "./options.js";
import { leaveOutOwn, OWN, OwnFolders } from "./own-folders.js";
import { findParentRoots, type ParentChoice, ParentRoots } from "./parent-roots.js";
import { recordsOf } from "./records.js";
import { RootBackup } from "./root-backup.js";
import { type FoundRoot, findRoots, type NamedRoot, type NamedRoots, nameRoots } from "./roots.js";
import { Source } from "./source.js";
import { SourceCount } from "./source-count.js";
import { requireSourceFault } from "./source-fault.js";

/** Said where they cannot be read. */
const NO_ATTRIBUTES = "extended attributes, also access control lists, were not stored, that takes koffi";

/** Runs of one backup whose sessions others end. */
const STARTS_MAX = 3;

/** The sources that are there, those that are the backup's own folders, and what cannot be read. */
interface FoundSources {
  readonly roots: readonly FoundRoot[];
  readonly own: readonly Uint8Array[];
  readonly faults: { path: Uint8Array; fault: SourceError }[];
}

interface Begun {
  readonly session: WriteSession;
  readonly sources: FoundSources;
  readonly start: number;
  readonly chosen: SnapshotInfo | undefined;
}

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
  readonly #paths: readonly Uint8Array[];
  readonly #options: BackupOptions & { readonly now: () => number };
  readonly #named: NamedRoots;
  readonly #run: BackupRun;
  readonly #source: Source;
  #start: number | undefined;
  #starts = 1;
  /** While there is something to keep. */
  #checkpoints: Checkpoints | undefined;
  /** What goes on in place of this one. */
  #again: PreparedBackup | undefined;

  /**
   * For one run of {@link backup} with these arguments.
   *
   * @param options of which `now` tells the time in ms
   * @throws BcatError usage for bad patterns
   */
  constructor(posix: Posix, paths: readonly Uint8Array[], options: BackupOptions & { readonly now: () => number }) {
    checkSnapshotTexts({ ...options, excludes: recordExcludes(options), options: recordChoice(options) });
    this.#posix = posix;
    this.#paths = paths;
    this.#options = options;
    this.#named = nameRoots(paths);
    this.#run = new BackupRun({ options, now: options.now });
    this.#source = this.#createSource(this.#run);
  }

  #createSource(run: BackupRun): Source {
    const named = this.#named.inside.map(({ path }) => path);
    const choice = new Choice(this.#options, { named, note: (...note) => run.note(...note) });
    const { ownFolders = [], withAtime = false, readSpecial = false } = this.#options;
    return new Source({ run, posix: this.#posix, choice, ownFolders, withAtime, readSpecial });
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

  /** True while {@link BackupOptions.stop} would leave a partial snapshot; otherwise there is nothing to wait for. */
  get keepsAtStop(): boolean {
    return this.#again?.keepsAtStop ?? this.#checkpoints?.isWorthwhile === true;
  }

  /** As {@link backup}. */
  async run(given: Repository): Promise<BackupSummary> {
    try {
      return await this.#runOnce(given);
    } catch (error) {
      if (!(error instanceof DecidedElsewhereError) || this.#starts >= STARTS_MAX) throw error;
    }
    // Somebody took it for dead. What it has stored is found by the next session.
    await using again = new PreparedBackup(this.#posix, this.#paths, this.#options);
    again.#starts = this.#starts + 1;
    this.#again = again;
    return await again.run(given);
  }

  async #runOnce(given: Repository): Promise<BackupSummary> {
    const options = this.#options;
    const repository = given.withSignal(options.signal);
    const start = this.#start ?? options.now();
    const sources = this.#findSources();
    const chosen = options.parent === undefined ? undefined : await findSnapshot(repository, options.parent);
    const level = COMPRESSION_LEVELS[options.compression ?? "auto"];
    const host = options.host === undefined ? {} : { host: options.host };
    const session = await WriteSession.begin(repository, { level, dryRun: options.dryRun === true, ...host });
    try {
      return await this.#store({ session, sources, start, chosen });
    } catch (error) {
      const isStoring = this.#checkpoints !== undefined;
      const isSilent = isStoring && this.#run.isStopping && isUnanswered(error);
      const answers = !isSilent && ((await this.#checkpoints?.takeLast(error)) ?? true);
      throw await endEarly(session, error, { isStop: this.#run.isStop(error), isStoring, answers });
    } finally {
      this.#checkpoints = undefined;
    }
  }

  #findSources(): FoundSources {
    const faults: FoundSources["faults"] = [];
    const found = findRoots(this.#posix, this.#named, (path, fault) => faults.push({ path, fault }));
    const own: Uint8Array[] = [];
    const roots = leaveOutOwn(found, this.#source.ownFolders, (path) => own.push(path));
    return { roots, own, faults };
  }

  async #store({ session, sources, start, chosen }: Begun): Promise<BackupSummary> {
    const posix = this.#posix;
    const run = this.#run;
    const records = recordsOf(posix, this.#options);
    const paths = sources.roots.map(({ path }) => path);
    const parents = await findParents(session, paths, { ...this.#options, records }, chosen);
    run.begin(session, parents.totals);
    const inside = this.#named.inside.map(({ path }) => path);
    tellOfSources(run, sources, inside);
    const notes = [...(this.#options.notes ?? []), ...recordInnerSources(inside)];
    const options = { ...this.#options, notes };
    const parts = { run, posix, session, options, parents, start, records };
    if (!session.session.isDryRun)
      this.#checkpoints = new Checkpoints({ run, session, snapshotOf: (roots) => snapshotOf(parts, roots) });
    run.checkpoints = this.#checkpoints;
    await using rootBackup = new RootBackup({ run, source: this.#source, session, posix, parents, options });
    const stored = await this.#whileCounting(sources.roots, parents.totals !== undefined, () =>
      storeRoots(rootBackup, run, sources.roots),
    );
    if (stored.length === 0)
      throw new SourceError("Cannot back up: none of the sources could be read; nothing was committed");
    if (posix.attributes === undefined) run.noteLoss(paths[0]!, NO_ATTRIBUTES, "attributes-not-stored");
    // From here on an end is as good as any.
    this.#checkpoints = undefined;
    run.showEnd();
    return await commitBackup(parts, stored);
  }

  /** Runs `action`, and beside it counts what there is to do, where that is wanted and not known. */
  async #whileCounting<T>(roots: readonly NamedRoot[], isKnown: boolean, action: () => Promise<T>): Promise<T> {
    const { countAhead = false, onProgress, now } = this.#options;
    if (isKnown || !countAhead || onProgress === undefined) return await action();
    const run = new BackupRun({ options: this.#options, now, isSilent: true });
    const count = new SourceCount(this.#createSource(run), this.#posix);
    const counted = count.count(roots).then((totals) => totals && this.#run.expect(totals));
    this.#source.spare = async () => {
      if (!count.end()) return false;
      await counted;
      return true;
    };
    try {
      return await action();
    } finally {
      count.end();
      await counted;
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
  session: WriteSession,
  roots: readonly Uint8Array[],
  options: BackupOptions & Pick<ParentChoice, "records" | "takesContents">,
  chosen: SnapshotInfo | undefined,
): Promise<ParentRoots> {
  const { repository } = session;
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
  options.onParents?.(
    roots.map((path) => ({ path, parent: parents.about(path)?.number, ...resumedFrom(parents, path) })),
    session.adopted,
  );
  return parents;
}

function resumedFrom(parents: ParentRoots, path: Uint8Array): Pick<RootParent, "partial"> {
  const partial = parents.partialOf(path);
  if (partial === undefined) return {};
  const { number, counts } = partial;
  return { partial: { number, files: counts.files, bytes: counts.bytes } };
}

async function storeRoots(backup: RootBackup, run: BackupRun, roots: readonly NamedRoot[]): Promise<Root[]> {
  const stored: Root[] = [];
  for (const root of roots) {
    try {
      stored.push(await backup.store(root));
      run.checkpoints?.end(stored.at(-1));
    } catch (error) {
      run.reportUnreadable(root.path, requireSourceFault(error));
      run.checkpoints?.end();
    }
  }
  return stored;
}

function tellOfSources(run: BackupRun, { own, faults }: FoundSources, inside: readonly Uint8Array[]): void {
  for (const { path, fault } of faults) run.reportUnreadable(path, fault);
  for (const path of own) run.reportSkipped(path, OWN, "own-folder");
  for (const path of inside)
    run.note(path, "it lies in another source, and is stored once, as a part of that", "source-inside");
}
