/**
 * Chunks go in, packs come out. Frames are sealed straight into the arena that will be uploaded, opened again from
 * there, and the ids of their chunks recomputed, before anything leaves: bad memory and encoder bugs are the commonest
 * causes of damaged repositories (restic #4529).
 */

import { freshBytes, type KeyedHash } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import type { BlobKind } from "./blob-kind.js";
import { ChunkColumns } from "./chunk-columns.js";
import type { PackContext } from "./context.js";
import { CHUNKS_MAX, type Directory, STREAM_MAX, sealTail } from "./directory.js";
import { FrameOpener, FrameSealer, packKey } from "./frame.js";
import { type ObjectReference, packName } from "./pack-name.js";
import { FRAME_OVERHEAD, FRAMES_MAX, type FrameEntry, KEY_KIND_SYMMETRIC, type KeyEntry } from "./tables.js";

/** Stored bytes at which a pack closes, by default. */
export const PACK_TARGET_SIZE = 64 * 2 ** 20;
/** Plaintext of a frame, bytes: the target of shared frames, the maximum of the pieces of a large chunk. */
const FRAME_TARGET_SIZE = 512 * 1024;
/** Chunks of this size and more own their frames. */
const OWN_FRAME_SIZE_MIN = 128 * 1024;
/** Most bytes of frames in a pack, so that the object with its directory stays below the format's 96 MiB. */
const STORED_MAX = 88 * 2 ** 20;
/** Most bytes behind the frames: 65,535 frames, 131,072 chunks, padding and trailer. */
const TAIL_MAX = 6 * 2 ** 20;

/** A pack that is ready to be stored. `bytes` lies in an arena: valid until its owner gives the arena out again. */
export interface FinishedPack extends Directory {
  readonly reference: ObjectReference;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PackWriterOptions {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  /** Session that owns the packs. */
  readonly session: number;
  /** Hash that makes the ids of this kind. */
  readonly idHash: KeyedHash;
  /** zstd level, 0 for none. */
  readonly level: number;
  /** Stored bytes at which a pack closes. */
  readonly targetSize: number;
  /** Longest chunk that will come, bytes. */
  readonly chunkSizeMax: number;
  /** Gives memory of {@link arenaSize} bytes for the next pack. */
  readonly takeArena: () => Uint8Array;
  /** Is handed each finished pack, within the call of `add` or `finish` that finished it. */
  readonly onPack: (pack: FinishedPack) => void;
}

/** Bytes an arena needs. Pages that are never touched cost no memory. */
export function arenaSize(options: { targetSize: number; chunkSizeMax: number }): number {
  return Math.min(options.targetSize + options.chunkSizeMax + 2 * FRAME_TARGET_SIZE, STORED_MAX) + TAIL_MAX;
}

/** The pack that is being filled. */
interface OpenPack {
  readonly arena: Uint8Array;
  readonly key: KeyEntry;
  readonly packKey: Uint8Array;
  readonly frames: FrameEntry[];
  readonly chunks: ChunkColumns;
  stored: number;
  plain: number;
}

/** Writes the packs of one kind in one session. Not re-entrant; all calls are synchronous. */
export class PackWriter {
  readonly #context: PackContext;
  readonly #options: PackWriterOptions;
  readonly #sealer: FrameSealer;
  readonly #opener: FrameOpener;
  readonly #verifyBuffer: Uint8Array;
  readonly #shared = new Uint8Array(FRAME_TARGET_SIZE);
  readonly #sharedChunks = new ChunkColumns();
  #sharedLength = 0;
  #pack: OpenPack | undefined;

  constructor(context: PackContext, options: PackWriterOptions) {
    this.#context = context;
    this.#options = options;
    this.#sealer = new FrameSealer(context, options.level);
    this.#opener = new FrameOpener(context);
    this.#verifyBuffer = new Uint8Array(Math.max(options.chunkSizeMax, FRAME_TARGET_SIZE));
  }

  /** Bytes in the pack that is being filled. */
  get openSize(): number {
    return this.#pack === undefined ? 0 : this.#pack.stored + this.#sharedLength;
  }

  /** Adds a chunk (its 32-byte id and its bytes, copied or sealed before the call returns). */
  add(id: Uint8Array, bytes: Uint8Array): void {
    if (bytes.length === 0 || bytes.length > this.#options.chunkSizeMax) {
      throw new RangeError(`a chunk has ${bytes.length} bytes, allowed are 1 to ${this.#options.chunkSizeMax}`);
    }
    if (this.#pack !== undefined && !this.#fits(this.#pack, bytes.length)) this.finish();
    this.#pack ??= this.#open();
    if (bytes.length >= OWN_FRAME_SIZE_MIN) this.#addOwnFrames(this.#pack, id, bytes);
    else this.#addShared(this.#pack, id, bytes);
    if (this.#pack.stored + this.#sharedLength >= this.#options.targetSize) this.finish();
  }

  /** Closes the open pack, if there is one. */
  finish(): void {
    const pack = this.#pack;
    if (pack === undefined) return;
    this.#flushShared(pack);
    this.#pack = undefined;
    this.#options.onPack(this.#seal(pack));
  }

  #open(): OpenPack {
    const { epoch, domain, kind, takeArena } = this.#options;
    const encapsulation = this.#context.random(32);
    const key: KeyEntry = { kind: KEY_KIND_SYMMETRIC, epoch, domain, encapsulation };
    const chunks = new ChunkColumns();
    return {
      arena: takeArena(),
      key,
      packKey: packKey(this.#context, key, kind),
      frames: [],
      chunks,
      stored: 0,
      plain: 0,
    };
  }

  #fits(pack: OpenPack, length: number): boolean {
    const frames = pack.frames.length + 2 + Math.ceil(length / FRAME_TARGET_SIZE);
    const stored = pack.stored + this.#sharedLength + length + frames * FRAME_OVERHEAD;
    const plain = pack.plain + this.#sharedLength + length;
    const chunks = pack.chunks.count + this.#sharedChunks.count + 1;
    return frames <= FRAMES_MAX && stored <= STORED_MAX && plain <= STREAM_MAX && chunks <= CHUNKS_MAX;
  }

  #addOwnFrames(pack: OpenPack, id: Uint8Array, bytes: Uint8Array): void {
    const pieces = Math.ceil(bytes.length / FRAME_TARGET_SIZE);
    const pieceSize = Math.ceil(bytes.length / pieces);
    const start = pack.plain;
    for (let offset = 0; offset < bytes.length; offset += pieceSize) {
      const piece = bytes.subarray(offset, offset + pieceSize);
      const frame = this.#appendFrame(pack, piece);
      this.#reopen(pack, frame, this.#verifyBuffer.subarray(offset));
    }
    this.#compareId(id, this.#verifyBuffer.subarray(0, bytes.length));
    pack.chunks.push(id, start, bytes.length);
  }

  #addShared(pack: OpenPack, id: Uint8Array, bytes: Uint8Array): void {
    if (this.#sharedLength + bytes.length > FRAME_TARGET_SIZE) this.#flushShared(pack);
    this.#shared.set(bytes, this.#sharedLength);
    this.#sharedChunks.push(id, this.#sharedLength, bytes.length);
    this.#sharedLength += bytes.length;
  }

  #flushShared(pack: OpenPack): void {
    if (this.#sharedLength === 0) return;
    const start = pack.plain;
    const frame = this.#appendFrame(pack, this.#shared.subarray(0, this.#sharedLength));
    this.#reopen(pack, frame, this.#verifyBuffer);
    const chunks = this.#sharedChunks;
    for (let i = 0; i < chunks.count; i++) {
      const offset = chunks.offset(i);
      this.#compareId(chunks.id(i), this.#verifyBuffer.subarray(offset, offset + chunks.length(i)));
      pack.chunks.push(chunks.id(i), start + offset, chunks.length(i));
    }
    chunks.clear();
    this.#sharedLength = 0;
  }

  #appendFrame(pack: OpenPack, plain: Uint8Array): FrameEntry {
    const sealed = this.#sealer.seal(pack.packKey, plain, pack.arena.subarray(pack.stored));
    const places = { key: 0, storedOffset: pack.stored, plainOffset: pack.plain, plainLength: plain.length };
    const frame: FrameEntry = { ...sealed, ...places };
    pack.frames.push(frame);
    pack.stored += frame.storedLength;
    pack.plain += frame.plainLength;
    return frame;
  }

  #reopen(pack: OpenPack, frame: FrameEntry, target: Uint8Array): void {
    const sealed = pack.arena.subarray(frame.storedOffset, frame.storedOffset + frame.storedLength);
    this.#opener.open(pack.packKey, frame, sealed, target, "the pack being written");
  }

  #compareId(id: Uint8Array, plain: Uint8Array): void {
    if (Buffer.compare(this.#options.idHash.hash(plain), id) === 0) return;
    throw new CorruptError(
      "Cannot write a pack: a chunk read back from it has another id than it had; suspect the memory of this machine",
    );
  }

  #seal(pack: OpenPack): FinishedPack {
    const { session, kind, epoch, domain } = this.#options;
    const { blake3, random } = this.#context;
    const frames = pack.arena.subarray(0, pack.stored);
    const content = Buffer.concat([pack.frames[0]!.salt, pack.key.encapsulation]);
    const unique = freshBytes(blake3, random, content).slice(0, 16);
    const reference = { session, unique };
    const name = packName(reference);
    const directory: Directory = {
      kind,
      epoch,
      domain,
      keys: [pack.key],
      frames: pack.frames,
      chunks: pack.chunks.table(),
    };
    const salt = freshBytes(blake3, random, unique);
    const tail = sealTail(this.#context, { name, directory, salt }, frames);
    pack.arena.set(tail, pack.stored);
    return { ...directory, reference, name, bytes: pack.arena.subarray(0, pack.stored + tail.length) };
  }
}
