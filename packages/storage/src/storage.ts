/**
 * The two seams between bcat and the place where a repository lies: registers, which decide, and objects, which hold.
 * By default one storage is both; where it has no true put-if-absent, the registers can live elsewhere.
 *
 * What holds for every method here:
 * - Nothing is retried: a storage tries once and tells. Retrying is a decorator ({@link createRetryingStorage}).
 * - A name, prefix or range that is malformed is misuse: the promise rejects with a RangeError before any effect.
 * - An aborted `signal` rejects with its reason. Aborting a write leaves its outcome unknown, as any other error does.
 * - A fault of the storage is a StorageError that says what was being done to which object, and where.
 */

/** No object is larger, in bytes; a reader refuses to allocate more because a storage claims so. */
export const objectSizeMax = 2 ** 30;

/** A part of an object, counted from its first byte. Both fields are safe integers, zero or more. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface GetOptions {
  /** The part to read; without it, the whole value. */
  readonly range?: ByteRange;
  /**
   * Memory of the caller's that the storage may put the answer into, from its first byte, instead of fresh memory. The
   * answer then is a view of it. It is the caller's again when the promise has settled; after an error or an abort
   * nobody knows when it is, so it is not to be used again.
   */
  readonly into?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface PutOptions {
  /** A pack of data, which only reading files back needs: what may lie in a cheaper, slower class of storage. */
  readonly kind?: "data";
  readonly signal?: AbortSignal;
}

/** One object as a listing shows it. */
export interface ListedObject {
  readonly name: string;
  readonly size: number;
  /** Until then deleting it saves nothing: it is charged for. Milliseconds since 1970; absent where there is no such time. */
  readonly chargedUntil?: number;
  /** When it was written to last, by the clock of the place, milliseconds since 1970; of what {@link Objects.listTemporary} lists. */
  readonly modifiedAt?: number;
}

/**
 * Places that are decided once and never change. Everything bcat promises about concurrent writers rests on
 * {@link Registers.putIfAbsent} being atomic.
 */
export interface Registers {
  /**
   * The value of a register, or undefined when it has none. The buffer belongs to the caller. A value once seen is seen by every later `get`, from every machine.
   */
  get(name: string, options?: GetOptions): Promise<Uint8Array | undefined>;

  /**
   * Decides the register. Of any number of concurrent calls, on any machines, at most one returns, and when it returns
   * the value is durable and whole. The caller keeps `bytes`, must not change them until the promise settles, and the
   * storage keeps no reference after.
   *
   * @throws {BcatError} with code "exists" when the register already has a value, even an equal one: that may be the
   *   caller's own, whose acknowledgement was lost, so the caller reads it and compares. The value it then reads is
   *   durable. After any other error the outcome is unknown: the register may be undecided, decided, or be decided
   *   later by a request still under way.
   */
  putIfAbsent(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;
}

/** Blobs under unique names: each name is put once in its life, so a name has at most one value for all time. */
export interface Objects {
  /**
   * The bytes of an object, or undefined when there is no such object. Bytes of the range past the end are simply
   * missing: the answer is shorter than asked, possibly empty, and it is the reader who calls that damage. An object
   * of no bytes is an empty answer, not undefined. The buffer is fresh, or {@link GetOptions.into}, and belongs to the
   * caller.
   */
  get(name: string, options?: GetOptions): Promise<Uint8Array | undefined>;

  /**
   * Stores an object and returns when it is durable: it survives the loss of power of whatever holds it. The caller
   * keeps `bytes`, must not change them until the promise settles, and the storage keeps no reference after.
   *
   * A second put of the same bytes succeeds, so a retry is always safe. After an error the object may be absent,
   * whole, or, where the storage cannot publish atomically, cut short.
   *
   * @throws {BcatError} with code "exists" when the name holds other bytes and the storage can tell; what was there
   *   stays.
   */
  put(name: string, bytes: Uint8Array, options?: PutOptions): Promise<void>;

  /**
   * The objects whose names start with `prefix`, in any order; "" lists everything. The answer may be stale or
   * incomplete: it is a hint, never evidence of absence. Absent where the storage cannot list.
   */
  list?(prefix: string): AsyncIterable<ListedObject>;

  /**
   * Removes an object, and succeeds when there is none. A removal need not survive a crash. Absent where the storage
   * cannot delete.
   */
  delete?(name: string): Promise<void>;

  /**
   * What a crash, or a writer at work right now, has left of writes that were not finished. No objects, so nothing reads
   * them. Absent where there is no such thing, or no way to know.
   */
  listTemporary?(): AsyncIterable<ListedObject>;

  /** Removes one of these, and succeeds when there is none. A writer that is still at work on it fails. */
  deleteTemporary?(name: string): Promise<void>;
}

/** A place that holds both registers and objects, under one space of names. */
export interface Storage extends Registers, Objects {
  /** Where this is, for messages; it holds no secrets. */
  readonly location: string;
  /**
   * Large objects that are best put at once: more than one where one connection does not fill the line. Each costs the
   * writer the memory of a pack. One, where it is absent.
   */
  readonly uploads?: number;
}
