/**
 * What is dumped, in order: one window is put together while the chunks of others are read and one is written. Within a
 * window chunks are read as they lie in packs; between them the order is that of the dump.
 *
 *     bytes, chunks ──► window ──full──► its chunks read ──► written, in turn ──► used again
 */
import type { BulkReader, Repository } from "@bcat/repository";
import type { ChunkReference } from "../tree/node.js";
import { type DumpItem, Window } from "./window.js";

/** Windows: one filled, one read, one written. */
const WINDOWS = 3;

export interface OrderedStreamParts<Item extends DumpItem> {
  readonly repository: Repository;
  /** Writes a window whose chunks are there, or have failed; the next comes when it is done. */
  readonly write: (window: Window<Item>) => Promise<void>;
}

interface Slot<Item extends DumpItem> {
  readonly window: Window<Item>;
  readonly reader: BulkReader;
}

export class OrderedStream<Item extends DumpItem = DumpItem> {
  readonly #parts: OrderedStreamParts<Item>;
  readonly #underWay: Promise<Slot<Item>>[] = [];
  #slot: Slot<Item>;
  #item: Item | undefined;
  #written: Promise<void> = Promise.resolve();

  /** The repository's index is open. */
  constructor(parts: OrderedStreamParts<Item>) {
    this.#parts = parts;
    this.#slot = this.#createSlot();
  }

  /** What is added from now on is of this entry. */
  begin(item: Item): void {
    this.#item = item;
    this.#slot.window.begin(item, true);
  }

  end(): void {
    this.#slot.window.end(true);
    this.#item = undefined;
  }

  /** A promise is returned only when there is something to wait for. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    const { window } = this.#slot;
    if (bytes.length > window.room) return this.#addAcross(bytes);
    window.add(bytes);
    return undefined;
  }

  addChunk(chunk: ChunkReference): Promise<void> | undefined {
    const { window } = this.#slot;
    if (chunk.length > window.room && window.length > 0) return this.#addChunkToNext(chunk);
    window.addChunk(chunk);
    return undefined;
  }

  /** Waits until all is written. */
  async finish(): Promise<void> {
    if (!this.#slot.window.isEmpty) await this.#next();
    await Promise.all(this.#underWay);
    await this.#written;
  }

  /** Waits until nothing is under way any more; errors no longer matter. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  async #addAcross(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      if (this.#slot.window.room === 0) await this.#next();
      const { window } = this.#slot;
      const end = Math.min(bytes.length, start + window.room);
      window.add(bytes.subarray(start, end));
      start = end;
    }
  }

  async #addChunkToNext(chunk: ChunkReference): Promise<void> {
    await this.#next();
    this.#slot.window.addChunk(chunk);
  }

  /** Has the window read and written, and takes another. An entry goes on in it. */
  async #next(): Promise<void> {
    const slot = this.#slot;
    if (this.#item !== undefined) slot.window.end(false);
    const before = this.#written;
    const read = this.#read(slot);
    this.#written = Promise.all([read, before]).then(() => this.#parts.write(slot.window));
    const done = this.#written.then(() => slot);
    // It is waited for when its turn comes, or never.
    done.catch(() => {});
    this.#written.catch(() => {});
    this.#underWay.push(done);
    this.#slot = await this.#takeSlot();
    this.#slot.window.clear();
    if (this.#item !== undefined) this.#slot.window.begin(this.#item, false);
  }

  async #takeSlot(): Promise<Slot<Item>> {
    if (this.#underWay.length < WINDOWS) return this.#createSlot();
    return await this.#underWay.shift()!;
  }

  async #read({ window, reader }: Slot<Item>): Promise<void> {
    if (window.wanted.count === 0) return;
    await reader.read(window.wanted, {
      onChunk: (index, bytes) => window.put(index, bytes),
      onFailure: (index, error) => window.fail(index, error),
    });
  }

  #createSlot(): Slot<Item> {
    return { window: new Window<Item>(), reader: this.#parts.repository.bulkReader() };
  }
}
