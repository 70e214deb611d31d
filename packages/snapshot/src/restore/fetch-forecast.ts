/** What a restore would ask of the storage for contents: planned in batches, as the restore does. */
import { DATA } from "@bcat/pack";
import type { BulkReader, Repository, WantedChunks } from "@bcat/repository";
import { compareBytes } from "../tree/name.js";
import { idSize } from "../tree/node.js";

/** Chunks of one batch, as in a restore. */
const CHUNKS_MAX = 16_384;

export interface Fetches {
  readonly requests: number;
  readonly packs: number;
  /** Of packs, as they are stored. */
  readonly bytes: number;
}

export class FetchForecast {
  readonly #reader: BulkReader;
  readonly #report: (path: Uint8Array, error: Error) => void;
  readonly #ids = new Uint8Array(CHUNKS_MAX * idSize);
  readonly #paths: Uint8Array[] = [];
  /** About 130 bytes for each pack of the repository, at most. */
  readonly #packs = new Set<string>();
  #requests = 0;
  #bytes = 0;

  /** @param report is told of the files of chunks that are nowhere */
  constructor(repository: Repository, report: (path: Uint8Array, error: Error) => void) {
    this.#reader = repository.bulkReader();
    this.#report = report;
  }

  /** Takes a chunk of the file at `path`. */
  add(path: Uint8Array, id: Uint8Array): void {
    const count = this.#paths.length;
    // Long runs of zeros are one chunk.
    if (count > 0 && compareBytes(id, this.#ids.subarray((count - 1) * idSize, count * idSize)) === 0) return;
    this.#ids.set(id, count * idSize);
    this.#paths.push(path);
    if (count + 1 === CHUNKS_MAX) this.#plan();
  }

  finish(): Fetches {
    this.#plan();
    return { requests: this.#requests, packs: this.#packs.size, bytes: this.#bytes };
  }

  #plan(): void {
    const wanted: WantedChunks = { kind: DATA, count: this.#paths.length, ids: this.#ids };
    let last: Uint8Array | undefined;
    const gets = this.#reader.forecast(wanted, (index, error) => {
      const path = this.#paths[index]!;
      // A file is at fault once.
      if (path !== last) this.#report(path, error);
      last = path;
    });
    for (const { name, length } of gets) {
      this.#requests++;
      this.#bytes += length;
      this.#packs.add(name);
    }
    this.#paths.length = 0;
  }
}
