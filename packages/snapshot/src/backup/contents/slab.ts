/**
 * What a thread that reads files has to say, in memory that it shares with the main thread: a slab is filled with records,
 * handed over, taken in, and given back. Records are at multiples of 8 bytes:
 *
 *     u32 type | u32 bytes of the record in all | its parts, to a multiple of 8
 *
 *     1 group    frames, as encodeFrameGroup() writes them
 *     2 chunks   u32 count | u32 zero | count * (id 32 | u32 length)
 *     3 restart
 *     4 file     u32 index | u32 flags | f64 size | 18 * f64 of its stat | u32 bytes | u32 inode flags | the content, if short
 *     5 fault    u32 index | u32 flags | u32 bytes of the code | u32 bytes of the message | both in UTF-8
 *     6 end      of a job
 *
 * Chunks are those of the next file or fault, in order; a restart takes back what there is of them. This never leaves the
 * process, so numbers are in the machine's order.
 */

import { encodeFrameGroup, type FrameGroup, frameGroupSize } from "@bcat/pack";
import { Stat } from "@bcat/posix";

const HEAD = 8;
const CHUNK_SIZE = 36;
export const RecordType = { group: 1, chunks: 2, restart: 3, file: 4, fault: 5, end: 6 } as const;

/** Bits of the flags of a file. */
const HAS_CHANGED = 1;
const IS_UNSETTLED = 2;
const HAS_ATTRIBUTES = 8;
const HAS_HOLES = 16;
/** Its content follows; otherwise it is the chunks before. */
const IS_INLINE = 4;
/** Bit 0 of the flags of a fault: it is to be read by the main thread, which says nothing about the file. */
const IS_POSTPONED = 1;

const STAT_COUNT = 18;
const FILE_FIXED = 4 + 4 + 8 + STAT_COUNT * 8 + 8;
/** Bytes of a message that are kept. */
const MESSAGE_MAX = 1024;

/** What came of a file, by its index in its job. */
export interface FileRecord {
  readonly index: number;
  readonly size: number;
  readonly hasChanged: boolean;
  readonly isUnsettled: boolean;
  readonly hasAttributes: boolean;
  readonly hasHoles: boolean;
  readonly inodeFlags: number;
  readonly stat: Stat;
  /** A view, valid as long as the slab is not given back. */
  readonly inline: Uint8Array | undefined;
}

export interface FaultRecord {
  readonly index: number;
  /** There is no fault but that this thread cannot read it: no descriptor is left, or it has become too large. */
  readonly isPostponed: boolean;
  /** Of the system's error; where there was none, what befell the file, as its message says to programs. */
  readonly code: string;
  readonly message: string;
}

/** Fills one slab after the other. `next` hands over the bytes filled and returns the memory of the next slab. */
export class SlabWriter {
  readonly #next: (length: number) => Uint8Array;
  #slab: Uint8Array;
  #view: DataView;
  #length = 0;
  /** Where the record of chunks that is still growing begins; -1 when there is none. */
  #chunksAt = -1;

  constructor(first: Uint8Array, next: (length: number) => Uint8Array) {
    this.#next = next;
    this.#slab = first;
    this.#view = viewOf(first);
  }

  group(group: FrameGroup): void {
    const at = this.#begin(RecordType.group, HEAD + frameGroupSize(group));
    encodeFrameGroup(group, this.#slab.subarray(at + HEAD));
  }

  chunk(id: Uint8Array, length: number): void {
    if (this.#chunksAt < 0 || this.#length + CHUNK_SIZE + 8 > this.#slab.length) {
      this.#chunksAt = this.#begin(RecordType.chunks, HEAD + 8 + CHUNK_SIZE);
      this.#view.setUint32(this.#chunksAt + 8, 0, true);
      this.#length = this.#chunksAt + HEAD + 8;
    }
    this.#slab.set(id, this.#length);
    this.#view.setUint32(this.#length + 32, length, true);
    this.#length += CHUNK_SIZE;
    this.#view.setUint32(this.#chunksAt + 8, this.#view.getUint32(this.#chunksAt + 8, true) + 1, true);
  }

  restart(): void {
    this.#begin(RecordType.restart, HEAD);
  }

  file(file: Omit<FileRecord, "stat">, stat: Stat): void {
    const inlineLength = file.inline?.length ?? 0;
    const at = this.#begin(RecordType.file, HEAD + FILE_FIXED + inlineLength) + HEAD;
    const flags =
      (file.hasChanged ? HAS_CHANGED : 0) |
      (file.isUnsettled ? IS_UNSETTLED : 0) |
      (file.hasAttributes ? HAS_ATTRIBUTES : 0) |
      (file.hasHoles ? HAS_HOLES : 0) |
      (file.inline === undefined ? 0 : IS_INLINE);
    this.#view.setUint32(at, file.index, true);
    this.#view.setUint32(at + 4, flags, true);
    this.#view.setFloat64(at + 8, file.size, true);
    writeStat(stat, new Float64Array(this.#slab.buffer, this.#slab.byteOffset + at + 16, STAT_COUNT));
    this.#view.setUint32(at + FILE_FIXED - 8, inlineLength, true);
    this.#view.setUint32(at + FILE_FIXED - 4, file.inodeFlags, true);
    if (file.inline !== undefined) this.#slab.set(file.inline, at + FILE_FIXED);
  }

  fault({ index, isPostponed, code, message }: FaultRecord): void {
    const codeBytes = Buffer.from(code);
    const messageBytes = Buffer.from(message).subarray(0, MESSAGE_MAX);
    const at = this.#begin(RecordType.fault, HEAD + 16 + codeBytes.length + messageBytes.length) + HEAD;
    [index, isPostponed ? IS_POSTPONED : 0, codeBytes.length, messageBytes.length].forEach((value, i) => {
      this.#view.setUint32(at + 4 * i, value, true);
    });
    this.#slab.set(codeBytes, at + 16);
    this.#slab.set(messageBytes, at + 16 + codeBytes.length);
  }

  /** Ends a job, and hands over what there is. */
  end(): void {
    this.#begin(RecordType.end, HEAD);
    this.#handOver();
  }

  /** Begins a record of `size` bytes, in the next slab if need be, and returns where. */
  #begin(type: number, size: number): number {
    this.#endChunks();
    if (this.#length + align(size) > this.#slab.length) this.#handOver();
    if (align(size) > this.#slab.length) throw new RangeError(`Cannot hand over ${size} bytes at once`);
    const at = this.#length;
    this.#view.setUint32(at, type, true);
    this.#view.setUint32(at + 4, align(size), true);
    this.#length = at + align(size);
    return at;
  }

  #endChunks(): void {
    if (this.#chunksAt < 0) return;
    this.#length = align(this.#length);
    this.#view.setUint32(this.#chunksAt + 4, this.#length - this.#chunksAt, true);
    this.#chunksAt = -1;
  }

  #handOver(): void {
    this.#endChunks();
    this.#slab = this.#next(this.#length);
    this.#view = viewOf(this.#slab);
    this.#length = 0;
  }
}

/** Is told what a slab says, record by record. Bytes are views, valid during the call. */
export interface SlabVisitor {
  group(bytes: Uint8Array): void;
  chunk(id: Uint8Array, length: number): void;
  restart(): void;
  file(file: FileRecord): void;
  fault(fault: FaultRecord): void;
  end(): void;
}

/** Reads the first `length` bytes of a slab. */
export function readSlab(slab: Uint8Array, length: number, visitor: SlabVisitor): void {
  const view = viewOf(slab);
  for (let at = 0; at < length; at += view.getUint32(at + 4, true)) {
    const body = at + HEAD;
    const end = at + view.getUint32(at + 4, true);
    switch (view.getUint32(at, true)) {
      case RecordType.group:
        visitor.group(slab.subarray(body, end));
        break;
      case RecordType.chunks:
        readChunks(slab, view, body, visitor);
        break;
      case RecordType.restart:
        visitor.restart();
        break;
      case RecordType.file:
        visitor.file(readFile(slab, view, body));
        break;
      case RecordType.fault:
        visitor.fault(readFault(slab, view, body));
        break;
      default:
        visitor.end();
    }
  }
}

function readChunks(slab: Uint8Array, view: DataView, at: number, visitor: SlabVisitor): void {
  const count = view.getUint32(at, true);
  for (let i = 0, place = at + 8; i < count; i++, place += CHUNK_SIZE) {
    visitor.chunk(slab.subarray(place, place + 32), view.getUint32(place + 32, true));
  }
}

/** One for all: a record is done with before the next is read. */
const stat = new Stat();

function readFile(slab: Uint8Array, view: DataView, at: number): FileRecord {
  const flags = view.getUint32(at + 4, true);
  readStat(new Float64Array(slab.buffer, slab.byteOffset + at + 16, STAT_COUNT), stat);
  const start = at + FILE_FIXED;
  const isInline = (flags & IS_INLINE) !== 0;
  return {
    index: view.getUint32(at, true),
    size: view.getFloat64(at + 8, true),
    hasChanged: (flags & HAS_CHANGED) !== 0,
    isUnsettled: (flags & IS_UNSETTLED) !== 0,
    hasAttributes: (flags & HAS_ATTRIBUTES) !== 0,
    hasHoles: (flags & HAS_HOLES) !== 0,
    inodeFlags: view.getUint32(start - 4, true),
    stat,
    inline: isInline ? slab.subarray(start, start + view.getUint32(start - 8, true)) : undefined,
  };
}

/** Field by field, for this runs once a file. */
function writeStat(from: Stat, to: Float64Array): void {
  to[0] = from.type;
  to[1] = from.mode;
  to[2] = from.uid;
  to[3] = from.gid;
  to[4] = from.size;
  to[5] = from.links;
  to[6] = from.mtimeSeconds;
  to[7] = from.mtimeNanoseconds;
  to[8] = from.ctimeSeconds;
  to[9] = from.ctimeNanoseconds;
  to[10] = from.birthSeconds;
  to[11] = from.birthNanoseconds;
  to[12] = from.inodeLow;
  to[13] = from.inodeHigh;
  to[14] = from.deviceMajor;
  to[15] = from.deviceMinor;
  to[16] = from.specialMajor;
  to[17] = from.specialMinor;
}

function readStat(from: Float64Array, to: Stat): void {
  to.type = from[0] as Stat["type"];
  to.mode = from[1]!;
  to.uid = from[2]!;
  to.gid = from[3]!;
  to.size = from[4]!;
  to.links = from[5]!;
  to.mtimeSeconds = from[6]!;
  to.mtimeNanoseconds = from[7]!;
  to.ctimeSeconds = from[8]!;
  to.ctimeNanoseconds = from[9]!;
  to.birthSeconds = from[10]!;
  to.birthNanoseconds = from[11]!;
  to.inodeLow = from[12]!;
  to.inodeHigh = from[13]!;
  to.deviceMajor = from[14]!;
  to.deviceMinor = from[15]!;
  to.specialMajor = from[16]!;
  to.specialMinor = from[17]!;
}

function readFault(slab: Uint8Array, view: DataView, at: number): FaultRecord {
  const codeEnd = at + 16 + view.getUint32(at + 8, true);
  const text = (from: number, to: number) => Buffer.from(slab.slice(from, to)).toString();
  return {
    index: view.getUint32(at, true),
    isPostponed: (view.getUint32(at + 4, true) & IS_POSTPONED) !== 0,
    code: text(at + 16, codeEnd),
    message: text(codeEnd, codeEnd + view.getUint32(at + 12, true)),
  };
}

function align(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
