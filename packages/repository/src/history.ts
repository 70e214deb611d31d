/**
 * What happened to a repository, as far as a client has read it: sessions and how they ended, snapshots, the log. From
 * the outcomes follow the segments of the index; those that the local index has not taken up are kept for it here.
 */
import { ObjectType, openObject } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import { type PackContext, segmentName } from "@bcat/pack";
import type { Registers } from "@bcat/storage";
import { decodeOutcome, type Outcome } from "./bodies/outcome.js";
import type { SegmentReference } from "./bodies/references.js";
import { type SeenOutcome, seenCountMax } from "./bodies/snapshot.js";
import type { KeyChanges } from "./keys/key-changes.js";
import { Log } from "./log.js";
import type { Manifest } from "./manifest.js";
import { readAndOpen } from "./read-again.js";
import { readAhead } from "./read-ahead.js";
import { findHead, refuseHole, registerName } from "./registers.js";
import { type SnapshotSummary, summarise } from "./summary.js";

export interface HistoryRefreshOptions {
  /**
   * Whether damage stops the refresh. Writers are strict: they may not refer to what they cannot read. Readers go on
   * with what there is, and name the damage when they miss something.
   */
  readonly strict: boolean;
  /** Whether damage of segments that was met before is none to a strict refresh. */
  readonly toleratesSegments?: boolean;
  /** Number of the caller's own session: sessions up to it exist, and none behind it matters. */
  readonly ownSession?: number;
  /**
   * A head that is where it was when last looked is not asked whether sessions lie behind a hole: two requests less, and
   * what is lost there is missed until a session closes the hole.
   */
  readonly trustHead?: boolean;
}

/** What a refresh has read, before anything is changed. */
interface Findings {
  /** Sessions up to here are known, or open. */
  head: number;
  readonly open: Set<number>;
  readonly outcomes: { readonly number: number; readonly hash: Uint8Array; readonly outcome: Outcome }[];
  readonly damage: CorruptError[];
}

/** What outcomes are looked for with, and where they go. */
interface Search {
  readonly strict: boolean;
  /** Of outcomes, by number. */
  readonly hashes: Map<number, Uint8Array>;
  readonly findings: Findings;
}

export class History {
  /** Damage met while reading leniently. */
  readonly problems: CorruptError[] = [];
  /** Segments that outcomes name and the local index has not taken up, by name. */
  readonly pending = new Map<string, SegmentReference>();
  /** The current segments, by name: those that outcomes add, less those that they remove. */
  readonly segments = new Map<string, SegmentReference>();
  readonly log: Log;
  /** True when there is something that the manifest does not have. */
  isChanged = false;
  readonly #context: PackContext;
  readonly #open = new Set<number>();
  #summaries = new Map<number, SnapshotSummary>();
  #isSorted = true;
  #lastSnapshot = 0;
  #sessions = 0;
  #seen: readonly SeenOutcome[] = [];
  #droppedHead = 0;
  #droppedBefore = 0;
  #newest: { readonly number: number; readonly outcome: Outcome } | undefined;

  constructor(context: PackContext) {
    this.#context = context;
    this.log = new Log(context.keys);
  }

  /** Takes up what an earlier process knew. @throws CorruptError, BcatError newer-format when the log is damaged */
  load(manifest: Manifest): void {
    for (const body of manifest.log) this.log.apply(body);
    this.#sessions = manifest.sessions;
    this.#seen = manifest.seen;
    for (const number of manifest.open) this.#open.add(number);
    for (const [number, summary] of manifest.summaries) {
      this.#summaries.set(number, summary);
      this.#lastSnapshot = number;
    }
    for (const reference of manifest.pending) this.pending.set(segmentName(reference), reference);
    for (const reference of manifest.segments) this.segments.set(segmentName(reference), reference);
    this.#droppedHead = manifest.droppedHead;
    this.#droppedBefore = manifest.droppedBefore;
  }

  /** For the manifest: all but the runs. */
  export(): Omit<Manifest, "runs"> {
    return {
      sessions: this.#sessions,
      seen: this.#seen,
      open: [...this.#open],
      log: this.log.bodies,
      pending: [...this.pending.values()],
      segments: [...this.segments.values()],
      droppedHead: this.#droppedHead,
      droppedBefore: this.#droppedBefore,
      summaries: this.summaries,
    };
  }

  /** All snapshots that were committed, by number, ascending; also those that are partial or forgotten. */
  get summaries(): ReadonlyMap<number, SnapshotSummary> {
    // Sessions that were open when those behind them had ended come late.
    if (!this.#isSorted) this.#summaries = new Map([...this.#summaries].sort(([a], [b]) => a - b));
    this.#isSorted = true;
    return this.#summaries;
  }

  /** Head of the sessions that were accounted for. */
  get sessionHead(): number {
    return this.#sessions;
  }

  get logHead(): number {
    return this.log.head;
  }

  /** Packs that log records up to this number condemn are named by no segment any more: a prune has dropped them. */
  get droppedHead(): number {
    return this.#droppedHead;
  }

  /** {@link droppedHead} as it was before: packs condemned behind that may not have been deleted by who dropped them. */
  get droppedBefore(): number {
    return this.#droppedBefore;
  }

  /** Epoch that writers use. */
  get epoch(): number {
    return this.log.epoch;
  }

  /** The newest three outcomes seen, newest first. */
  get seen(): readonly SeenOutcome[] {
    return this.#seen;
  }

  /** Another one after every refresh that has met an outcome or a record of the log. */
  get newness(): string {
    return `${this.logHead}/${this.#sessions - this.#open.size}`;
  }

  /** Sessions that had no outcome when last looked at, ascending. */
  get openSessions(): readonly number[] {
    return [...this.#open].sort((a, b) => a - b);
  }

  /** True for a session that had no outcome when last looked at. */
  isOpen(session: number): boolean {
    return this.#open.has(session);
  }

  isForgotten(snapshot: number): boolean {
    return this.log.isForgotten(snapshot);
  }

  isPinned(snapshot: number): boolean {
    return this.log.isPinned(snapshot);
  }

  /** What was noted when the snapshot was pinned, empty for nothing; undefined for one that is not pinned. */
  pinNote(snapshot: number): string | undefined {
    return this.log.pinNote(snapshot);
  }

  /** What the log tells of key slots. */
  get keyChanges(): KeyChanges {
    return this.log.keyChanges;
  }

  /** True when a log record behind number `head` condemned packs. */
  condemnedSince(head: number): boolean {
    return this.log.referencesBehind(head).next().done !== true;
  }

  /** The outcome of session `number`, if it is the newest and was read already: it is often wanted next. */
  readAlready(number: number): Outcome | undefined {
    return this.#newest?.number === number ? this.#newest.outcome : undefined;
  }

  /** Keeps an outcome that was read for other reasons, if it is the newest. */
  remember(number: number, outcome: Outcome): void {
    if (number >= (this.#newest?.number ?? 1)) this.#newest = { number, outcome };
  }

  /**
   * Reads what is new: the log to its head, then the outcomes. In this order: a pack condemned before an outcome was
   * read is then never taken for a location. Outcomes count all or none: one that fails leaves the others for later.
   *
   * @throws CorruptError in strict mode; BcatError newer-format, identity-changed; StorageError
   */
  async refresh(registers: Registers, options: HistoryRefreshOptions): Promise<void> {
    const { strict, ownSession, trustHead = false, toleratesSegments = false } = options;
    const problem = this.problems.find(({ object }) => !toleratesSegments || object?.startsWith("index/") !== true);
    if (strict && problem !== undefined) throw problem;
    await this.readLog(registers, strict);
    let head = (ownSession ?? 1) - 1;
    if (ownSession === undefined) {
      head = await findHead(registers, "sessions", this.#sessions);
      if (head === 0 || head > this.#sessions || !trustHead) await refuseHole(registers, head);
    }
    const findings = await this.#readOutcomes(registers, head, strict);
    if (ownSession !== undefined) findings.open.add(ownSession);
    this.#apply({ ...findings, head: Math.max(this.#sessions, findings.head, ownSession ?? 0) });
  }

  /** Forgets damage of objects that are needed no more. */
  forgetProblems(objects: readonly string[]): void {
    const healed = new Set<string | undefined>(objects);
    const left = this.problems.filter(({ object }) => object === undefined || !healed.has(object));
    this.problems.splice(0, this.problems.length, ...left);
  }

  /** Reads the log to its head. @throws CorruptError in strict mode; else damage is noted; StorageError */
  async readLog(registers: Registers, strict: boolean): Promise<void> {
    const head = this.log.head;
    try {
      await this.log.read(registers, strict ? undefined : (damage) => this.problems.push(damage));
    } finally {
      if (this.log.head > head) this.isChanged = true;
    }
  }

  /** Reads all outcomes again, so that all segments are pending. @throws as {@link refresh} */
  async readAgain(registers: Registers, strict: boolean): Promise<void> {
    const head = this.#sessions;
    this.forget();
    this.#apply(await this.#readOutcomes(registers, head, strict));
  }

  /** Notes the outcome that this process has put; false when it has been read already, segments and all. */
  noteOwn(
    { number, bytes, outcome }: { readonly number: number; readonly bytes: Uint8Array; readonly outcome: Outcome },
    pending: { readonly arePending: boolean },
  ): boolean {
    if (!this.#open.has(number)) return false;
    const hash = this.#context.blake3.hash(bytes);
    this.#note(number, hash, outcome);
    this.#takeSegments([outcome], pending);
    this.#open.delete(number);
    this.isChanged = true;
    return true;
  }

  /** All but the log, which is only added to. */
  forget(): void {
    this.#open.clear();
    this.#summaries.clear();
    this.#isSorted = true;
    this.#lastSnapshot = 0;
    this.pending.clear();
    this.segments.clear();
    this.#sessions = 0;
    this.#seen = [];
    this.#droppedHead = 0;
    this.#droppedBefore = 0;
    this.#newest = undefined;
  }

  /** Outcomes not covered yet, ascending: of sessions that were open, and of those up to `head`. */
  async #readOutcomes(registers: Registers, head: number, strict: boolean): Promise<Findings> {
    const numbers = [...this.openSessions];
    for (let number = this.#sessions + 1; number <= head; number++) numbers.push(number);
    const findings: Findings = { head, open: new Set(), outcomes: [], damage: [] };
    const hashes = new Map(this.#seen.map(({ number, hash }) => [number, hash]));
    await this.#findOutcomes(registers, numbers, { strict, hashes, findings });
    await this.#findOvertaken(registers, { strict, hashes, findings });
    return findings;
  }

  /**
   * What a compaction removes was added by outcomes that were decided before it, also by those of sessions which were
   * open when they were looked at, just before it was, or which began when the head had been looked for: these are read,
   * too, lest a removed segment be added later.
   */
  async #findOvertaken(registers: Registers, search: Search): Promise<void> {
    const { findings } = search;
    for (let known = 0; ; ) {
      const compactions = findings.outcomes.filter(({ outcome }) => outcome.kind === "compaction").length;
      if (compactions === known) return;
      known = compactions;
      const numbers = [...findings.open, ...(await raiseHead(registers, findings))];
      findings.open.clear();
      await this.#findOutcomes(registers, numbers, search);
    }
  }

  async #findOutcomes(
    registers: Registers,
    numbers: readonly number[],
    { strict, hashes, findings }: Search,
  ): Promise<void> {
    const tolerate = async (read: () => Promise<void> | void): Promise<void> => {
      try {
        await read();
      } catch (error) {
        if (strict || !(error instanceof CorruptError)) throw error;
        findings.damage.push(error);
      }
    };
    const names = numbers.map((number) => ({ number, name: registerName("outcomes", number), size: 0 }));
    const ahead = readAhead(registers, names);
    for (const { number, name } of names) {
      await tolerate(async () => {
        const found = await readAndOpen(
          () => ahead.get(name),
          (bytes) => this.#openOutcome(name, bytes),
        );
        if (found === undefined) return void findings.open.add(number);
        const { hash, outcome } = found;
        hashes.set(number, hash);
        findings.outcomes.push({ number, hash, outcome });
        if (outcome.kind !== "snapshot") return;
        await this.#compareLogSeen(registers, { number, head: outcome.snapshot.logHead, strict });
        await this.#compareSeen(registers, { number, seen: outcome.snapshot.seen, hashes });
      });
    }
  }

  #openOutcome(name: string, bytes: Uint8Array) {
    const { keys, blake3 } = this.#context;
    const { body } = openObject(keys, { type: ObjectType.OUTCOME, name }, bytes);
    return { hash: blake3.hash(bytes), outcome: decodeOutcome(body, name) };
  }

  /** A snapshot says how much of the log its writer had seen: less must not be there now. */
  async #compareLogSeen(
    registers: Registers,
    { number, head, strict }: { number: number; head: number; strict: boolean },
  ): Promise<void> {
    // It may have been written since the log was read.
    if (head > this.log.head) await this.readLog(registers, strict);
    if (head <= this.log.head) return;
    const name = registerName("log", this.log.head + 1);
    throw new CorruptError(`Cannot read "${name}": it is missing, but snapshot ${number} has seen it`, {
      object: name,
    });
  }

  /** A snapshot names the outcomes its writer had seen: one of them gone or changed is damage, or somebody's doing. */
  async #compareSeen(
    registers: Registers,
    { number, seen, hashes }: { number: number; seen: readonly SeenOutcome[]; hashes: Map<number, Uint8Array> },
  ): Promise<void> {
    for (const { number: other, hash } of seen) {
      const known = hashes.get(other);
      if (known !== undefined && Buffer.compare(known, hash) === 0) continue;
      const name = registerName("outcomes", other);
      const bytes = await registers.get(name);
      const found = bytes === undefined ? "is missing" : "has other bytes";
      if (bytes !== undefined && Buffer.compare(this.#context.blake3.hash(bytes), hash) === 0) continue;
      throw new CorruptError(`Cannot trust "${name}": it ${found}, but snapshot ${number} has seen it`, {
        object: name,
      });
    }
  }

  #apply({ head, open, outcomes, damage }: Findings): void {
    if (head > this.#sessions || outcomes.length > 0) this.isChanged = true;
    this.problems.push(...damage);
    this.#open.clear();
    for (const number of open) this.#open.add(number);
    this.#sessions = head;
    for (const { number, hash, outcome } of outcomes) this.#note(number, hash, outcome);
    const taken = outcomes.map(({ outcome }) => outcome);
    this.#takeSegments(taken, { arePending: true });
  }

  #note(number: number, hash: Uint8Array, outcome: Outcome): void {
    this.#seen = [{ number, hash }, ...this.#seen].sort((a, b) => b.number - a.number).slice(0, seenCountMax);
    this.remember(number, outcome);
    if (outcome.kind !== "snapshot") return;
    if (number < this.#lastSnapshot) this.#isSorted = false;
    this.#lastSnapshot = Math.max(number, this.#lastSnapshot);
    this.#summaries.set(number, summarise(outcome.snapshot));
  }

  /**
   * Segments as sets: what any of these outcomes removes is not there. Those that the local index has merged already
   * stay in it: a compaction drops only entries of condemned packs, and these no writer uses.
   *
   * @param arePending whether the local index has to take up what they add
   */
  #takeSegments(outcomes: readonly Outcome[], { arePending }: { readonly arePending: boolean }): void {
    const changes = outcomes.filter((outcome) => outcome.kind !== "void");
    for (const { added } of changes) {
      for (const segment of added) {
        this.segments.set(segmentName(segment), segment);
        if (arePending) this.pending.set(segmentName(segment), segment);
      }
    }
    for (const change of changes) {
      for (const segment of change.removed) {
        this.segments.delete(segmentName(segment));
        this.pending.delete(segmentName(segment));
      }
      if (change.kind === "compaction") this.#noteDropped(change.droppedHead ?? 0);
    }
  }

  #noteDropped(head: number): void {
    if (head <= this.#droppedHead) return;
    this.#droppedBefore = this.#droppedHead;
    this.#droppedHead = head;
  }
}

/** Up to the newest session of which something is removed; numbers of those that come into sight. */
async function raiseHead(registers: Registers, findings: Findings): Promise<number[]> {
  const { head, outcomes } = findings;
  const removed = outcomes.flatMap(({ outcome }) => (outcome.kind === "void" ? [] : outcome.removed));
  const newest = removed.reduce((highest, { session }) => Math.max(highest, session), 0);
  if (newest <= head) return [];
  findings.head = Math.min(newest, await findHead(registers, "sessions", head));
  return Array.from({ length: Math.max(0, findings.head - head) }, (_, index) => head + 1 + index);
}
