/**
 * Finds the scan record of any directory of a root. The stream has them in post-order, the walk asks in pre-order: the
 * stream is read once to its end, and where each record lies is kept in columns, about 24 bytes a directory.
 *
 * Paths are known by 64 bits of a hash: FNV-1a, twice, which costs less than a call out of JavaScript. Who makes two paths
 * collide gains nothing, since what a record says of files holds for their inodes only. Damage ends the stream: what
 * follows is then walked as if it were new, which costs time and nothing else.
 */
import { isBcatError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Repository, Root } from "@bcat/repository";
import { decodeContent } from "../tree/content.js";
import type { ChunkReference } from "../tree/node.js";
import { decodeScanRecord, type FoundRecord, ScanDecoder, type ScanRecord } from "../tree/scan.js";
import { readChunkReferences } from "../tree/tree-reader.js";

/** Directories of a root that are kept in the index; what lies behind them is walked as if it were new. 100 MB. */
const DIRECTORIES_MAX = 2 ** 22;
/** Column bytes of records that stay in memory, so that those of a small root are decoded once. */
const KEPT_SIZE_MAX = 8 * 2 ** 20;
/** Of a root that is a file, one is used. */
const CAPACITY = 4;
const WHAT = "a scan stream";

/** Multipliers: the prime of FNV-1a, and another for the other half. */
const LOW = 0x01000193;
const HIGH = 0x9e3779b1;

/** FNV-1a with this multiplier, its bits mixed once more: a table takes the low ones. */
function hashPath(path: Uint8Array, multiplier: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path[i]!, multiplier);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

export class ScanIndex {
  readonly #repository: Repository;
  readonly #chunks: ChunkReference[] = [];
  /** Behind each chunk, where it ends in the stream. */
  readonly #chunkEnds: number[] = [];
  #inline: Uint8Array = new Uint8Array(0);
  #count = 0;
  /** The hash of each path, low half first. */
  #keys = new Uint32Array(2 * CAPACITY);
  #starts = new Float64Array(CAPACITY);
  #lengths = new Uint32Array(CAPACITY);
  /** Ordinals + 1 of records, by hash; 0 is free. */
  #slots = new Uint32Array(2 * CAPACITY);
  readonly #kept: FoundRecord[] = [];
  #keptSize = 0;

  private constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** Reads the whole stream of a root. @throws StorageError */
  static async read(repository: Repository, root: Root): Promise<ScanIndex> {
    const index = new ScanIndex(repository);
    if (root.scan.length === 0) return index;
    try {
      await index.#read(root);
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
    }
    return index;
  }

  /** The record of the directory at `path`, relative to the root. @throws StorageError */
  async find(path: Uint8Array): Promise<FoundRecord | undefined> {
    const ordinal = this.#slots[this.#slotOf(hashPath(path, LOW), hashPath(path, HIGH))]! - 1;
    if (ordinal < 0) return undefined;
    if (ordinal < this.#kept.length) return this.#kept[ordinal];
    try {
      return withoutPath(
        decodeScanRecord(await this.#bytes(this.#starts[ordinal]!, this.#lengths[ordinal]!), path, WHAT),
      );
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      return undefined;
    }
  }

  async #read(root: Root): Promise<void> {
    const content = decodeContent(root.scan, WHAT);
    const decoder = new ScanDecoder(WHAT);
    if (content.kind === "inline") {
      this.#addInline(decoder, content.bytes);
      return;
    }
    const kept = this.#repository.keptScans.read(root.path, root.scan);
    if (kept !== undefined) {
      this.#addInline(decoder, kept);
      return;
    }
    let end = 0;
    for await (const chunks of readChunkReferences(this.#repository, content)) {
      for (const chunk of chunks) {
        this.#chunks.push(chunk);
        end += chunk.length;
        this.#chunkEnds.push(end);
        this.#addAll(decoder, await this.#repository.readChunk(TREE, chunk.id));
        if (this.#count === DIRECTORIES_MAX) return;
      }
    }
  }

  /** A stream that is here already. */
  #addInline(decoder: ScanDecoder, stream: Uint8Array): void {
    this.#inline = stream;
    this.#addAll(decoder, stream);
  }

  #addAll(decoder: ScanDecoder, piece: Uint8Array): void {
    for (const record of decoder.feed(piece)) {
      if (this.#count < DIRECTORIES_MAX) this.#add(record, decoder.recordStart, decoder.recordLength);
    }
  }

  #add(record: ScanRecord, start: number, length: number): void {
    const ordinal = this.#count++;
    if (ordinal === this.#starts.length) this.#grow();
    const low = hashPath(record.path, LOW);
    const high = hashPath(record.path, HIGH);
    this.#keys[2 * ordinal] = low;
    this.#keys[2 * ordinal + 1] = high;
    this.#starts[ordinal] = start;
    this.#lengths[ordinal] = length;
    this.#slots[this.#slotOf(low, high)] = ordinal + 1;
    if (this.#kept.length !== ordinal || this.#keptSize > KEPT_SIZE_MAX) return;
    this.#kept.push(withoutPath(record));
    this.#keptSize += length;
  }

  /** The slot that has the path of this hash, or the free one where it belongs. */
  #slotOf(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const ordinal = this.#slots[slot]! - 1;
      if (ordinal < 0) return slot;
      if (this.#keys[2 * ordinal] === low && this.#keys[2 * ordinal + 1] === high) return slot;
    }
  }

  #grow(): void {
    const capacity = 2 * this.#starts.length;
    const [keys, starts, lengths] = [this.#keys, this.#starts, this.#lengths];
    this.#keys = new Uint32Array(2 * capacity);
    this.#keys.set(keys);
    this.#starts = new Float64Array(capacity);
    this.#starts.set(starts);
    this.#lengths = new Uint32Array(capacity);
    this.#lengths.set(lengths);
    this.#slots = new Uint32Array(2 * capacity);
    for (let ordinal = 0; ordinal < starts.length; ordinal++) {
      this.#slots[this.#slotOf(keys[2 * ordinal]!, keys[2 * ordinal + 1]!)] = ordinal + 1;
    }
  }

  /** `length` bytes of the stream from `start` on. */
  async #bytes(start: number, length: number): Promise<Uint8Array> {
    if (this.#chunks.length === 0) return this.#inline.subarray(start, start + length);
    const bytes = new Uint8Array(length);
    for (let at = start, i = this.#chunkAt(start); at < start + length; i++) {
      const chunk = await this.#repository.readChunk(TREE, this.#chunks[i]!.id);
      const from = at - (this.#chunkEnds[i]! - chunk.length);
      const piece = chunk.subarray(from, from + start + length - at);
      bytes.set(piece, at - start);
      at += piece.length;
    }
    return bytes;
  }

  /** Index of the chunk that byte `position` of the stream lies in. */
  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#chunkEnds.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#chunkEnds[middle]! <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function withoutPath({ digest, tree, entryCount, columns }: ScanRecord): FoundRecord {
  return { digest, tree, entryCount, columns };
}
