/**
 * References on their way from an old snapshot into a new session, under the reference rule (rule 5 of
 * docs/architecture.md): each must have a location that the session has seen indexed and not condemned. What lies in
 * condemned packs only is read and stored again, into packs of the session.
 */
import { CorruptError } from "@bcat/errors";
import { type BlobKind, TREE } from "@bcat/pack";
import type { WriteSession } from "@bcat/repository";
import { joinPath } from "../path.js";
import type { ReferenceVisitor } from "../references/walk-references.js";
import { IdSet } from "../stats/id-set.js";
import { compareBytes, showName } from "../tree/name.js";
import type { ChunkReference } from "../tree/node.js";

/** Chunks that may wait to be copied before the walk waits for them: their ids, and the paths they are of. */
const WAITING_MAX = 256;
/** Paths that are named of those that could not be taken over. */
const NAMED_MAX = 10;

/** A chunk that no location is left of that the session may refer to. */
interface Waiting {
  readonly kind: BlobKind;
  readonly id: Uint8Array;
  readonly path: Uint8Array;
}

export interface TakenOptions {
  /** Between two trees, when nothing is to be copied: lets others run. */
  readonly breathe?: (() => Promise<void> | undefined) | undefined;
}

export class TakenReferences implements ReferenceVisitor {
  /** Chunks that were copied, and trees and lists that were looked at. */
  readonly counts = { copied: 0, trees: 0 };
  readonly #session: WriteSession;
  readonly #options: TakenOptions;
  readonly #trees = new IdSet();
  /** Those that were waiting once. */
  readonly #met = new IdSet();
  readonly #names: Uint8Array[] = [];
  #waiting: Waiting[] = [];
  #lostCount = 0;
  #lastLost: Uint8Array | undefined;
  #lost: { readonly path: Uint8Array; readonly cause: CorruptError }[] = [];

  constructor(session: WriteSession, options: TakenOptions = {}) {
    this.#session = session;
    this.#options = options;
  }

  visit(kind: BlobKind, { id }: ChunkReference): boolean {
    if (!this.#session.has(kind, id) && this.#met.add(id))
      this.#waiting.push({ kind, id: id.slice(), path: this.path });
    if (kind !== TREE || !this.#trees.add(id)) return false;
    this.counts.trees++;
    return true;
  }

  enter(name: Uint8Array): void {
    this.#names.push(name);
  }

  leave(): void {
    this.#names.pop();
  }

  /** Of the entry at hand; also of the one at which a walk ended with an error. */
  get path(): Uint8Array {
    const [root = new Uint8Array(0), ...names] = this.#names;
    return names.reduce((path, name) => joinPath(path, name), root);
  }

  step(): Promise<void> | undefined {
    return this.#waiting.length >= WAITING_MAX ? this.#copy() : this.#options.breathe?.();
  }

  /**
   * Copies what is left to be copied.
   *
   * @throws CorruptError naming the paths of what is not there any more; StorageError
   */
  async finish(): Promise<void> {
    await this.#copy();
    const [first] = this.#lost;
    if (first === undefined) return;
    throw lostError(
      this.#lost.map(({ path }) => path),
      { count: this.#lostCount, cause: first.cause },
    );
  }

  /** Chunks of one entry wait one behind the other: it counts once. */
  #lose(path: Uint8Array, cause: CorruptError): void {
    if (this.#lastLost !== undefined && compareBytes(this.#lastLost, path) === 0) return;
    this.#lastLost = path;
    this.#lostCount++;
    if (this.#lost.length < NAMED_MAX) this.#lost.push({ path, cause });
  }

  async #copy(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { kind, id, path } of waiting) {
      try {
        this.#session.store(kind, await this.#session.repository.readChunk(kind, id));
        this.counts.copied++;
      } catch (error) {
        if (!(error instanceof CorruptError)) throw error;
        this.#lose(path, error);
      }
      if (this.#session.isBusy) await this.#session.ready();
    }
  }
}

/** Entries cannot be taken over, for want of what they refer to. */
export class LostError extends CorruptError {
  /** Their paths, some of them, in words. */
  readonly named: string;

  constructor(named: string, options: ConstructorParameters<typeof CorruptError>[1]) {
    super(`Cannot take over ${named}: prune has taken a part of it, or it is damaged`, options);
    this.named = named;
  }
}

/** What is said of these. */
export function lostError(
  paths: readonly Uint8Array[],
  { count, cause }: { readonly count: number; readonly cause: CorruptError },
): LostError {
  const names = paths.map(showName).join(", ");
  const more = count > paths.length ? ` and others, ${count} in all` : "";
  const { object } = cause;
  return new LostError(`${names}${more}`, { cause, ...(object === undefined ? {} : { object }) });
}
