/** Counts what a prune does. */
import { BcatError } from "@bcat/errors";
import { type Leftovers, noLeftovers } from "./leftovers.js";
import type { OpenSession } from "./open-sessions.js";
import type { PackSum, PruneOptions, PruneProgress, PruneSummary } from "./options.js";
import type { PrunePlan } from "./plan.js";
import type { Survey } from "./survey.js";

export class PruneReport {
  copiedBytes = 0;
  leftovers: Leftovers = noLeftovers;
  parityBytes = 0;
  readonly #options: PruneOptions;
  readonly #freed: PackSum = { packs: 0, bytes: 0 };
  readonly #decided: OpenSession[] = [];
  readonly #ended: number[] = [];
  #waits: readonly OpenSession[] = [];
  #condemned: PruneSummary["condemned"] = { dead: sumOf([]), mixed: sumOf([]), orphans: sumOf([]) };
  #isUnlisted = false;
  #neededBytes: number | undefined;

  constructor(options: PruneOptions) {
    this.#options = options;
  }

  notePlan({ table, listed }: Survey, { dead, mixed, orphans }: PrunePlan): void {
    const sizeOf = (pack: number) => table.sizes[pack]!;
    this.#isUnlisted = listed === undefined;
    this.#condemned = {
      dead: sumOf(dead.map(sizeOf)),
      mixed: sumOf(mixed.map(sizeOf)),
      orphans: sumOf(orphans.map(({ size }) => size)),
    };
  }

  readonly noteDecided = (session: OpenSession): void => {
    this.#decided.push(session);
  };

  readonly noteEnded = (session: number): void => {
    this.#ended.push(session);
  };

  noteWaits(sessions: readonly OpenSession[]): void {
    this.#waits = sessions;
  }

  /** The disk was full: so many bytes that are used were not copied. */
  noteNeeded(bytes: number): void {
    this.#neededBytes = (this.#neededBytes ?? 0) + bytes;
  }

  noteFreed(bytes: number): void {
    this.#freed.packs++;
    this.#freed.bytes += bytes;
  }

  /** Shows progress and lets others run. @throws BcatError interrupted */
  stepper(phase: PruneProgress["phase"], signal: AbortSignal | undefined) {
    return async (done: number, total?: number): Promise<void> => {
      this.#options.onProgress?.({ phase, done, total });
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted === true) throw new BcatError("interrupted", "interrupted");
    };
  }

  /** @param plan as it was carried out, if this is no dry run */
  summary({ left, spared, postponed, usedBytes, unusedBytes, toCopyBytes }: PrunePlan): PruneSummary {
    const { dead, mixed, orphans } = this.#condemned;
    const known = sumOf([...left.values()].filter((bytes) => bytes > 0));
    const condemned = [dead, mixed, orphans, known];
    const packs = condemned.reduce((sum, part) => sum + part.packs, 0) - this.#freed.packs;
    const all = condemned.reduce((sum, part) => sum + part.bytes, 0);
    const bytes = all - this.#freed.bytes;
    return {
      usedBytes,
      unusedBytes,
      condemned: this.#condemned,
      left: known,
      freed: this.#freed,
      freedParity: this.parityBytes,
      later: { packs: Math.max(0, packs), bytes: Math.max(0, bytes) },
      postponed,
      waitsFor: this.#waits,
      decided: this.#decided,
      ended: this.#ended,
      spared: sumOf(spared.map(({ size }) => size)),
      toCopyBytes,
      copiedBytes: this.copiedBytes,
      gainBytes: all - toCopyBytes,
      leftovers: this.leftovers,
      isUnlisted: this.#isUnlisted,
      neededBytes: this.#neededBytes,
    };
  }
}

function sumOf(sizes: readonly number[]): PackSum {
  return { packs: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
