/** What one check reads of the packs, and what it remembers of that. */
import { type ChunkIndex, DATA, TREE } from "@bcat/pack";
import type { RepositoryParts } from "../repository.js";
import type { CheckRun } from "./check-run.js";
import { choosePacks, type SizedPack } from "./data-subset.js";
import { ReadMemory } from "./read-memory.js";

export class DataPlan {
  readonly #run: CheckRun;
  readonly #memory: ReadMemory;

  constructor({ context, environment, store, index }: RepositoryParts, run: CheckRun) {
    const { readData } = run;
    this.#run = run;
    this.#memory = new ReadMemory({ context, folder: store.folder, now: environment.now });
    if (readData === true) return;
    run.chosen ??= readData === false ? new Set() : choosePacks(readData, packsToRead(index.chunks), this.#memory);
  }

  /** Whether the data of a pack are to be read, now. */
  reads(name: string): boolean {
    return this.#isChosen(name) && !this.#run.right.has(name);
  }

  #isChosen(name: string): boolean {
    return this.#run.chosen?.has(name) ?? true;
  }

  /** Notes that a pack was read and is right. */
  noteRight(name: string, size: number): void {
    this.#run.right.add(name);
    this.#memory.note(name, size);
  }

  /** Remembers what was read, of the packs that there are, once these are known; and counts what was, and what was not. */
  finish(names: ReadonlySet<string> | undefined): void {
    this.#memory.save(names);
    for (const name of names ?? []) {
      if (this.#run.right.has(name)) this.#run.packsRead++;
      else if (!this.#isChosen(name)) this.#countUnread(this.#memory.lastRead(name));
    }
  }

  #countUnread(time: number | undefined): void {
    const { oldestRead } = this.#run;
    if (time === undefined) this.#run.neverRead++;
    else if (oldestRead === undefined || time < oldestRead) this.#run.oldestRead = time;
  }
}

/** All that the index names, but what is condemned: nobody is to rely on that. */
function packsToRead(index: ChunkIndex): SizedPack[] {
  const packs = new Map<string, SizedPack>();
  for (const kind of [DATA, TREE] as const) {
    for (const segment of index.segments(kind)) {
      for (let ordinal = 0; ordinal < segment.counts.packCount; ordinal++) {
        const { name, size } = segment.packRecord(ordinal);
        if (!index.isCondemned(name)) packs.set(name, { name, size });
      }
    }
  }
  return [...packs.values()];
}
