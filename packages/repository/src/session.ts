/**
 * A session (docs/architecture.md): a number that is reserved, then the log and the outcomes are read, then whatever it
 * is for is done, then its outcome is decided. Each step is durable before the next is begun, and only the last counts.
 */

import { ObjectType, sealObject } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import { segmentName } from "@bcat/pack";
import { encodeOutcome, type Outcome, type SnapshotOutcome } from "./bodies/outcome.js";
import { encodeSession, type SessionBody } from "./bodies/session.js";
import type { SeenOutcome } from "./bodies/snapshot.js";
import { DecidedElsewhereError } from "./decided-elsewhere.js";
import type { IndexRuns } from "./index-runs.js";
import { Journal } from "./journal.js";
import { sendAgain } from "./outbox.js";
import { putPartial } from "./partials.js";
import { decideAndReadBack, decideRegister, findHead, refuseHole, registerName } from "./registers.js";
import { partsOf, type Repository, type RepositoryParts, saveManifest, updateIndex } from "./repository.js";
import { becomeOwn, refuseFork } from "./standing.js";
import { describeUndecided } from "./undecided.js";

/** Numbers tried before giving up: others take them as fast as we ask. */
const RESERVE_ATTEMPTS_MAX = 1000;

export interface SessionOptions {
  readonly kind: SessionBody["kind"];
  /** Reserves nothing: for runs that only count. */
  readonly dryRun?: boolean;
  /** Name of the host to record, if not the environment's. */
  readonly host?: string;
  /** Begins although segments of the index cannot be read: for who makes them anew, and refers to nothing. */
  readonly toleratesSegments?: boolean;
}

export class Session {
  readonly repository: Repository;
  /** 0 in a dry run. */
  readonly number: number;
  /** Head of the log when the session began: what it refers to has been checked against it at least. */
  readonly logHead: number;
  /** The newest three outcomes seen when it began, newest first. */
  readonly seen: readonly SeenOutcome[];
  /** What this session has stored: found by nobody else before it is decided. */
  readonly own: IndexRuns;
  /** For whoever comes after it, should it die; undefined where there is no cache. */
  readonly journal: Journal | undefined;
  readonly #parts: RepositoryParts;
  #isOver = false;

  private constructor(repository: Repository, number: number, journal: Journal | undefined) {
    this.repository = repository;
    this.number = number;
    this.journal = journal;
    this.#parts = partsOf(repository);
    const { history, index } = this.#parts;
    this.logHead = history.logHead;
    this.seen = history.seen;
    this.own = index.fork();
  }

  /**
   * Reserves a number and reads what a writer must know. Damage is thrown: a writer may not refer to what it cannot read.
   *
   * @throws BcatError refused while the repository has an open session; identity-changed when its history would fork; BcatError, CorruptError, StorageError. Nothing
   *   is left to undo
   */
  static async begin(repository: Repository, options: SessionOptions): Promise<Session> {
    const parts = partsOf(repository);
    if (parts.session.isOpen) {
      const found = "this repository has an open one; commit or abandon it first";
      throw new BcatError("refused", `Cannot begin a session: ${found}`);
    }
    if (options.dryRun !== true) refuseFork(parts);
    parts.session.isOpen = true;
    let journal: Journal | undefined;
    try {
      return await parts.changes.run(async () => {
        if (options.dryRun !== true) await settleOutbox(parts);
        const reserved = options.dryRun === true ? NOTHING : await reserve(parts, options);
        const { number } = reserved;
        ({ journal } = reserved);
        if (number > 0) becomeOwn(parts);
        const { toleratesSegments = false } = options;
        const own = number > 0 ? { ownSession: number } : {};
        await parts.history.refresh(parts.storage, { strict: true, toleratesSegments, ...own });
        await updateIndex(parts, { strict: !toleratesSegments });
        return new Session(repository, number, journal);
      });
    } catch (error) {
      journal?.release();
      parts.session.isOpen = false;
      throw error;
    }
  }

  get isDryRun(): boolean {
    return this.number === 0;
  }

  /**
   * Puts the outcome, which ends the session. Only when this returns is there a snapshot, of number `number`. All that
   * the outcome names must be durable.
   *
   * @throws BcatError refused when somebody else has decided it; interrupted or StorageError when that is not known, as
   *   their messages say
   */
  async decide(outcome: Outcome): Promise<void> {
    if (this.isDryRun || this.#isOver)
      throw new RangeError("Cannot decide an outcome: the session is a dry run or over");
    const { storage, context, history } = this.#parts;
    const name = registerName("outcomes", this.number);
    const object = { type: ObjectType.OUTCOME, name, epoch: history.epoch, domain: 0 };
    const bytes = sealObject(context, object, encodeOutcome(outcome));
    let isOurs: boolean;
    try {
      isOurs = await decideAndReadBack(storage, name, bytes);
    } catch (error) {
      const { registers, outbox } = this.#parts;
      const isKept = outbox?.keeps(name) === true;
      throw describeUndecided(error, { number: this.number, registers, ...(isKept && { outbox }) });
    }
    if (!isOurs) throw new DecidedElsewhereError(this.number);
    await this.#parts.changes.run(async () => this.#note(bytes, outcome));
  }

  /** Puts a checkpoint, which counts for nothing while this session goes on. All that it names must be durable. */
  async putPartial(checkpoint: number, outcome: SnapshotOutcome): Promise<void> {
    const reference = { session: this.number, checkpoint, epoch: this.#parts.history.epoch };
    await putPartial(this.#parts, reference, outcome);
  }

  /** Looks whether somebody has taken this session for dead. @throws BcatError refused */
  async requireUndecided(): Promise<void> {
    if ((await this.#parts.storage.get(registerName("outcomes", this.number))) !== undefined)
      throw new DecidedElsewhereError(this.number);
  }

  /** Ends the session without an outcome, unless it has one. What it has stored is forgotten. */
  abandon(): void {
    if (this.#isOver) return;
    this.journal?.release();
    this.#end();
  }

  #note(bytes: Uint8Array, outcome: Outcome): void {
    const { history, index } = this.#parts;
    const isNamed = namesAll(outcome, this.own.added);
    const isNew = history.noteOwn({ number: this.number, bytes, outcome }, { arePending: !isNamed });
    if (isNew && isNamed) index.adopt(this.own);
    if (!isWhole(outcome) && (this.journal?.count ?? 0) > 0) this.journal?.release();
    else this.journal?.remove();
    this.#end();
    saveManifest(this.#parts);
  }

  #end(): void {
    this.#isOver = true;
    this.own[Symbol.dispose]();
    this.#parts.session.isOpen = false;
  }
}

/** False where segments were stored behind the checkpoint that a session ends with: no outcome names those. */
function namesAll(outcome: Outcome, segments: ReadonlySet<string>): boolean {
  const named = new Set(outcome.kind === "void" ? [] : outcome.added.map(segmentName));
  return [...segments].every((name) => named.has(name));
}

/** False for an outcome that leaves to the next session what it does not name. */
function isWhole(outcome: Outcome): boolean {
  return outcome.kind === "compaction" || (outcome.kind === "snapshot" && outcome.snapshot.complete);
}

/** A number that was taken, and what is noted of it. */
interface Reserved {
  readonly number: number;
  readonly journal: Journal | undefined;
}

/** Of a dry run. */
const NOTHING: Reserved = { number: 0, journal: undefined };

function beginJournal({ places, environment, context }: RepositoryParts, number: number, bytes: Uint8Array) {
  const { processes, now } = environment;
  if (places.folder === undefined || processes === undefined) return undefined;
  return new Journal(places.folder, number, { mark: processes.mark, session: context.blake3.hash(bytes), now });
}

/** What a dead run has sent is sent again, or forgotten with the history that it belonged to. */
async function settleOutbox({ storage, outbox, standing }: RepositoryParts): Promise<void> {
  if (outbox === undefined) return;
  if (standing.kind === "current") await sendAgain(storage, outbox);
  else for (const name of outbox.names()) outbox.drop(name);
}

/** Takes the next free number: sessions are dense, so the first one that is not taken is ours or someone else's. */
async function reserve(parts: RepositoryParts, options: SessionOptions): Promise<Reserved> {
  const { storage, environment, context, history } = parts;
  const { host, user, clientId, programVersion } = environment;
  const body = encodeSession({
    kind: options.kind,
    start: environment.now(),
    host: options.host ?? host,
    user,
    clientId,
    version: programVersion,
  });
  let number = await findSessionHead(parts);
  for (let attempt = 0; attempt < RESERVE_ATTEMPTS_MAX; attempt++) {
    number = attempt === 0 ? number + 1 : (await findHead(storage, "sessions", number)) + 1;
    const name = registerName("sessions", number);
    const object = { type: ObjectType.SESSION, name, epoch: history.epoch, domain: 0 };
    const bytes = sealObject(context, object, body);
    // Before the answer, which may be lost: the number may be ours all the same, and the next session has to end it.
    const journal = beginJournal(parts, number, bytes);
    try {
      if (await decideRegister(storage, name, bytes)) {
        journal?.confirm();
        return { number, journal };
      }
    } catch (error) {
      journal?.release();
      throw error;
    }
    journal?.remove();
  }
  throw new BcatError("refused", `Cannot reserve a number: ${RESERVE_ATTEMPTS_MAX} were taken by others while trying`);
}

/** Highest session number, from what is known or from the storage. @throws BcatError identity-changed */
async function findSessionHead({ history, storage }: RepositoryParts): Promise<number> {
  if (history.sessionHead > 0) return history.sessionHead;
  const head = await findHead(storage, "sessions", 0);
  await refuseHole(storage, head);
  return head;
}
