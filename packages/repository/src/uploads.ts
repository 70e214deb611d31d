/**
 * Writes that are on their way: so many at once, each from an arena of its own that is filled again when its write has
 * ended. The first failure is kept, and nothing is begun after it.
 */
export interface UploadsOptions {
  /** Writes at once. Arenas are one more: the one that is being filled. */
  readonly width: number;
  /** Bytes of an arena. Pages that are never touched cost no memory. */
  readonly arenaSize: number;
}

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #arenas: Uint8Array[] = [];
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
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
    return this.#arenas.pop() ?? new Uint8Array(new ArrayBuffer(this.#options.arenaSize));
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
