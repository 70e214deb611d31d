/**
 * Chunks go in, sealed frames come out, in any thread. Each frame is opened again from its sealed bytes, by a key derived
 * anew, and the ids of its chunks recomputed, before anything leaves: bad memory and encoder bugs are the commonest
 * causes of damaged repositories (restic #4529).
 */

import type { IncrementalHash, KeyedHash } from "@bcat/crypto";
import { CorruptError } from "@bcat/errors";
import type { BlobKind } from "./blob-kind.js";
import { ChunkColumns } from "./chunk-columns.js";
import type { PackContext } from "./context.js";
import { type ChunkTable, ID_PREFIX_SIZE } from "./directory.js";
import { FrameOpener, FrameSealer, packKey } from "./frame.js";
import { FrameCompressor, Refusals } from "./frame-compressor.js";
import { FRAME_SALT_SIZE, FRAME_TARGET_SIZE, type FrameGroup, SHARED_CHUNKS_MAX } from "./frame-group.js";
import { FrameSalts } from "./frame-salt.js";
import { Scratch } from "./scratch.js";
import { CODEC_STORED, CODEC_ZSTD, FRAME_OVERHEAD, KEY_KIND_SYMMETRIC, type KeyEntry } from "./tables.js";

/** Chunks of this size and more own their frames. */
const OWN_FRAME_SIZE_MIN = 128 * 1024;
const ID_SIZE = 32;
const ID_WORDS = ID_SIZE / 4;
const PREFIX_WORDS = ID_PREFIX_SIZE / 4;
const noBytes = new Uint8Array(0);

export interface FrameBuilderOptions {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  /** Hash that makes the ids of this kind. */
  readonly idHash: KeyedHash;
  /** zstd level, 0 for none. */
  readonly level: number;
  /** Longest chunk that will come, bytes. */
  readonly chunkSizeMax: number;
  /** Is handed each group within the call of `add` or `flush` that finished it; its memory is reused after that. */
  readonly onGroup: (group: FrameGroup) => void;
}

/**
 * Builds frames of one kind under one key of its own. Not re-entrant; all calls are synchronous. Holds, beside the tables,
 * 2 MiB and the longest chunk at most: the shared frame, what zstd made, two for opening, the sealed bytes. After an error
 * it is not to be used again.
 */
export class FrameBuilder {
  readonly #options: FrameBuilderOptions;
  readonly #key: KeyEntry;
  readonly #packKey: Uint8Array;
  readonly #salts: FrameSalts;
  readonly #compressor: FrameCompressor;
  readonly #sealer: FrameSealer;
  readonly #opener: FrameOpener;
  readonly #ownHash: IncrementalHash;
  /** Of the frame that was opened last. */
  #opened: Uint8Array = noBytes;
  readonly #openedMemory = new Scratch(FRAME_TARGET_SIZE);
  readonly #sealed: Scratch;
  readonly #codecs: Uint8Array;
  readonly #frameSalts: Uint8Array;
  readonly #storedLengths: Uint32Array;
  readonly #plainLengths: Uint32Array;
  #frameCount = 0;
  #sealedLength = 0;
  readonly #shared = new Scratch(FRAME_TARGET_SIZE);
  #sharedLength = 0;
  readonly #chunks = new ChunkColumns(ID_SIZE);
  readonly #ownChunk = new ChunkColumns(ID_SIZE, 1);
  readonly #sharedRefusals = new Refusals();
  #ownRefusals = new Refusals();

  constructor(context: PackContext, options: FrameBuilderOptions) {
    const { kind, epoch, domain, idHash, level, chunkSizeMax } = options;
    const framesMax = Math.max(1, Math.ceil(chunkSizeMax / FRAME_TARGET_SIZE));
    this.#options = options;
    this.#salts = new FrameSalts(context);
    this.#key = { kind: KEY_KIND_SYMMETRIC, epoch, domain, encapsulation: context.random(32) };
    this.#packKey = packKey(context, this.#key, kind);
    this.#compressor = new FrameCompressor(context, level);
    this.#sealer = new FrameSealer(context);
    this.#opener = new FrameOpener(context);
    this.#ownHash = idHash.incremental();
    this.#sealed = new Scratch(Math.max(chunkSizeMax, FRAME_TARGET_SIZE) + framesMax * FRAME_OVERHEAD);
    this.#codecs = new Uint8Array(framesMax);
    this.#frameSalts = new Uint8Array(framesMax * FRAME_SALT_SIZE);
    this.#storedLengths = new Uint32Array(framesMax);
    this.#plainLengths = new Uint32Array(framesMax);
  }

  /** Bytes that wait in the shared frame. */
  get openSize(): number {
    return this.#sharedLength;
  }

  /** What comes now has nothing to do with what came before: whether it shrinks is to be found out anew. */
  startContent(): void {
    this.#ownRefusals = new Refusals();
  }

  /** Adds a chunk (its 32-byte id and its bytes, copied or sealed before the call returns). */
  add(id: Uint8Array, bytes: Uint8Array): void {
    if (bytes.length === 0 || bytes.length > this.#options.chunkSizeMax) {
      throw new RangeError(`a chunk has ${bytes.length} bytes, allowed are 1 to ${this.#options.chunkSizeMax}`);
    }
    if (bytes.length >= OWN_FRAME_SIZE_MIN) this.#addOwnFrames(id, bytes);
    else this.#addShared(id, bytes);
  }

  /** Seals the shared frame, if there is something in it. */
  flush(): void {
    if (this.#sharedLength === 0) return;
    const chunks = this.#chunks.view();
    const plain = this.#shared.take(this.#sharedLength).subarray(0, this.#sharedLength);
    this.#appendFrame(plain, { ids: chunks.ids, pieceOffset: 0 }, this.#sharedRefusals);
    for (let i = 0; i < chunks.count; i++) {
      const offset = chunks.offsets[i]!;
      const opened = this.#opened.subarray(offset, offset + chunks.lengths[i]!);
      if (!this.#options.idHash.matches(opened, chunks.ids, i * ID_SIZE)) throw otherId();
    }
    this.#emit(chunks);
    this.#chunks.clear();
    this.#sharedLength = 0;
  }

  #addShared(id: Uint8Array, bytes: Uint8Array): void {
    if (this.#sharedLength + bytes.length > FRAME_TARGET_SIZE || this.#chunks.count === SHARED_CHUNKS_MAX) this.flush();
    this.#shared.take(this.#sharedLength + bytes.length, this.#sharedLength).set(bytes, this.#sharedLength);
    this.#chunks.push(id, this.#sharedLength, bytes.length);
    this.#sharedLength += bytes.length;
  }

  #addOwnFrames(id: Uint8Array, bytes: Uint8Array): void {
    const pieces = Math.ceil(bytes.length / FRAME_TARGET_SIZE);
    const pieceSize = Math.ceil(bytes.length / pieces);
    for (let pieceOffset = 0; pieceOffset < bytes.length; pieceOffset += pieceSize) {
      const piece = bytes.subarray(pieceOffset, pieceOffset + pieceSize);
      this.#appendFrame(piece, { ids: id, pieceOffset }, this.#ownRefusals);
      this.#ownHash.update(this.#opened.subarray(0, piece.length));
    }
    if (!this.#ownHash.matches(id)) throw otherId();
    this.#ownChunk.push(id, 0, bytes.length);
    this.#emit(this.#ownChunk.view());
    this.#ownChunk.clear();
  }

  /** Seals a frame behind those of the group, and opens it again. */
  #appendFrame(plain: Uint8Array, from: { ids: Uint8Array; pieceOffset: number }, refusals: Refusals): void {
    const compressed = this.#compressor.compress(plain, refusals);
    const stored = compressed ?? plain;
    const codec = compressed === undefined ? CODEC_STORED : CODEC_ZSTD;
    const storedLength = stored.length + FRAME_OVERHEAD;
    const salt = this.#frameSalts.subarray(
      this.#frameCount * FRAME_SALT_SIZE,
      (this.#frameCount + 1) * FRAME_SALT_SIZE,
    );
    this.#salts.next({ ...from, codec, storedLength }, salt, 0);
    const storedOffset = this.#sealedLength;
    const end = storedOffset + storedLength;
    const sealed = this.#sealed.take(end, storedOffset).subarray(storedOffset, end);
    const frame = { key: 0, codec, salt, storedOffset, storedLength, plainOffset: 0, plainLength: plain.length };
    this.#sealer.seal(this.#packKey, frame, stored, sealed);
    this.#opened = this.#openedMemory.take(plain.length);
    this.#opener.open(this.#packKey, frame, sealed, this.#opened, "the pack being written");
    this.#codecs[this.#frameCount] = codec;
    this.#storedLengths[this.#frameCount] = storedLength;
    this.#plainLengths[this.#frameCount] = plain.length;
    this.#sealedLength += storedLength;
    this.#frameCount++;
  }

  #emit(chunks: ChunkTable): void {
    const count = this.#frameCount;
    const frames = {
      count,
      codecs: this.#codecs.subarray(0, count),
      salts: this.#frameSalts.subarray(0, count * FRAME_SALT_SIZE),
      storedLengths: this.#storedLengths.subarray(0, count),
      plainLengths: this.#plainLengths.subarray(0, count),
    };
    const bytes = this.#sealed.take(this.#sealedLength).subarray(0, this.#sealedLength);
    this.#frameCount = 0;
    this.#sealedLength = 0;
    this.#options.onGroup({ key: this.#key, frames, bytes, chunks: { ...chunks, ids: shortenIds(chunks.ids) } });
  }
}

/** Moves the first 16 bytes of each id together, in place: the whole ids are not needed any more. */
function shortenIds(ids: Uint8Array): Uint8Array {
  const words = new Uint32Array(ids.buffer, ids.byteOffset, ids.length / 4);
  const count = ids.length / ID_SIZE;
  for (let i = 1; i < count; i++) {
    for (let word = 0; word < PREFIX_WORDS; word++) words[i * PREFIX_WORDS + word] = words[i * ID_WORDS + word]!;
  }
  return ids.subarray(0, count * ID_PREFIX_SIZE);
}

function otherId(): CorruptError {
  return new CorruptError(
    "Cannot write a pack: a chunk read back from it has another id than it had; suspect the memory of this machine",
  );
}
