/**
 * Records by key in the order of the keys, however many there are: what does not fit in memory is sorted in parts, put into
 * a file, and merged when it is read. Of records with one key the order is that in which they came.
 *
 *     in the file: u32 length of the key ‖ u32 length of the value ‖ key ‖ value
 */

/** A file for as long as the records are needed. */
export interface Scratch {
  append(bytes: Uint8Array): Promise<void>;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface KeyedRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Bytes of records in memory, each counting what it costs there beside its own. */
export const memorySizeMax = 64 * 2 ** 20;
const RECORD_COST = 400;
const HEAD_SIZE = 8;
/** Bytes of a part that are read together. */
const READ_SIZE = 64 * 1024;
const WRITE_SIZE = 2 ** 20;

interface Part {
  readonly start: number;
  readonly end: number;
}

export class SortedRecords {
  readonly #scratch: Scratch;
  readonly #sizeMax: number;
  #records: KeyedRecord[] = [];
  #size = 0;
  readonly #parts: Part[] = [];
  #fileSize = 0;

  constructor(scratch: Scratch, sizeMax = memorySizeMax) {
    this.#scratch = scratch;
    this.#sizeMax = sizeMax;
  }

  /** Keeps both as they are. */
  async add(record: KeyedRecord): Promise<void> {
    this.#records.push(record);
    this.#size += record.key.length + record.value.length + RECORD_COST;
    if (this.#size >= this.#sizeMax) await this.#spill();
  }

  /** All in order; as often as it is called. Nothing is added after that. */
  async *read(): AsyncGenerator<KeyedRecord> {
    this.#records.sort(byKey);
    const cursors = [
      ...this.#parts.map((part) => new PartCursor(this.#scratch, part)),
      new MemoryCursor(this.#records),
    ];
    const heap = new CursorHeap();
    for (const [order, cursor] of cursors.entries()) {
      const first = await cursor.next();
      if (first !== undefined) heap.push({ record: first, order, cursor });
    }
    for (let least = heap.least; least !== undefined; least = heap.least) {
      yield least.record;
      const next = await least.cursor.next();
      if (next === undefined) heap.pop();
      else heap.replace({ ...least, record: next });
    }
  }

  async #spill(): Promise<void> {
    const records = this.#records.sort(byKey);
    this.#records = [];
    this.#size = 0;
    const start = this.#fileSize;
    let waiting: Uint8Array[] = [];
    let size = 0;
    for (const { key, value } of records) {
      const head = Buffer.alloc(HEAD_SIZE);
      head.writeUInt32LE(key.length, 0);
      head.writeUInt32LE(value.length, 4);
      waiting.push(head, key, value);
      size += HEAD_SIZE + key.length + value.length;
      if (size < WRITE_SIZE) continue;
      await this.#write(waiting, size);
      waiting = [];
      size = 0;
    }
    await this.#write(waiting, size);
    this.#parts.push({ start, end: this.#fileSize });
  }

  async #write(pieces: readonly Uint8Array[], size: number): Promise<void> {
    if (size > 0) await this.#scratch.append(Buffer.concat(pieces, size));
    this.#fileSize += size;
  }
}

/** Sorting is stable. */
function byKey(a: KeyedRecord, b: KeyedRecord): number {
  return Buffer.compare(a.key, b.key);
}

interface Cursor {
  next(): Promise<KeyedRecord | undefined>;
}

class MemoryCursor implements Cursor {
  readonly #records: readonly KeyedRecord[];
  #at = 0;

  constructor(records: readonly KeyedRecord[]) {
    this.#records = records;
  }

  async next(): Promise<KeyedRecord | undefined> {
    return this.#records[this.#at++];
  }
}

class PartCursor implements Cursor {
  readonly #scratch: Scratch;
  readonly #end: number;
  /** Of what is read next from the file. */
  #offset: number;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(scratch: Scratch, { start, end }: Part) {
    this.#scratch = scratch;
    this.#offset = start;
    this.#end = end;
  }

  async next(): Promise<KeyedRecord | undefined> {
    if (this.#bytes.length === 0 && this.#offset === this.#end) return undefined;
    await this.#require(HEAD_SIZE);
    const head = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, HEAD_SIZE);
    const keyEnd = HEAD_SIZE + head.readUInt32LE(0);
    const end = keyEnd + head.readUInt32LE(4);
    await this.#require(end);
    const record = { key: this.#bytes.subarray(HEAD_SIZE, keyEnd), value: this.#bytes.subarray(keyEnd, end) };
    this.#bytes = this.#bytes.subarray(end);
    return record;
  }

  async #require(length: number): Promise<void> {
    if (this.#bytes.length >= length) return;
    const wanted = Math.min(Math.max(READ_SIZE, length) - this.#bytes.length, this.#end - this.#offset);
    const more = await this.#scratch.read(this.#offset, wanted);
    this.#offset += wanted;
    this.#bytes = Buffer.concat([this.#bytes, more]);
  }
}

interface HeapItem {
  readonly record: KeyedRecord;
  /** Of the part: of equal keys, those of earlier parts come first. */
  readonly order: number;
  readonly cursor: Cursor;
}

/** The item with the least key is on top. */
class CursorHeap {
  readonly #items: HeapItem[] = [];

  get least(): HeapItem | undefined {
    return this.#items[0];
  }

  push(item: HeapItem): void {
    let at = this.#items.length;
    this.#items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (isBefore(this.#items[above]!, item)) break;
      this.#items[at] = this.#items[above]!;
      at = above;
    }
    this.#items[at] = item;
  }

  pop(): void {
    const last = this.#items.pop()!;
    if (this.#items.length > 0) this.replace(last);
  }

  /** Puts `item` in place of the least. */
  replace(item: HeapItem): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && isBefore(items[below + 1]!, items[below]!)) below++;
      if (isBefore(item, items[below]!)) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = item;
  }
}

function isBefore(a: HeapItem, b: HeapItem): boolean {
  const order = byKey(a.record, b.record);
  return order === 0 ? a.order < b.order : order < 0;
}
