/** A session that backs up: a {@link Session} and the {@link ChunkStore} it stores into, as one. */
import type { Field } from "@bcat/codec";
import type { BlobKind } from "@bcat/pack";
import { findPacks } from "./adopt-packs.js";
import type { SnapshotOutcome } from "./bodies/outcome.js";
import type { Snapshot } from "./bodies/snapshot.js";
import { type AddedCounts, ChunkStore } from "./chunk-store.js";
import { settleDeadSessions } from "./dead-sessions.js";
import type { LeftJournal } from "./journal.js";
import type { Repository } from "./repository.js";
import { Session } from "./session.js";

export interface WriteSessionOptions {
  /** zstd level, 0 for none. */
  readonly level: number;
  /** Reserves nothing, stores nothing: only counts what would be stored. */
  readonly dryRun: boolean;
  /** Name of the host to record, if not the environment's. */
  readonly host?: string;
}

/** The fields of a snapshot that its writer gives; the session knows the others. */
export type SnapshotToCommit = Omit<Snapshot, "complete" | "logHead" | "seen"> & {
  /** The lowest log head that references of the snapshot were checked against, if below that of the session. */
  readonly logHead?: number;
  /** As of what it is made from, if that is partial. */
  readonly complete?: boolean;
};

export class WriteSession {
  readonly session: Session;
  readonly chunks: ChunkStore;
  #checkpoints = 0;
  /** What the newest checkpoint holds. */
  #saved: SnapshotOutcome | undefined;
  /** Of dead sessions whose packs this one has taken over. */
  #adopted: readonly LeftJournal[] = [];
  #adoptedPacks = 0;
  #adoptedBytes = 0;

  private constructor(session: Session, level: number) {
    this.session = session;
    this.chunks = new ChunkStore(session, { level });
  }

  /** @throws as {@link Session.begin} */
  static async begin(repository: Repository, options: WriteSessionOptions): Promise<WriteSession> {
    const { level, ...others } = options;
    const session = new WriteSession(await Session.begin(repository, { ...others, kind: "backup" }), level);
    try {
      await session.#adopt();
      return session;
    } catch (error) {
      await session.abandon();
      throw error;
    }
  }

  get repository(): Repository {
    return this.session.repository;
  }

  get number(): number {
    return this.session.number;
  }

  get added(): AddedCounts {
    return this.chunks.added;
  }

  get isBusy(): boolean {
    return this.chunks.isBusy;
  }

  has(kind: BlobKind, id: Uint8Array): boolean {
    return this.chunks.has(kind, id);
  }

  store(kind: BlobKind, bytes: Uint8Array): Uint8Array {
    return this.chunks.store(kind, bytes);
  }

  async ready(): Promise<void> {
    await this.chunks.ready();
  }

  async flush(): Promise<void> {
    await this.chunks.settle();
  }

  /**
   * Stores what is still open and puts the outcome. Only when this returns is there a snapshot, of number `number`.
   *
   * @param unknown fields of a newer version, of the snapshot that this one is made from
   */
  async commit(snapshot: SnapshotToCommit, unknown?: readonly Field[]): Promise<void> {
    await this.chunks.settle();
    await this.session.decide({
      ...this.#outcomeOf({ complete: true, ...snapshot }),
      ...(unknown === undefined ? {} : { unknown }),
    });
    this.#forgetAdopted();
  }

  /**
   * Makes everything durable that was stored until now, and puts a checkpoint of it, `snapshot`. The session goes on.
   *
   * @throws BcatError refused when somebody else has decided how this session ended; as {@link flush}
   */
  async checkpoint(snapshot: SnapshotToCommit): Promise<void> {
    // Rule 3 of docs/architecture.md: what a checkpoint names lies in durable segments, also what other threads claimed.
    await this.chunks.settle();
    const noted = this.session.journal?.count ?? 0;
    const saved = this.#outcomeOf({ ...snapshot, complete: false });
    await this.session.putPartial(++this.#checkpoints, saved);
    this.#saved = saved;
    // Of one that others have ended, the journal is all that names what it has stored.
    await this.session.requireUndecided();
    this.session.journal?.drop(noted);
  }

  /** What dead sessions have left that no checkpoint of theirs names: this session has taken it over. */
  get adopted(): { readonly packs: number; readonly bytes: number } {
    return { packs: this.#adoptedPacks, bytes: this.#adoptedBytes };
  }

  /** Packs behind the newest checkpoint that the next session will look for: they are stored, or on their way. */
  get packsLeft(): number {
    return this.session.journal?.count ?? 0;
  }

  /** True when there is a checkpoint that {@link keep} would end the session with. */
  get hasCheckpoint(): boolean {
    return this.#saved !== undefined;
  }

  /** Ends the session with its newest checkpoint as a partial snapshot of its number. @throws as {@link Session.decide} */
  async keep(): Promise<void> {
    await this.session.decide(this.#saved!);
    this.#forgetAdopted();
  }

  /** Shows that the session goes on, to whoever may take it for dead. To be called now and then. */
  touch(): void {
    this.session.journal?.touch();
  }

  /** As {@link abandon}, and says for good that there will be no snapshot of this number. */
  async giveUp(reason: string): Promise<void> {
    await this.chunks.close();
    await this.session.decide({ kind: "void", reason });
  }

  /** Waits until nothing of this session is on its way any more; errors no longer matter. */
  async abandon(): Promise<void> {
    await this.chunks.close();
    this.session.abandon();
  }

  async #adopt(): Promise<void> {
    const { session, chunks } = this;
    this.#adopted = await settleDeadSessions(session);
    for (const { packs } of this.#adopted) {
      for await (const { kind, pack } of findPacks(session, packs)) {
        await chunks.adopt(kind, pack);
        this.#adoptedPacks++;
        this.#adoptedBytes += pack.size;
      }
    }
    if (this.#adoptedPacks > 0) await chunks.settle();
  }

  /** What dead sessions have left is named by a snapshot now. */
  #forgetAdopted(): void {
    for (const journal of this.#adopted) journal.remove();
  }

  #outcomeOf(snapshot: SnapshotToCommit & Pick<Snapshot, "complete">): SnapshotOutcome {
    const { session, chunks } = this;
    const logHead = Math.min(session.logHead, snapshot.logHead ?? session.logHead);
    const { seen } = session;
    return {
      kind: "snapshot",
      added: [...chunks.segments],
      removed: [],
      snapshot: { ...snapshot, logHead, seen },
    };
  }
}
