/**
 * What a client knows of a repository at one moment: the heads of its registers, what the log says, and the index that
 * follows from the outcomes. Built from the local index where that is of this repository, and brought up to date from
 * there; built from nothing otherwise.
 */

import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { BcatError, CorruptError, isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type ByteSource,
  ChunkIndex,
  DATA,
  mergeSegments,
  type PackContext,
  PageCache,
  packName,
  Segment,
  segmentName,
  TREE,
} from "@bcat/pack";
import type { Storage } from "@bcat/storage";
import { decodeLogRecord } from "./bodies/log.js";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { NameReference, SegmentReference } from "./bodies/references.js";
import type { SeenOutcome } from "./bodies/snapshot.js";
import { type IndexStore, memorySource } from "./index-store.js";
import { decodeManifest, encodeManifest, type Manifest } from "./manifest.js";
import { findHead, refuseHole, registerName } from "./registers.js";

/** Opened pages of segments kept in memory, bytes. */
const PAGES_SIZE_MAX = 64 * 2 ** 20;
/** Runs of one kind before the smaller ones are merged. */
const RUNS_MAX = 8;
/** Size of a merged run is not limited by the format. */
const RUN_SIZE_MAX = Number.MAX_SAFE_INTEGER;
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
  readonly index = new ChunkIndex();
  /** Damage met while reading, in lenient mode. */
  readonly problems: CorruptError[] = [];
  readonly #context: PackContext;
  readonly #storage: Storage;
  readonly #store: IndexStore;
  readonly #pages = new PageCache(PAGES_SIZE_MAX);
  readonly #open = new Set<number>();
  /** Runs of a session of this process that has not committed. */
  #uncommitted: Segment[] = [];
  readonly #log: Uint8Array[] = [];
  readonly #forgotten = new Set<number>();
  readonly #condemnedAt: number[] = [];
  #sessions = 0;
  #newest: { number: number; hash: Uint8Array } | undefined;
  #seen: SeenOutcome[] = [];
  #epoch = 0;

  constructor(context: PackContext, storage: Storage, store: IndexStore) {
    this.#context = context;
    this.#storage = storage;
    this.#store = store;
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
    if (manifest === undefined) return;
    if (manifest.newest !== undefined) {
      const name = registerName("outcomes", manifest.newest.number);
      const bytes = await this.#storage.get(name);
      if (bytes === undefined) {
        throw new BcatError(
          "identity-changed",
          `Cannot trust the repository: "${name}" was there before and is missing now; it was replaced or went back in time`,
        );
      }
      if (Buffer.compare(this.#context.blake3.hash(bytes), manifest.newest.hash) !== 0) {
        throw new BcatError(
          "identity-changed",
          `Cannot trust the repository: "${name}" is not what it was; it was replaced or went back in time`,
        );
      }
    }
    const runs = manifest.runs.map((name) => this.#openRun(name));
    if (runs.includes(undefined)) return;
    for (const run of runs) if (run !== undefined) this.index.addSegment(run);
    this.#sessions = manifest.sessions;
    this.#newest = manifest.newest;
    if (manifest.newest !== undefined) this.#seen = [manifest.newest];
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
    await this.#readLog(strict);
    const head = ownSession === undefined ? await findHead(this.#storage, "sessions", this.#sessions) : ownSession - 1;
    if (ownSession === undefined) await refuseHole(this.#storage, head);
    const outcomes = await this.#readOutcomes(head, strict);
    this.#sessions = Math.max(head, ownSession ?? 0);
    if (ownSession !== undefined) this.#open.add(ownSession);
    if (!(await this.#applyOutcomes(outcomes, strict))) await this.#rebuild(options);
    for (const kind of [DATA, TREE] as const) this.#mergeRuns(this.index.segments(kind));
  }

  /** Remembers on disk what is known, for the next process. */
  save(now: number): void {
    if (this.problems.length > 0 || this.#uncommitted.length > 0) return;
    const runs = [DATA, TREE].flatMap((kind) => this.index.segments(kind as BlobKind).map((run) => run.name));
    const log = this.#log;
    const body = encodeManifest({ sessions: this.#sessions, newest: this.#newest, open: [...this.#open], log, runs });
    this.#store.writeManifest(sealObject(this.#context, MANIFEST_OBJECT, body), new Set(runs), now);
  }

  /** Adds a segment that this process has stored, until {@link noteOwnOutcome} or {@link forgetUncommitted}. */
  adoptOwn(name: string, bytes: Uint8Array): void {
    const run = this.#adopt(name, bytes);
    const { kind } = run.counts;
    const others = this.#uncommitted.filter((other) => other.counts.kind !== kind);
    const own = [...this.#uncommitted.filter((other) => other.counts.kind === kind), run];
    this.#uncommitted = [...others, ...this.#mergeRuns(own)];
  }

  /** Forgets what a session has added that did not commit: what no outcome names must not be referred to. */
  forgetUncommitted(): void {
    for (const run of this.#uncommitted.splice(0)) {
      this.index.removeSegment(run);
      run[Symbol.dispose]();
    }
    for (const kind of [DATA, TREE] as const) this.index.clearAdded(kind);
  }

  /** Notes the outcome that this process has put. */
  noteOwnOutcome(number: number, bytes: Uint8Array): void {
    this.#uncommitted = [];
    this.#noteOutcome(number, bytes);
    this.#open.delete(number);
  }

  [Symbol.dispose](): void {
    for (const kind of [DATA, TREE] as const) for (const run of this.index.segments(kind)) run[Symbol.dispose]();
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

  #openRun(name: string): Segment | undefined {
    const source = this.#store.open(name);
    if (source === undefined) return undefined;
    try {
      return new Segment(this.#context, { name, source, sizeMax: RUN_SIZE_MAX }, this.#pages);
    } catch {
      source.close();
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
    if (number > (this.#newest?.number ?? 0)) this.#newest = { number, hash };
    this.#seen = [{ number, hash }, ...this.#seen].sort((a, b) => b.number - a.number).slice(0, 3);
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
      if (this.#seen.some((known) => known.number === other && Buffer.compare(known.hash, hash) === 0)) continue;
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
    for (const reference of present) await this.#tolerate(strict, () => this.#addSegment(reference));
    return true;
  }

  async #addSegment(reference: SegmentReference): Promise<void> {
    const name = segmentName(reference);
    const bytes = await this.#storage.get(name);
    if (bytes === undefined) throw new CorruptError(`Cannot read segment "${name}": it is missing`, { object: name });
    if (bytes.length !== reference.size || Buffer.compare(this.#context.blake3.hash(bytes), reference.hash) !== 0) {
      throw new CorruptError(`Cannot read segment "${name}": its bytes are not those its outcome names`, {
        object: name,
      });
    }
    // Opened from memory first: what does not open must not reach the store.
    new Segment(this.#context, { name, source: memorySource(bytes) }, this.#pages);
    this.#adopt(name, bytes);
  }

  #adopt(name: string, bytes: Uint8Array): Segment {
    const source = this.#store.write(name, (sink) => sink(bytes));
    const run = new Segment(this.#context, { name, source }, this.#pages);
    this.index.addSegment(run);
    return run;
  }

  /** Starts from nothing: the outcomes from 1 on, whole. */
  async #rebuild(options: StateOptions): Promise<void> {
    for (const kind of [DATA, TREE] as const) {
      for (const run of this.index.segments(kind)) {
        this.index.removeSegment(run);
        run[Symbol.dispose]();
      }
    }
    const head = this.#sessions;
    this.#sessions = 0;
    this.#open.clear();
    this.#newest = undefined;
    const outcomes = await this.#readOutcomes(head, options.strict);
    this.#sessions = head;
    if (!(await this.#applyOutcomes(outcomes, options.strict))) {
      throw new CorruptError("Cannot read the index: an outcome removes a segment that no outcome added");
    }
  }

  async #tolerate(strict: boolean, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (strict || !isBcatError(error, "corrupt") || !(error instanceof CorruptError)) throw error;
      this.problems.push(error);
    }
  }

  /**
   * Merges the smaller of these runs, all of one kind, once there are too many, and returns what they are then: each
   * entry is copied about log(size) times in all.
   */
  #mergeRuns(runs: readonly Segment[]): readonly Segment[] {
    if (runs.length <= RUNS_MAX) return runs;
    const ascending = [...runs].sort((a, b) => a.counts.entryCount - b.counts.entryCount);
    const chosen: Segment[] = [];
    let entries = 0;
    for (const run of ascending) {
      if (chosen.length >= 2 && run.counts.entryCount > 2 * entries) break;
      chosen.push(run);
      entries += run.counts.entryCount;
    }
    return [...ascending.slice(chosen.length), this.#replaceRuns(chosen)];
  }

  #replaceRuns(chosen: readonly Segment[]): Segment {
    const name = `cache/${Buffer.from(this.#context.random(16)).toString("hex")}`;
    const source: ByteSource = this.#store.write(name, (sink) => {
      mergeSegments(this.#context, chosen, { name, epoch: 0, domain: 0, sink });
    });
    const merged = new Segment(this.#context, { name, source, sizeMax: RUN_SIZE_MAX }, this.#pages);
    for (const run of chosen) {
      this.index.removeSegment(run);
      run[Symbol.dispose]();
    }
    this.index.addSegment(merged);
    return merged;
  }
}
