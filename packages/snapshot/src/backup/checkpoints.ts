/**
 * When a backup makes a checkpoint, and of what: all roots that are finished, and the one it is at as far as it is
 * stored. What a crash costs is then what came after it.
 */

import { ArchivedError, isBcatError } from "@bcat/errors";
import type { Root, SnapshotToCommit, WriteSession } from "@bcat/repository";
import type { BackupRun } from "./backup-run.js";
import { isUnanswered } from "./early-end.js";
import { isEndByExhaustion } from "./source-fault.js";

/** Bytes stored, or read, between two checkpoints, unless the environment says. */
const SIZE = 2 ** 30;
/** And this part of all that was stored: what names it grows with each, and so do they all together. */
const SIZE_SHARE = 64;
const INTERVAL_MS = 5 * 60_000;
/** The time between two of them is so many times what the last one took. */
const REST_FACTOR = 20;

/** A root that is not finished. */
export interface OpenRoot {
  /** What of it is stored; undefined when nothing is. Changes nothing of it. */
  readonly provisional: () => Promise<Root | undefined>;
  /** Has other threads give up what they have not finished: there will be no more of it. */
  readonly stop: () => void;
}

export interface CheckpointsParts {
  readonly session: WriteSession;
  readonly run: BackupRun;
  /** The snapshot of these roots, as it would be now. */
  readonly snapshotOf: (roots: readonly Root[]) => SnapshotToCommit;
}

export class Checkpoints {
  readonly #parts: CheckpointsParts;
  readonly #size: number;
  readonly #finished: Root[] = [];
  #open: OpenRoot | undefined;
  #time: number;
  #storedSize = 0;
  #readSize = 0;
  #tookMs = 0;
  #isOver = false;

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
    const { sizes, now } = parts.session.repository.environment;
    this.#size = sizes?.checkpointSize ?? SIZE;
    this.#time = now();
  }

  /** The backup is at this root now. */
  begin(open: OpenRoot): void {
    this.#open = open;
  }

  /** The backup is at none; the last one is finished, if it could be read. */
  end(root?: Root): void {
    this.#open = undefined;
    if (root !== undefined) this.#finished.push(root);
  }

  /** Something is stored: what there is can be kept. */
  get isWorthwhile(): boolean {
    return this.#parts.session.added.storedBytes > 0;
  }

  get isDue(): boolean {
    const { run, session } = this.#parts;
    const { storedBytes } = session.added;
    // What is stored already is to be read once only, too.
    const news = Math.max(storedBytes - this.#storedSize, run.bytesRead - this.#readSize);
    const elapsed = Math.abs(this.#now() - this.#time);
    if (news === 0 || elapsed < REST_FACTOR * this.#tookMs) return false;
    return news >= Math.max(this.#size, storedBytes / SIZE_SHARE) || elapsed >= INTERVAL_MS;
  }

  /**
   * Makes one now. Where a folder cannot be listed as it should be, none is made: the next time it may be.
   *
   * @throws BcatError refused when somebody else has decided the session; StorageError
   */
  async take(): Promise<void> {
    const start = this.#now();
    await this.#parts.run.uninterrupted(async () => {
      try {
        const open = await this.#open?.provisional();
        const roots = open === undefined ? [...this.#finished] : [...this.#finished, open];
        await this.#parts.session.checkpoint(this.#parts.snapshotOf(roots));
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    });
    this.#time = this.#now();
    this.#tookMs = Math.max(0, this.#time - start);
    this.#storedSize = this.#parts.session.added.storedBytes;
    this.#readSize = this.#parts.run.bytesRead;
  }

  /**
   * Makes the last one, of all that can be had of what is under way, when `error` is that the user has asked for the end.
   *
   * @returns false when the storage did not take it: what it has not done until then it is not asked again
   */
  async takeLast(error: unknown): Promise<boolean> {
    const { run, session } = this.#parts;
    if (this.#isOver || !run.isStop(error) || !this.isWorthwhile) return true;
    this.#isOver = true;
    this.#open?.stop();
    try {
      await run.uninterrupted(() => session.flush());
      await this.take();
      return true;
    } catch (failure) {
      return !isUnanswered(failure);
    }
  }

  #now(): number {
    return this.#parts.session.repository.environment.now();
  }
}

/** What keeps a checkpoint from being made, and nothing else. */
function isPassing(error: unknown): boolean {
  return isBcatError(error, "corrupt") || error instanceof ArchivedError || isEndByExhaustion(error);
}
