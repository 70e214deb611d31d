/** All chance of a simulated run: one generator, so that its seed reproduces the run. */
import { createMulberry32 } from "@bcat/storage";

export class Dice {
  readonly #next: () => number;

  constructor(seed: number) {
    // Neighbouring seeds begin alike without this.
    this.#next = createMulberry32(Math.imul(seed, 0x9e3779b1) ^ (seed >>> 16));
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.#next();
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  /** A whole number out of a range, both ends included. */
  within([min, max]: readonly [number, number]): number {
    return this.integer(min, max);
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#next() * items.length)]!;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(Math.floor(this.#next() * rest.length), 1)[0]!);
  }

  /** Milliseconds, of which most are few and some are very many. */
  delay(median: number): number {
    const tail = this.#next();
    const factor = tail < 0.8 ? 1 : tail < 0.97 ? 8 : tail < 0.997 ? 100 : 1000;
    return Math.ceil(median * factor * (0.2 + 1.6 * this.#next()));
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 4) {
      const word = this.#next() * 2 ** 32;
      for (let j = i; j < i + 4 && j < length; j++) bytes[j] = word / 2 ** (8 * (j - i));
    }
    return bytes;
  }
}
