/** The opened frames of one range of a pack, each opened once, in memory that is used again. */
import { FRAME_PLAIN_MAX, type FrameTables, type PackFrames } from "@bcat/pack";

/** Memory of frames, 1 MiB each, as many as the longest chunk so far has needed at once. */
export class FramePool {
  readonly #free: Uint8Array[] = [];
  #scratch = new Uint8Array(0);

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(FRAME_PLAIN_MAX);
  }

  give(plain: Uint8Array): void {
    this.#free.push(plain);
  }

  /** Memory for a chunk that lies in several frames, good until the next call. */
  scratch(length: number): Uint8Array {
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    return this.#scratch.subarray(0, length);
  }
}

export class OpenFrames {
  readonly #frames: PackFrames;
  readonly #pool: FramePool;
  readonly #sealed: Uint8Array;
  readonly #opened = new Map<number, Uint8Array>();
  /** The frame asked for last: most chunks lie in the one of their neighbour. */
  #last = -1;
  #lastPlain: Uint8Array = new Uint8Array(0);

  /** @param sealed the frames, from the first on */
  constructor(frames: PackFrames, pool: FramePool, sealed: Uint8Array) {
    this.#frames = frames;
    this.#pool = pool;
    this.#sealed = sealed;
  }

  get tables(): FrameTables {
    return this.#frames.tables;
  }

  /** The plaintext of a frame, good until {@link dropBelow} or {@link clear}. @throws CorruptError naming the pack */
  plain(index: number): Uint8Array {
    if (index === this.#last) return this.#lastPlain;
    let plain = this.#opened.get(index);
    if (plain === undefined) {
      plain = this.#pool.take();
      this.openInto(index, plain);
      this.#opened.set(index, plain);
    }
    this.#last = index;
    this.#lastPlain = plain;
    return plain;
  }

  /** Opens a frame into memory of the caller's. @throws CorruptError naming the pack */
  openInto(index: number, target: Uint8Array): void {
    const { storedOffset, storedLength } = this.#frames.tables.frames[index]!;
    this.#frames.open(index, this.#sealed.subarray(storedOffset, storedOffset + storedLength), target);
  }

  /** Gives the memory of frames below `index` back. */
  dropBelow(index: number): void {
    if (this.#opened.size === 0 || index === this.#last) return;
    for (const [opened, plain] of this.#opened) {
      if (opened >= index) continue;
      this.#opened.delete(opened);
      this.#pool.give(plain);
    }
  }

  clear(): void {
    this.#last = -1;
    this.dropBelow(Number.POSITIVE_INFINITY);
  }
}
