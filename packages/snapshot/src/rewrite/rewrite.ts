/** Makes a snapshot anew without some of its entries, or under another host or time. No data is read or moved. */
import { BcatError, CorruptError } from "@bcat/errors";
import {
  checkSnapshotTexts,
  type Repository,
  type Snapshot,
  type SnapshotOutcome,
  WriteSession,
} from "@bcat/repository";
import { COMPRESSION_LEVELS } from "../backup/options.js";
import { addRecordedExcludes } from "../choosing/choice-options.js";
import { isAtOrBelow } from "../path.js";
import { endWithout, findRemade, remade, remakeSnapshot } from "../take-over/remake.js";
import { replaceSnapshot } from "../take-over/tag.js";
import { lostError, TakenReferences } from "../take-over/taken-references.js";
import { Turns } from "../turns.js";
import { FilteredCounts } from "./filtered-counts.js";
import { type FilterParts, filterRoot } from "./filtered-root.js";
import { LeftOut, type LeftOutPatterns } from "./left-out.js";

/** Of a snapshot whose original is kept. */
const TAG = "rewrite";

export interface RewriteOptions extends LeftOutPatterns {
  /** The original is forgotten afterwards; else the new one gets the tag `rewrite`. */
  readonly forget?: boolean;
  readonly host?: string | undefined;
  /** When the backup was begun, ms. */
  readonly time?: number | undefined;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onLeftOut?: ((path: Uint8Array) => void) | undefined;
}

export interface Rewritten {
  /** Undefined for a dry run, and where nothing is other than it was. */
  readonly number: number | undefined;
  /** Entries left out; of folders they alone. */
  readonly leftOut: number;
  readonly isChanged: boolean;
  /** Files that are left, and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

/**
 * @throws BcatError usage for a malformed pattern, refused when nothing would be left; CorruptError when trees cannot be
 *   read: then nothing is changed; StorageError
 */
export async function rewriteSnapshot(given: Repository, number: number, options: RewriteOptions): Promise<Rewritten> {
  const repository = given.withSignal(options.signal);
  const leftOut = new LeftOut(options);
  const outcome = await repository.readOutcome(number);
  if (outcome?.kind !== "snapshot" || repository.history.isForgotten(number))
    throw new BcatError("not-found", `Cannot rewrite snapshot ${number}: it is not there`);
  if (leftOut.isEmpty) return await changeOnly(repository, number, outcome, options);
  const level = COMPRESSION_LEVELS.auto;
  const session = await WriteSession.begin(repository, { level, dryRun: options.dryRun === true });
  try {
    return await new Rewrite(session, { number, outcome, leftOut, options }).run();
  } catch (error) {
    await endWithout(session, error);
    throw error;
  }
}

/** Another host or time, with the same trees. */
async function changeOnly(
  repository: Repository,
  number: number,
  outcome: SnapshotOutcome,
  options: RewriteOptions,
): Promise<Rewritten> {
  const { snapshot } = outcome;
  const { files, bytes } = snapshot.counts;
  const same = { leftOut: 0, files, bytes };
  const isChanged = options.host !== undefined || options.time !== undefined;
  if (!isChanged || options.dryRun === true) return { ...same, number: undefined, isChanged };
  const { signal } = options;
  const made = await remakeSnapshot(repository, number, outcome, { signal, change: changeOf(snapshot, options) });
  if (options.forget === true) await replaceSnapshot(repository, number, made.number);
  return { ...same, number: made.number, isChanged };
}

function changeOf(snapshot: Snapshot, { forget, host, time }: RewriteOptions) {
  const tags = forget === true ? snapshot.tags : [...new Set([...snapshot.tags, TAG])];
  const start = time ?? snapshot.start;
  checkSnapshotTexts({ tags, ...(host === undefined ? {} : { host }) });
  const said = time === undefined ? {} : { isTimeSaid: true };
  return { tags, host: host ?? snapshot.host, start, end: start + (snapshot.end - snapshot.start), ...said };
}

interface RewriteParts {
  readonly number: number;
  readonly outcome: SnapshotOutcome;
  readonly leftOut: LeftOut;
  readonly options: RewriteOptions;
}

class Rewrite {
  readonly #session: WriteSession;
  readonly #parts: RewriteParts;
  readonly #counts = new FilteredCounts();
  readonly #turns: Turns;

  constructor(session: WriteSession, parts: RewriteParts) {
    this.#session = session;
    this.#parts = parts;
    this.#turns = new Turns(session.repository.environment.now);
  }

  async run(): Promise<Rewritten> {
    const { outcome, options } = this.#parts;
    const { snapshot } = outcome;
    const { repository } = this.#session;
    // Rules 2 and 5, as for all snapshots that are made from others: take-over.ts.
    const mustResolve = repository.history.condemnedSince(snapshot.logHead);
    const references = mustResolve ? new TakenReferences(this.#session) : undefined;
    const roots = await this.#filter(references);
    if (roots.length === 0 && snapshot.roots.length > 0) {
      if (options.dryRun !== true) await this.#session.giveUp("nothing would be left");
      throw this.#nothingLeft();
    }
    const isMeant = options.host !== undefined || options.time !== undefined;
    const isChanged = this.#counts.leftOut > 0 || isMeant;
    if (!isChanged && options.dryRun !== true) {
      await this.#session.giveUp(`nothing of snapshot ${this.#parts.number} was to be left out`);
      return this.#result(undefined, false);
    }
    if (options.dryRun === true) {
      await this.#session.abandon();
      return this.#result(undefined, isChanged);
    }
    const logHead = mustResolve ? this.#session.session.logHead : snapshot.logHead;
    return this.#result(await this.#commit(roots, logHead), true);
  }

  async #filter(references: TakenReferences | undefined): Promise<Snapshot["roots"]> {
    const { outcome, leftOut, options } = this.#parts;
    const parts: FilterParts = {
      session: this.#session,
      leftOut,
      references,
      counts: this.#counts,
      onLeftOut: options.onLeftOut,
      breathe: () => this.#breathe(references),
    };
    const roots: Snapshot["roots"][number][] = [];
    try {
      for (const root of outcome.snapshot.roots) {
        const filtered = await filterRoot(parts, root);
        if (filtered !== undefined) roots.push(filtered);
      }
    } catch (error) {
      if (!(error instanceof CorruptError) || references === undefined) throw error;
      throw lostError([references.path], { count: 1, cause: error });
    }
    await references?.finish();
    return roots;
  }

  async #breathe(references: TakenReferences | undefined): Promise<void> {
    await references?.step();
    if (this.#session.isBusy) await this.#session.ready();
    if (!this.#turns.entry()) return;
    await this.#turns.take();
    if (this.#parts.options.signal?.aborted === true)
      throw new BcatError("interrupted", "interrupted; nothing was committed");
  }

  /** The number of the new snapshot; of one that is there, if an earlier run was stopped after it. */
  async #commit(roots: Snapshot["roots"], logHead: number): Promise<number> {
    const { number, outcome, options } = this.#parts;
    await this.#session.flush();
    const snapshot = this.#snapshot(roots);
    const before = await findRemade(this.#session.repository, { ...outcome, snapshot }, number);
    if (before === undefined) await this.#session.commit({ ...snapshot, logHead }, outcome.unknown);
    else await this.#session.giveUp(`snapshot ${before} is it already`);
    const made = before ?? this.#session.number;
    if (options.forget === true) await replaceSnapshot(this.#session.repository, number, made);
    return made;
  }

  #snapshot(roots: Snapshot["roots"]): Snapshot {
    const { number, outcome, options } = this.#parts;
    const { snapshot } = outcome;
    const { added } = this.#session;
    const texts = addRecordedExcludes(snapshot, options);
    const foldersAbove = snapshot.foldersAbove?.filter(({ path }) =>
      roots.some((root) => isAtOrBelow(root.path, path)),
    );
    checkSnapshotTexts(texts);
    return {
      ...remade(number, snapshot, changeOf(snapshot, options)),
      ...texts,
      roots,
      ...(foldersAbove === undefined ? {} : { foldersAbove }),
      counts: {
        ...this.#counts.counts,
        dataChunksAdded: added.dataChunks,
        treeChunksAdded: added.treeChunks,
        plainBytesAdded: added.plainBytes,
        storedBytesAdded: added.storedBytes,
      },
    };
  }

  #result(number: number | undefined, isChanged: boolean): Rewritten {
    const { files, bytes } = this.#counts.counts;
    return { number, leftOut: this.#counts.leftOut, isChanged, files, bytes };
  }

  #nothingLeft(): BcatError {
    const { number } = this.#parts;
    const remedy = `bcat forget ${number} forgets it`;
    return new BcatError("refused", `Cannot rewrite snapshot ${number}: nothing of it would be left; ${remedy}`);
  }
}
