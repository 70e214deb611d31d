/**
 * What a client knows of a repository at one moment: the heads of its registers, what the log says, and the index that
 * follows from the outcomes. Built from the local index where that is of this repository, and brought up to date from
 * there; built from nothing otherwise.
 */

import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { BcatError, CorruptError } from "@bcat/errors";
import { type ChunkIndex, type PackContext, packName, segmentName } from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { decodeLogRecord } from "./bodies/log.js";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { NameReference, SegmentReference } from "./bodies/references.js";
import { type SeenOutcome, seenCountMax } from "./bodies/snapshot.js";
import { IndexRuns } from "./index-runs.js";
import type { IndexStore } from "./index-store.js";
import { decodeManifest, encodeManifest, type Manifest } from "./manifest.js";
import { readSegment } from "./read-segment.js";
import { findHead, refuseHole, registerName } from "./registers.js";

/** A larger one, of a very long log, is not kept: the next process reads everything again. */
const MANIFEST_SIZE_MAX = 8 * 2 ** 20;
const MANIFEST_OBJECT = { type: ObjectType.PARTIAL, name: "manifest", epoch: 0, domain: 0 } as const;

export interface StateOptions {
  /**
   * Whether damage stops the refresh. Writers are strict: they may not refer to what they cannot read. Readers go on
   * with what there is, and name the damage when they miss something.
   */
  readonly strict: boolean;
  /** Number of the caller's own session: sessions up to it exist, and none behind it matters. */
  readonly ownSession?: number;
}

export class RepositoryState {
  /** Damage met while reading, in lenient mode. */
  readonly problems: CorruptError[] = [];
  readonly #context: PackContext;
  readonly #storage: Storage;
  readonly #store: IndexStore;
  readonly #runs: IndexRuns;
  readonly #open = new Set<number>();
  readonly #log: Uint8Array[] = [];
  readonly #forgotten = new Set<number>();
  readonly #condemnedAt: number[] = [];
  /** False while, and after, a refresh that did not get to its end. */
  #isWhole = true;
  #sessions = 0;
  #seen: readonly SeenOutcome[] = [];
  /** Hashes of the outcomes read by the refresh that runs. */
  readonly #hashes = new Map<number, Uint8Array>();
  #epoch = 0;

  constructor(context: PackContext, storage: Storage, store: IndexStore) {
    this.#context = context;
    this.#storage = storage;
    this.#store = store;
    this.#runs = new IndexRuns(context, store);
  }

  get index(): ChunkIndex {
    return this.#runs.index;
  }

  /** Head of the sessions that were accounted for. */
  get sessionHead(): number {
    return this.#sessions;
  }

  get logHead(): number {
    return this.#log.length;
  }

  /** Epoch that writers use. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The newest three outcomes seen, newest first. */
  get seen(): readonly SeenOutcome[] {
    return this.#seen;
  }

  /** True for a session that had no outcome when last looked at. */
  isOpen(session: number): boolean {
    return this.#open.has(session);
  }

  isForgotten(snapshot: number): boolean {
    return this.#forgotten.has(snapshot);
  }

  /** True when a log record behind number `head` condemned packs. */
  condemnedSince(head: number): boolean {
    return this.#condemnedAt.some((number) => number > head);
  }

  /**
   * Takes up the local index, if it is of this repository and not ahead of it.
   *
   * @throws BcatError identity-changed when the storage lacks an outcome that this client has seen, or has another
   */
  async load(): Promise<void> {
    const manifest = this.#readManifest();
    if (manifest === undefined || !(await this.#isCovered(manifest))) return;
    await this.#requireSessions(manifest);
    if (!this.#runs.load(manifest.runs)) return;
    this.#sessions = manifest.sessions;
    this.#seen = manifest.seen;
    for (const number of manifest.open) this.#open.add(number);
    manifest.log.forEach((body, i) => {
      this.#applyLog(body, i + 1);
    });
  }

  /**
   * Reads what is new: the log to its head, then the outcomes. In this order: a pack condemned before an outcome was
   * read is then never taken for a location.
   *
   * @throws CorruptError in strict mode; BcatError newer-format, identity-changed; StorageError
   */
  async refresh(options: StateOptions): Promise<void> {
    const { strict, ownSession } = options;
    if (strict && this.problems[0] !== undefined) throw this.problems[0];
    if (!this.#isWhole) this.#forget();
    this.#isWhole = false;
    await this.#readLog(strict);
    const head = ownSession === undefined ? await findHead(this.#storage, "sessions", this.#sessions) : ownSession - 1;
    if (ownSession === undefined) await refuseHole(this.#storage, head);
    const outcomes = await this.#readOutcomes(head, strict);
    this.#sessions = Math.max(head, ownSession ?? 0);
    if (ownSession !== undefined) this.#open.add(ownSession);
    if (!(await this.#applyOutcomes(outcomes, strict))) await this.#rebuild(options);
    this.#isWhole = true;
    this.#hashes.clear();
  }

  /** Remembers on disk what is known, for the next process. */
  save(now: number): void {
    if (this.problems.length > 0 || this.#runs.hasUncommitted || !this.#isWhole) return;
    if (!this.#runs.isKept) return;
    const runs = this.#runs.names();
    const log = this.#log;
    const body = encodeManifest({ sessions: this.#sessions, seen: this.#seen, open: [...this.#open], log, runs });
    if (body.length > MANIFEST_SIZE_MAX) return;
    this.#store.writeManifest(sealObject(this.#context, MANIFEST_OBJECT, body), new Set(runs), now);
  }

  /** Adds a segment that this process has stored, until {@link noteOwnOutcome} or {@link forgetUncommitted}. */
  adoptOwn(name: string, bytes: Uint8Array): void {
    this.#runs.addOwn(name, bytes);
  }

  /** Forgets what a session of this process has stored and did not commit. */
  forgetUncommitted(): void {
    this.#runs.forgetUncommitted();
  }

  /** Notes the outcome that this process has put. */
  noteOwnOutcome(number: number, bytes: Uint8Array): void {
    this.#runs.commit();
    this.#noteOutcome(number, bytes);
    this.#open.delete(number);
  }

  [Symbol.dispose](): void {
    this.#runs[Symbol.dispose]();
  }

  /** True when the newest outcome that the manifest covers is there unchanged; false when it is damaged. */
  async #isCovered({ seen: [newest] }: Manifest): Promise<boolean> {
    if (newest === undefined) return true;
    const name = registerName("outcomes", newest.number);
    const bytes = await this.#storage.get(name);
    if (bytes !== undefined) {
      if (Buffer.compare(this.#context.blake3.hash(bytes), newest.hash) === 0) return true;
      try {
        openObject(this.#context.keys, { type: ObjectType.OUTCOME, name }, bytes);
      } catch {
        return false;
      }
    }
    const found = bytes === undefined ? "was there before and is missing now" : "is not what it was";
    throw this.#untrusted(name, found);
  }

  /** The sessions this client has seen must be there, or the next one would leave a hole. */
  async #requireSessions({ sessions, seen: [newest] }: Manifest): Promise<void> {
    if (sessions <= (newest?.number ?? 0)) return;
    const name = registerName("sessions", sessions);
    if ((await this.#storage.get(name)) === undefined)
      throw this.#untrusted(name, "was there before and is missing now");
  }

  #untrusted(name: string, found: string): BcatError {
    return new BcatError(
      "identity-changed",
      `Cannot trust the repository: "${name}" ${found}; it was replaced or went back in time; if that is right, remove ${this.#store.folder}`,
    );
  }

  #readManifest(): Manifest | undefined {
    const bytes = this.#store.readManifest();
    if (bytes === undefined) return undefined;
    try {
      return decodeManifest(openObject(this.#context.keys, MANIFEST_OBJECT, bytes).body);
    } catch {
      return undefined;
    }
  }

  async #readLog(strict: boolean): Promise<void> {
    for (;;) {
      const number = this.#log.length + 1;
      const name = registerName("log", number);
      const bytes = await this.#storage.get(name);
      if (bytes === undefined) return;
      try {
        this.#applyLog(openObject(this.#context.keys, { type: ObjectType.LOG, name }, bytes).body, number);
      } catch (error) {
        if (strict || !(error instanceof CorruptError)) throw error;
        this.problems.push(error);
        this.#log.push(new Uint8Array(0));
      }
    }
  }

  #applyLog(body: Uint8Array, number: number): void {
    const record = decodeLogRecord(body, registerName("log", number));
    if (record.kind === "condemn") {
      this.#condemnedAt.push(number);
      for (const pack of record.packs) this.index.condemn(packName(pack));
    } else if (record.kind === "forget") for (const snapshot of record.snapshots) this.#forgotten.add(snapshot);
    else if (record.kind === "epoch") this.#epoch = Math.max(this.#epoch, record.epoch);
    this.#log.push(body);
  }

  /** Outcomes not covered yet, ascending: of sessions that were open, and of those up to `head`. */
  async #readOutcomes(head: number, strict: boolean): Promise<{ number: number; outcome: Outcome }[]> {
    const numbers = [...this.#open];
    for (let number = this.#sessions + 1; number <= head; number++) numbers.push(number);
    const outcomes: { number: number; outcome: Outcome }[] = [];
    for (const number of numbers) {
      const name = registerName("outcomes", number);
      const bytes = await this.#storage.get(name);
      if (bytes === undefined) {
        this.#open.add(number);
        continue;
      }
      this.#open.delete(number);
      await this.#tolerate(strict, async () => {
        const opened = openObject(this.#context.keys, { type: ObjectType.OUTCOME, name }, bytes);
        const outcome = decodeOutcome(opened.body, name);
        this.#noteOutcome(number, bytes);
        outcomes.push({ number, outcome });
        if (outcome.kind !== "snapshot") return;
        await this.#compareLogSeen(number, outcome.snapshot.logHead, strict);
        await this.#compareSeen(number, outcome.snapshot.seen);
      });
    }
    return outcomes.sort((a, b) => a.number - b.number);
  }

  #noteOutcome(number: number, bytes: Uint8Array): void {
    const hash = this.#context.blake3.hash(bytes);
    this.#hashes.set(number, hash);
    this.#seen = [{ number, hash }, ...this.#seen].sort((a, b) => b.number - a.number).slice(0, seenCountMax);
  }

  /** A snapshot says how much of the log its writer had seen: less must not be there now. */
  async #compareLogSeen(number: number, head: number, strict: boolean): Promise<void> {
    // It may have been written since the log was read.
    if (head > this.#log.length) await this.#readLog(strict);
    if (head <= this.#log.length) return;
    const name = registerName("log", this.#log.length + 1);
    throw new CorruptError(`Cannot read "${name}": it is missing, but snapshot ${number} has seen it`, {
      object: name,
    });
  }

  /** A snapshot names the outcomes its writer had seen: one of them gone or changed is damage, or somebody's doing. */
  async #compareSeen(number: number, seen: readonly SeenOutcome[]): Promise<void> {
    for (const { number: other, hash } of seen) {
      const known = this.#hashes.get(other) ?? this.#seen.find((outcome) => outcome.number === other)?.hash;
      if (known !== undefined && Buffer.compare(known, hash) === 0) continue;
      const name = registerName("outcomes", other);
      const bytes = await this.#storage.get(name);
      const found = bytes === undefined ? "is missing" : "has other bytes";
      if (bytes !== undefined && Buffer.compare(this.#context.blake3.hash(bytes), hash) === 0) continue;
      throw new CorruptError(`Cannot trust "${name}": it ${found}, but snapshot ${number} has seen it`, {
        object: name,
      });
    }
  }

  /** False when segments were removed that the runs have merged already: then everything must be read anew. */
  async #applyOutcomes(outcomes: readonly { outcome: Outcome }[], strict: boolean): Promise<boolean> {
    const added: SegmentReference[] = [];
    const removed: NameReference[] = [];
    for (const { outcome } of outcomes) {
      if (outcome.kind === "void") continue;
      added.push(...outcome.added);
      removed.push(...outcome.removed);
    }
    const removedNames = new Set(removed.map(segmentName));
    const addedNames = new Set(added.map(segmentName));
    if ([...removedNames].some((name) => !addedNames.has(name))) return false;
    const present = added.filter((reference) => !removedNames.has(segmentName(reference)));
    for (const reference of present) {
      await this.#tolerate(strict, () => this.#addSegment(reference));
      // Each run is an open file: they must not all be there at once.
      this.#runs.merge();
    }
    return true;
  }

  async #addSegment(reference: SegmentReference): Promise<void> {
    const bytes = await readSegment({ storage: this.#storage, context: this.#context }, reference);
    this.#runs.add(segmentName(reference), bytes);
  }

  /** Starts from nothing: the outcomes from 1 on, whole. */
  async #rebuild(options: StateOptions): Promise<void> {
    const head = this.#sessions;
    this.#forget();
    const outcomes = await this.#readOutcomes(head, options.strict);
    this.#sessions = head;
    if (!(await this.#applyOutcomes(outcomes, options.strict))) {
      throw new CorruptError("Cannot read the index: an outcome removes a segment that no outcome added");
    }
  }

  /** All but the log, which is only added to. */
  #forget(): void {
    this.#runs.clear();
    this.#hashes.clear();
    this.#sessions = 0;
    this.#open.clear();
    this.#seen = [];
  }

  async #tolerate(strict: boolean, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (strict || !(error instanceof CorruptError)) throw error;
      this.problems.push(error);
    }
  }
}
