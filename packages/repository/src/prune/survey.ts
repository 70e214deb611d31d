/** What a prune knows of a repository: which chunks are live, which packs there are, and how much of each is used. */
import { BcatError, CorruptError, isBcatError } from "@bcat/errors";
import { type BlobKind, PackNames } from "@bcat/pack";
import type { History } from "../history.js";
import { catchUpStrictly, partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { type Listed, listPacks } from "./listing.js";
import { LiveMarks } from "./live-marks.js";
import type { PruneOptions } from "./options.js";
import { KINDS, PackTable } from "./pack-table.js";

/** How often other prunes may get ahead of a survey. */
const ATTEMPTS_MAX = 10;

/** Walks all that snapshots refer to. */
export interface Roots {
  /**
   * @param visit is told of each reference, and says whether what it refers to is to be walked
   * @throws CorruptError, StorageError
   */
  walk(snapshots: readonly number[], visit: (kind: BlobKind, id: Uint8Array) => boolean): Promise<void>;
}

export type SurveyOptions = Pick<PruneOptions, "isEarly" | "forgotten">;

interface Surveyed {
  readonly roots: Roots;
  readonly listed: Listed | undefined;
  readonly options: SurveyOptions;
}

export class Survey {
  readonly marks: LiveMarks;
  readonly table: PackTable;
  /** Undefined where the storage cannot list. */
  readonly listed: Listed | undefined;
  /** Packs that stay, as they are charged for all the same, and until when. */
  readonly charged: ReadonlyMap<string, number>;
  readonly #parts: RepositoryParts;
  readonly #roots: Roots;
  readonly #options: SurveyOptions;
  readonly #walked = new Set<number>();

  private constructor(parts: RepositoryParts, { roots, listed, options }: Surveyed) {
    this.#parts = parts;
    this.#roots = roots;
    this.#options = options;
    this.listed = listed;
    this.charged = options.isEarly === true ? new Map() : (listed?.charged ?? new Map());
    this.marks = new LiveMarks(parts.index.chunks);
    this.table = new PackTable(this.marks);
  }

  /**
   * Surveys the repository as its history and index are now. Where a chunk is not found, both are brought up to date and
   * it is looked for again: another prune may have dropped it with a snapshot that was forgotten just now. Whoever reads
   * trees does the same with packs that are gone: then what was marked is not the index any more, and all is marked anew.
   *
   * @throws BcatError conditions-not-met without a snapshot; CorruptError for what is in use and cannot be found
   */
  static async make(repository: Repository, roots: Roots, options: SurveyOptions): Promise<Survey> {
    const parts = partsOf(repository);
    for (let attempt = 1; ; attempt++) {
      const { newness } = parts.history;
      try {
        const survey = new Survey(parts, { roots, options, listed: await listPacks(parts) });
        await survey.#walk(rootsOf(parts.history, options));
        if (survey.#hasSameRuns() || attempt === ATTEMPTS_MAX) return survey;
      } catch (error) {
        if (!isBcatError(error, "corrupt") || attempt === ATTEMPTS_MAX) throw error;
        await catchUpStrictly(parts);
        if (parts.history.newness === newness) throw error;
      }
    }
  }

  /** Brings it up to the history and the index as they are now: this survey, or another one. @throws as {@link make} */
  async update(repository: Repository): Promise<Survey> {
    const roots = rootsOf(this.#parts.history, this.#options);
    if (!this.#hasSameRuns()) return await this.#anew(repository);
    const unknown = roots.filter((number) => !this.#walked.has(number));
    if (unknown.length > 0) return await this.#anew(repository);
    return this;
  }

  async #anew(repository: Repository): Promise<Survey> {
    return await Survey.make(repository, this.#roots, this.#options);
  }

  #hasSameRuns(): boolean {
    const { chunks } = this.#parts.index;
    return KINDS.every((kind) => {
      const segments = chunks.segments(kind);
      const known = this.marks.segments(kind);
      return segments.length === known.length && segments.every((segment, i) => segment === known[i]);
    });
  }

  /** A flag for each pack of the table that the log condemns, up to record `last`. */
  condemned(last = this.#parts.history.logHead): Uint8Array {
    return this.table.flag(condemnedUpTo(this.#parts.history, last));
  }

  /**
   * Packs that log records up to `last` condemn and that are still there, as far as anybody knows, or still named by
   * segments; and their sizes, 0 for those that a listing does not have. Without those that are charged for all the
   * same. What has been dropped is named by runs of this client only.
   */
  left(last = this.#parts.history.logHead): Map<string, number> {
    const { log, droppedHead } = this.#parts.history;
    const left = new Map<string, number>();
    for (const name of log.condemnedBehind(0, last)) {
      const size = this.listed?.sizes.get(name);
      if (size !== undefined && !this.charged.has(name)) left.set(name, size);
    }
    for (const name of log.condemnedBehind(droppedHead, last)) {
      const pack = this.table.numberOf(name);
      if (pack === undefined || left.has(name) || this.charged.has(name)) continue;
      left.set(name, this.listed === undefined ? this.table.sizes[pack]! : 0);
    }
    return left;
  }

  async #walk(snapshots: readonly number[]): Promise<void> {
    await this.#roots.walk(snapshots, (kind, id) => {
      const marked = this.marks.mark(kind, id);
      if (marked === "missing") throw lost(id);
      return marked === "new";
    });
    for (const number of snapshots) this.#walked.add(number);
  }
}

/** Object names of packs that the log condemns, up to record `last`. */
export function condemnedUpTo(history: History, last: number): PackNames {
  const condemned = new PackNames();
  for (const references of history.log.referencesBehind(0, last)) condemned.addAll(references);
  return condemned;
}

/**
 * Snapshots that keep chunks alive: all that are not forgotten, partial ones too.
 *
 * @throws BcatError conditions-not-met when there never was one: more likely something was overlooked
 */
function rootsOf(history: History, { forgotten }: SurveyOptions): number[] {
  const isRoot = (number: number) => !history.isForgotten(number) && forgotten?.has(number) !== true;
  const roots = [...history.summaries.keys()].filter(isRoot);
  if (roots.length > 0 || history.summaries.size > 0) return roots;
  throw new BcatError("conditions-not-met", "Cannot prune: there is no snapshot, and none was ever forgotten");
}

function lost(id: Uint8Array): CorruptError {
  const hex = Buffer.from(id.subarray(0, 8)).toString("hex");
  return new CorruptError(
    `Cannot prune: chunk ${hex}… is in use and no index segment names it; bcat check tells what needs it, bcat repair what can be done`,
  );
}
