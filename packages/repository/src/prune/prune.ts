/**
 * Frees what no snapshot uses (docs/architecture.md, "Prune"). Any run may be killed at any step, and any later one, on
 * any machine, goes on with what it has left:
 *
 *     survey ──► copy what is used of packs to be given up ──► condemn ──► wait for older sessions
 *            ──► survey again ──► rescue what became live ──► compaction outcome ──► delete
 */
import { BcatError, isBcatError } from "@bcat/errors";
import { type ObjectReference, parseObjectName, segmentName } from "@bcat/pack";
import type { CompactionOutcome, SegmentChanges } from "../bodies/outcome.js";
import { ChunkStore } from "../chunk-store.js";
import { openDeadSessions, settleDeadSessions } from "../dead-sessions.js";
import { condemnPacks } from "../log-writer.js";
import { catchUpStrictly, partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { Session } from "../session.js";
import { baseOf } from "./base.js";
import { copyLive, findNeeded } from "./copy-live.js";
import { deleteObjects } from "./delete-objects.js";
import { forecastRun } from "./forecast.js";
import { deleteDroppedBefore, removeLeftovers } from "./leftovers.js";
import { findParityOf } from "./listing.js";
import { readOpenSessions, requireAlone, waitForOthers } from "./open-sessions.js";
import type { PruneOptions, PruneSummary } from "./options.js";
import { type PrunePlan, planPrune } from "./plan.js";
import { PruneReport } from "./report.js";
import { isFull, Reserve } from "./reserve.js";
import { type Rewritten, rewriteSegments } from "./rewrite-segments.js";
import { chooseSmall } from "./small-segments.js";
import { condemnedUpTo, type Roots, Survey } from "./survey.js";

/** How often other prunes may remove segments while this one reads them. */
const ATTEMPTS_MAX = 10;

/**
 * @throws BcatError conditions-not-met, refused, interrupted, identity-changed; CorruptError for what is in use and cannot
 *   be found; StorageError. Nothing that is in use was deleted
 */
export async function prune(given: Repository, roots: Roots, options: PruneOptions): Promise<PruneSummary> {
  if (options.forgotten !== undefined && options.isDryRun !== true)
    throw new RangeError("Cannot prune as if snapshots were forgotten: that is for a dry run");
  const signalled = given.withSignal(options.signal);
  const { storage, environment } = partsOf(signalled);
  const reserve = new Reserve(storage, environment);
  const repository = signalled.withStorage(reserve.storage);
  const parts = partsOf(repository);
  if (parts.storage.delete === undefined && options.isDryRun !== true)
    throw new BcatError("refused", `Cannot prune "${parts.storage.location}": it deletes nothing`);
  const report = new PruneReport(options);
  (await Session.begin(repository, { kind: "prune", dryRun: true })).abandon();
  const beganAt = parts.history.logHead;
  const survey = await Survey.make(repository, roots, options);
  const plan = await planPrune(parts, survey, options);
  report.notePlan(survey, plan);
  if (options.isDryRun === true) {
    await forecastRun(repository, { survey, plan, options }, report);
    return report.summary(plan);
  }
  const hasSilent = (await readOpenSessions(parts, 0)).some(({ silentMs }) => silentMs >= options.voidAfterMs);
  const hasDead = hasSilent || openDeadSessions(parts).length > 0;
  const hasManySmall = chooseSmall(parts.history.segments.values()).size > 0;
  if (plan.isEmpty && !hasDead && !hasManySmall) {
    report.leftovers = await removeLeftovers(parts, { own: 0, isDryRun: false, replaced: new Set() });
    return report.summary(plan);
  }
  const session = await Session.begin(repository, { kind: "prune" });
  const run = new PruneRun(session, { options, report, survey, beganAt });
  try {
    const summary = await run.run(plan, { hasSilent });
    return { ...summary, reserveLost: await reserve.restore() };
  } finally {
    await run.close();
  }
}

interface RunParts {
  readonly options: PruneOptions;
  readonly report: PruneReport;
  readonly survey: Survey;
  readonly beganAt: number;
}

class PruneRun {
  readonly #session: Session;
  readonly #parts: RepositoryParts;
  readonly #options: PruneOptions;
  readonly #report: PruneReport;
  readonly #chunks: ChunkStore;
  /** Head of the log before anything else was read. */
  readonly #beganAt: number;
  #survey: Survey;
  /** Segments that the outcome has removed. */
  #replaced: ReadonlySet<string> = new Set();
  /** Nothing more can be stored. What was stored before counts, as far as durable segments name it. */
  #isFull = false;

  constructor(session: Session, given: RunParts) {
    this.#session = session;
    this.#parts = partsOf(session.repository);
    this.#options = given.options;
    this.#report = given.report;
    this.#survey = given.survey;
    this.#beganAt = given.beganAt;
    this.#chunks = new ChunkStore(session, { level: given.options.level });
  }

  async run(made: PrunePlan, { hasSilent }: { readonly hasSilent: boolean }): Promise<PruneSummary> {
    await settleDeadSessions(this.#session, this.#report.noteEnded);
    if (this.#parts.config.isForOneWriter === true)
      requireAlone(this.#parts, await readOpenSessions(this.#parts, this.#session.number));
    if (hasSilent) await this.#wait();
    const given = await this.#unlessOvertaken(async () => {
      const chosen = await this.#plan(made);
      await this.#copy(chosen);
      return chosen;
    });
    const plan = this.#isFull ? this.#withoutMixed(given) : given;
    this.#report.notePlan(this.#survey, plan);
    await this.#condemn(plan);
    const finished = this.#finishHead();
    const waited = await this.#wait();
    this.#report.noteWaits(waited);
    await this.#updateSurvey();
    if (waited.length > 0 || this.#survey.left(finished).size === 0) await this.#endEarly();
    else await this.#finish(finished);
    const leftovers = { own: this.#session.number, isDryRun: false, replaced: this.#replaced };
    this.#report.leftovers = await removeLeftovers(this.#parts, leftovers);
    return this.#report.summary(plan);
  }

  async close(): Promise<void> {
    await this.#chunks.close();
    this.#session.abandon();
  }

  /** Decides what seems dead; the sessions that are to be waited for. */
  async #wait() {
    const { voidAfterMs } = this.#options;
    const onDecided = this.#report.noteDecided;
    return await waitForOthers(this.#session, { voidAfterMs, onDecided });
  }

  /** The plan as it was made, or another one when anything happened since. */
  async #plan(made: PrunePlan): Promise<PrunePlan> {
    const survey = this.#survey;
    await this.#updateSurvey();
    if (this.#survey === survey && this.#parts.history.newness === made.newness) return made;
    const plan = await planPrune(this.#parts, this.#survey, this.#options);
    this.#report.notePlan(this.#survey, plan);
    return plan;
  }

  async #updateSurvey(): Promise<void> {
    this.#survey = await this.#survey.update(this.#session.repository);
  }

  /** What is used of packs to be given up is copied before they are condemned: backups find it there meanwhile. */
  async #copy(plan: PrunePlan): Promise<void> {
    if (plan.mixed.length === 0) return;
    const excluded = this.#survey.condemned();
    for (const pack of [...plan.dead, ...plan.mixed]) excluded[pack] = 1;
    await this.#copyLive(excluded);
    if (this.#isFull) this.#report.noteNeeded((await findNeeded(this.#copyParts(), excluded)).bytes);
  }

  /** On a full disk nothing is copied out of packs, but for what was already. */
  #withoutMixed(plan: PrunePlan): PrunePlan {
    const { sizes } = this.#survey.table;
    const mixedBytes = plan.mixed.reduce((sum, pack) => sum + sizes[pack]!, 0);
    const unusedBytes = plan.unusedBytes + Math.max(0, mixedBytes - plan.toCopyBytes);
    return { ...plan, mixed: [], unusedBytes, toCopyBytes: this.#report.copiedBytes };
  }

  async #copyLive(excluded: Uint8Array): Promise<void> {
    if (this.#isFull) return;
    const step = this.#report.stepper("copying", this.#options.signal);
    await this.#unlessFull(async () => await copyLive({ ...this.#copyParts(), chunks: this.#chunks, step }, excluded));
    this.#report.copiedBytes = this.#chunks.added.storedBytes;
  }

  #copyParts() {
    const { marks, table } = this.#survey;
    return { session: this.#session, repository: this.#session.repository, marks, table };
  }

  /** What `action` gives; undefined when there was no room for it. */
  async #unlessFull<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#isFull = true;
      await this.#chunks.close();
      return undefined;
    }
  }

  /** Rule 4a of docs/architecture.md: no pack is deleted that no record condemns. */
  async #condemn(plan: PrunePlan): Promise<void> {
    await condemnPacks(this.#session.repository, await this.#victims(plan), this.#session);
  }

  async #victims(plan: PrunePlan): Promise<ObjectReference[]> {
    const { table } = this.#survey;
    const named = [...plan.dead, ...plan.mixed].map((pack) => parseObjectName(table.names[pack]!)!);
    if (plan.orphans.length === 0) return named;
    // The index again, rule 4a-again: an orphan may have been taken over since it was listed.
    await catchUpStrictly(this.#parts);
    await this.#updateSurvey();
    const orphans = plan.orphans.filter(({ name }) => this.#survey.table.numberOf(name) === undefined);
    return [...named, ...orphans.map(({ reference }) => reference)];
  }

  /**
   * Packs that records up to this number condemn are deleted: those of runs that had condemned them before this one began,
   * so that readers have had time. To be asked before the wait: what is condemned by records that are read later was not
   * waited for.
   */
  #finishHead(): number {
    return this.#options.isAtOnce === true ? this.#parts.history.logHead : this.#beganAt;
  }

  /** Without anything to delete yet: what was copied is named, small segments are merged. */
  async #endEarly(): Promise<void> {
    // Rule 15 of docs/architecture.md: before the wait no entries are dropped, of condemned packs neither.
    const { added, removed } = await this.#rewrite(0);
    if (!this.#isFull) await this.#chunks.settle();
    const all = [...this.#chunks.segments, ...added];
    if (all.length > 0) await this.#decide({ added: all, removed });
    else await this.#session.decide({ kind: "void", reason: "a prune that has nothing to add" });
  }

  async #decide(changes: SegmentChanges & Pick<CompactionOutcome, "droppedHead">): Promise<void> {
    const base = baseOf(this.#parts.history, this.#session.number, changes);
    await this.#session.decide({ kind: "compaction", ...changes, ...(base && { base }) });
    this.#replaced = new Set(changes.removed.map(segmentName));
  }

  async #finish(last: number): Promise<void> {
    this.#requireOwn(last);
    const { added, removed } = await this.#rewrite(last);
    if (!this.#isFull) await this.#chunks.settle();
    const left = await this.#withoutLive(this.#survey.left(last));
    // Whoever reads this outcome takes what was dropped before for deleted.
    await deleteDroppedBefore(this.#parts);
    const dropped = this.#isFull ? {} : { droppedHead: last };
    const all = [...this.#chunks.segments, ...added];
    await this.#decide({ added: all, removed, ...dropped });
    await this.#deletePacks(left);
  }

  /** What this run has stored it takes for safe, and rescues nothing from there. */
  #requireOwn(last: number): void {
    for (const name of condemnedUpTo(this.#parts.history, last)) {
      if (parseObjectName(name)?.session !== this.#session.number) continue;
      const found = `"${name}", which this run has stored, was condemned by another meanwhile`;
      throw new BcatError("conditions-not-met", `Cannot prune: ${found}; nothing was deleted, run it again`);
    }
  }

  /** Rule 10 of docs/architecture.md: on a full disk only condemned packs go that hold nothing live. */
  async #withoutLive(left: Map<string, number>): Promise<Map<string, number>> {
    if (!this.#isFull) return left;
    const { table } = this.#survey;
    const needed = await findNeeded(this.#copyParts(), this.#survey.condemned());
    for (const pack of needed.packs) left.delete(table.names[pack]!);
    this.#report.noteNeeded(needed.bytes);
    return left;
  }

  /**
   * Rescues what became live, then writes the segments without what records up to `last` condemn, and small ones as one.
   */
  async #rewrite(last: number): Promise<Rewritten> {
    const { history } = this.#parts;
    return await this.#unlessOvertaken(async () => {
      if (last > 0) await this.#copyLive(this.#survey.condemned());
      const small = chooseSmall(history.segments.values());
      const options = { session: this.#session.number, dropped: condemnedUpTo(history, last), small };
      // Entries of packs that stay would be dropped with the others.
      const rewritten = this.#isFull
        ? undefined
        : await this.#unlessFull(async () => await rewriteSegments(this.#parts, options));
      return rewritten ?? { added: [], removed: [] };
    });
  }

  /** What `action` gives; again, when another prune was faster and has removed what it was to read. */
  async #unlessOvertaken<T>(action: () => Promise<T>): Promise<T> {
    const { history } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const { newness } = history;
      try {
        return await action();
      } catch (error) {
        if (!isBcatError(error, "corrupt") || attempt === ATTEMPTS_MAX) throw error;
        await catchUpStrictly(this.#parts);
        if (history.newness === newness) throw error;
        await this.#updateSurvey();
      }
    }
  }

  /** Only what the outcome, now durable, has dropped. */
  async #deletePacks(left: ReadonlyMap<string, number>): Promise<void> {
    const names = [...left.keys()];
    // Parity first: who is killed in between finds the packs again, and begins with it.
    const parity = await findParityOf(this.#parts, names);
    await deleteObjects(this.#parts.storage, [...parity.keys()], () => {});
    for (const bytes of parity.values()) this.#report.parityBytes += bytes;
    const step = this.#report.stepper("deleting", this.#options.signal);
    await deleteObjects(this.#parts.storage, names, (done) => step(done, names.length));
    for (const bytes of left.values()) if (bytes > 0) this.#report.noteFreed(bytes);
  }
}
