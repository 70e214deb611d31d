/** Packs that have gone bad, and chunks that nobody can be blamed for: those that lay nowhere else, until they are stored anew. */
import type { ChunkKey, ShownLocation } from "./objects.js";

export class Rot {
  /** Object names of packs, and the byte of each that is another one. */
  #at = new Map<string, number>();
  #excused = new Set<ChunkKey>();
  /** A pack has gone bad at some time. */
  hasBeen = false;

  copy(): Rot {
    const copy = new Rot();
    copy.#at = new Map(this.#at);
    copy.#excused = new Set(this.#excused);
    copy.hasBeen = this.hasBeen;
    return copy;
  }

  note(pack: string, at: number): void {
    this.#at.set(pack, at);
    this.hasBeen = true;
  }

  /** It was put again, or is gone. */
  end(pack: string): void {
    this.#at.delete(pack);
  }

  /** Nothing is bad, and nothing was lost by it. */
  get isNone(): boolean {
    return this.#at.size === 0 && this.#excused.size === 0;
  }

  /** A chunk can not be read there. */
  isBadAt({ pack, frames, offset, length }: ShownLocation): boolean {
    const at = this.#at.get(pack);
    if (at === undefined) return false;
    const end = offset + length;
    return frames
      .filter(({ plainOffset, plainLength }) => plainOffset < end && plainOffset + plainLength > offset)
      .some(({ storedOffset, storedLength }) => at >= storedOffset && at < storedOffset + storedLength);
  }

  /** Takes note of where chunks are now, of several places the best. */
  judge(located: ReadonlyMap<ChunkKey, ShownLocation>): void {
    if (this.isNone) return;
    for (const [key, location] of located) {
      if (this.isBadAt(location)) this.#excused.add(key);
      else this.#excused.delete(key);
    }
  }

  isExcused(key: ChunkKey): boolean {
    return this.#excused.has(key);
  }
}
