/**
 * Frees what no snapshot uses (docs/architecture.md, "Prune"). Any run may be killed at any step, and any later one, on
 * any machine, goes on with what it has left:
 *
 *     survey ──► copy what is used of packs to be given up ──► condemn ──► wait for older sessions
 *            ──► survey again ──► rescue what became live ──► compaction outcome ──► delete
 */
import { BcatError, isBcatError } from "@bcat/errors";
import { type ObjectReference, parseObjectName } from "@bcat/pack";
import { ChunkStore } from "../chunk-store.js";
import { appendToLog } from "../log-writer.js";
import { catchUpStrictly, partsOf, type Repository, type RepositoryParts } from "../repository.js";
import { Session } from "../session.js";
import { copyLive } from "./copy-live.js";
import { deleteObjects } from "./delete-objects.js";
import { findLeftovers } from "./listing.js";
import { readOpenSessions, waitForOthers } from "./open-sessions.js";
import type { PruneOptions, PruneSummary } from "./options.js";
import { type PrunePlan, planPrune } from "./plan.js";
import { PruneReport } from "./report.js";
import { type Rewritten, rewriteSegments } from "./rewrite-segments.js";
import { condemnedUpTo, type Roots, Survey } from "./survey.js";

/** Packs that one record of the log condemns: 24 bytes each of its 16 MiB. */
const RECORD_PACKS_MAX = 500_000;
/** How often other prunes may remove segments while this one reads them. */
const ATTEMPTS_MAX = 10;

/**
 * @throws BcatError conditions-not-met, refused, interrupted, identity-changed; CorruptError for what is in use and cannot
 *   be found; StorageError. Nothing that is in use was deleted
 */
export async function prune(given: Repository, roots: Roots, options: PruneOptions): Promise<PruneSummary> {
  const repository = given.withSignal(options.signal);
  const parts = partsOf(repository);
  if (parts.storage.delete === undefined && options.isDryRun !== true)
    throw new BcatError("refused", `Cannot prune "${parts.storage.location}": it deletes nothing`);
  const report = new PruneReport(options);
  (await Session.begin(repository, { kind: "prune", dryRun: true })).abandon();
  const survey = await Survey.make(repository, roots);
  const plan = await planPrune(parts, survey, options);
  const hasDead = (await readOpenSessions(parts, 0)).some(({ silentMs }) => silentMs >= options.voidAfterMs);
  report.notePlan(survey, plan);
  if (options.isDryRun === true) return report.summary(plan);
  if (plan.isEmpty && !hasDead) {
    await deleteLeftovers(parts, 0, report);
    return report.summary(plan);
  }
  const session = await Session.begin(repository, { kind: "prune" });
  const run = new PruneRun(session, { options, report, survey });
  try {
    return await run.run({ hasDead });
  } finally {
    await run.close();
  }
}

class PruneRun {
  readonly #session: Session;
  readonly #parts: RepositoryParts;
  readonly #options: PruneOptions;
  readonly #report: PruneReport;
  readonly #chunks: ChunkStore;
  #survey: Survey;

  constructor(session: Session, given: { options: PruneOptions; report: PruneReport; survey: Survey }) {
    this.#session = session;
    this.#parts = partsOf(session.repository);
    this.#options = given.options;
    this.#report = given.report;
    this.#survey = given.survey;
    this.#chunks = new ChunkStore(session, { level: given.options.level });
  }

  async run({ hasDead }: { readonly hasDead: boolean }): Promise<PruneSummary> {
    await this.#requireAlone();
    if (hasDead) await this.#wait();
    const plan = await this.#plan();
    await this.#copy(plan);
    await this.#condemn(plan);
    const finished = this.#finishHead();
    const waited = await this.#wait();
    this.#report.noteWaits(waited);
    await this.#updateSurvey();
    if (waited.length > 0 || this.#survey.left(finished).size === 0) await this.#endEarly();
    else await this.#finish(finished);
    await deleteLeftovers(this.#parts, this.#session.number, this.#report);
    return this.#report.summary(plan);
  }

  async close(): Promise<void> {
    await this.#chunks.close();
    this.#session.abandon();
  }

  /** In a place for one writer nothing is condemned beside an open session, rule 9 of docs/architecture.md. */
  async #requireAlone(): Promise<void> {
    if (this.#parts.config.isForOneWriter !== true) return;
    const [other] = await readOpenSessions(this.#parts, this.#session.number);
    if (other === undefined) return;
    const found = `session ${other.number} of host ${other.host} has not ended, and in a place for one writer nobody else can end it`;
    throw new BcatError("conditions-not-met", `Cannot prune: ${found}; that machine's next backup does`);
  }

  /** Decides what seems dead; the sessions that are to be waited for. */
  async #wait() {
    const { voidAfterMs } = this.#options;
    const onDecided = this.#report.noteDecided;
    return await waitForOthers(this.#session, { voidAfterMs, onDecided });
  }

  async #plan(): Promise<PrunePlan> {
    await this.#updateSurvey();
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
  }

  async #copyLive(excluded: Uint8Array): Promise<void> {
    const { marks, table } = this.#survey;
    const step = this.#report.stepper("copying", this.#options.signal);
    await copyLive({ session: this.#session, chunks: this.#chunks, marks, table, step }, excluded);
    this.#report.copiedBytes = this.#chunks.added.storedBytes;
  }

  /** Rule 4a of docs/architecture.md: no pack is deleted that no record condemns. */
  async #condemn(plan: PrunePlan): Promise<void> {
    const packs = await this.#victims(plan);
    for (let first = 0; first < packs.length; first += RECORD_PACKS_MAX) {
      const entry = { kind: "condemn", packs: packs.slice(first, first + RECORD_PACKS_MAX) } as const;
      await appendToLog(this.#session.repository, entry, this.#session);
    }
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
   * Packs that records up to this number condemn are deleted: those of earlier runs, so that readers have had time. To be
   * asked before the wait: what is condemned by records that are read later was not waited for.
   */
  #finishHead(): number {
    return this.#options.isAtOnce === true ? this.#parts.history.logHead : this.#session.logHead;
  }

  async #endEarly(): Promise<void> {
    await this.#chunks.settle();
    const added = this.#chunks.segments;
    if (added.length > 0) await this.#session.decide({ kind: "compaction", added, removed: [] });
    else await this.#session.decide({ kind: "void", reason: "a prune that has nothing to add" });
  }

  async #finish(last: number): Promise<void> {
    const rewritten = await this.#rewrite(last);
    await this.#chunks.settle();
    const left = this.#survey.left(last);
    const added = [...this.#chunks.segments, ...rewritten.added];
    await this.#session.decide({ kind: "compaction", added, removed: rewritten.removed, droppedHead: last });
    await this.#deletePacks(left);
  }

  /** Rescues what became live, then writes the segments without what is dropped; again, when another prune was faster. */
  async #rewrite(last: number): Promise<Rewritten> {
    const { history } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      await this.#copyLive(this.#survey.condemned());
      const { newness } = history;
      try {
        const dropped = condemnedUpTo(history, last);
        return await rewriteSegments(this.#parts, { session: this.#session.number, dropped });
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
    const step = this.#report.stepper("deleting", this.#options.signal);
    await deleteObjects(this.#parts.storage, names, (done) => step(done, names.length));
    for (const bytes of left.values()) this.#report.noteFreed(bytes);
  }
}

/** Segments and checkpoints that nothing refers to. */
async function deleteLeftovers(parts: RepositoryParts, own: number, report: PruneReport): Promise<void> {
  await catchUpStrictly(parts);
  const names: string[] = [];
  for await (const name of findLeftovers(parts, own)) names.push(name);
  await deleteObjects(parts.storage, names, () => {});
  report.leftovers += names.length;
}
