/**
 * Writes that are on their way: so many at once, each from an arena of its own that is filled again when its write has
 * ended. The first failure is kept, and nothing is begun after it.
 */
/** Bytes of the first arena: a few small files. */
const FIRST_SIZE = 2 ** 18;
const GROWTH = 16;

export interface UploadsOptions {
  /** Writes at once. Arenas are one more: the one that is being filled. */
  readonly width: number;
  /** Most bytes of an arena. */
  readonly arenaSize: number;
}

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #arenas: Uint8Array[] = [];
  readonly #running = new Set<Promise<void>>();
  /** Bytes of a new arena: of the largest that was needed. What is allocated counts for the garbage collector, touched or not. */
  #size: number;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#size = Math.min(options.arenaSize, FIRST_SIZE);
  }

  /** True when a further write should wait. */
  get isFull(): boolean {
    return this.#running.size >= this.#options.width;
  }

  get isOverfull(): boolean {
    return this.#running.size > this.#options.width;
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Memory to fill. There is always some: who fills faster than {@link isFull} allows, pays for it in memory. */
  takeArena(): Uint8Array {
    return this.#arenas.pop() ?? new Uint8Array(new ArrayBuffer(this.#size));
  }

  /** More than `arena`, which is not used any more: at least `length` bytes, which begin with its first `used`. */
  growArena(arena: Uint8Array, used: number, length: number): Uint8Array {
    while (this.#size < length) this.#size = this.#larger(this.#size);
    const grown = new Uint8Array(new ArrayBuffer(this.#size));
    grown.set(arena.subarray(0, used));
    return grown;
  }

  /** What comes near the largest size is that: of a full arena little has been copied. */
  #larger(size: number): number {
    const { arenaSize } = this.#options;
    if (size === arenaSize) throw new RangeError(`Cannot lay down more than ${arenaSize} bytes`);
    return size * GROWTH > arenaSize / 4 ? arenaSize : size * GROWTH;
  }

  /** Begins a write of what is in `arena`. After a failure nothing is begun, and the arena is not given out again. */
  start(arena: Uint8Array, write: () => Promise<void>): void {
    if (this.hasFailed) return;
    const running: Promise<void> = write()
      .then(
        () => {
          this.#arenas.push(new Uint8Array(arena.buffer));
        },
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits until one write has ended. @throws what a write has failed with */
  async next(): Promise<void> {
    await Promise.race(this.#running);
    this.throwFailure();
  }

  /** Waits until nothing is on its way. @throws what a write has failed with */
  async drain(): Promise<void> {
    await this.settle();
    this.throwFailure();
  }

  /** Waits until nothing is on its way; errors no longer matter. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
