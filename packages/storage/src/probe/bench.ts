/** The names and bodies of one probe, all below `probe/<id>/`, and their removal. */
import { isBcatError } from "@bcat/errors";
import type { Storage } from "../storage.js";

/** Requests at once, where there are many. */
export const PROBE_WIDTH = 16;

export interface ProbeWorld {
  /** Names this probe and no other: letters a to z, digits and dashes. */
  readonly id: string;
  /** Fresh random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Milliseconds of any origin. */
  readonly now: () => number;
}

export class ProbeBench {
  readonly storage: Storage;
  readonly #world: ProbeWorld;
  readonly #names = new Set<string>();

  constructor(storage: Storage, world: ProbeWorld) {
    this.storage = storage;
    this.#world = world;
  }

  get prefix(): string {
    return `probe/${this.#world.id}/`;
  }

  /** The name of an object that may be put. */
  name(word: string): string {
    const name = `${this.prefix}${word}`;
    this.#names.add(name);
    return name;
  }

  body(length: number): Uint8Array {
    return this.#world.random(length);
  }

  /** How long (ms) `run` takes. */
  async time(run: () => Promise<unknown>): Promise<number> {
    const begun = this.#world.now();
    await run();
    return this.#world.now() - begun;
  }

  /** Removes everything that may have been put; how much of it may still be there. */
  async clear(): Promise<number> {
    const { storage } = this;
    if (storage.delete === undefined) return this.#names.size;
    let left = 0;
    await each([...this.#names], async (name) => {
      try {
        await storage.delete?.(name);
      } catch (error) {
        if (!isBcatError(error)) throw error;
        left++;
      }
    });
    return left;
  }
}

/** Runs `act` for all items, {@link PROBE_WIDTH} at a time. */
export async function each<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += PROBE_WIDTH) await Promise.all(items.slice(at, at + PROBE_WIDTH).map(act));
}
