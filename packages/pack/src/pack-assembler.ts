/**
 * Sealed frames are laid down, packs come out. Nothing is opened here and nothing encrypted but the directory, so one
 * thread assembles what many have built, and a frame of another pack goes along unopened.
 */

import { freshBytes, type IncrementalHash } from "@bcat/crypto";
import type { BlobKind } from "./blob-kind.js";
import { ChunkColumns } from "./chunk-columns.js";
import type { PackContext } from "./context.js";
import { CHUNKS_MAX, type Directory, encodeDirectory, ID_PREFIX_SIZE, STREAM_MAX, sealTail } from "./directory.js";
import { FRAME_SALT_SIZE, FRAME_TARGET_SIZE, type FrameGroup } from "./frame-group.js";
import { type ObjectReference, packName } from "./pack-name.js";
import { FRAMES_MAX, type FrameEntry, type KeyEntry } from "./tables.js";

/** Stored bytes at which a pack closes, by default. */
export const PACK_TARGET_SIZE = 64 * 2 ** 20;
/** Most bytes of frames in a pack, so that the object with its directory stays below the format's 96 MiB. */
const STORED_MAX = 88 * 2 ** 20;
/** Most keys in a pack. The format allows 65,535; every thread that builds frames has one. */
const KEYS_MAX = 4096;
/** Most bytes behind the frames: 4,096 keys, 65,535 frames, 131,072 chunks, padding and trailer. */
const TAIL_MAX = 6 * 2 ** 20;

/** A pack that is ready to be stored. `bytes` lies in an arena: valid until its owner gives the arena out again. */
export interface FinishedPack extends Directory {
  readonly reference: ObjectReference;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface PackAssemblerOptions {
  readonly kind: BlobKind;
  readonly epoch: number;
  readonly domain: number;
  /** Session that owns the packs. */
  readonly session: number;
  /** Stored bytes at which a pack closes. */
  readonly targetSize: number;
  /** As {@link targetSize}, of the first pack, and not more: a line is not to wait until all of a large one is there. */
  readonly firstSize?: number | undefined;
  /** Most bytes of a pack. {@link arenaSize} has room for all that is laid down until it closes. */
  readonly arenaSize: number;
  /** Gives memory for the next pack. */
  readonly takeArena: () => Uint8Array;
  /** Gives more, at least `length` bytes and at most {@link arenaSize}, that begin with the first `used` of `arena`. */
  readonly growArena: (arena: Uint8Array, used: number, length: number) => Uint8Array;
  /** Is handed each finished pack, within the call of `add` or `finish` that finished it. */
  readonly onPack: (pack: FinishedPack) => void;
}

/** Bytes an arena needs. */
export function arenaSize(options: { targetSize: number; chunkSizeMax: number }): number {
  return Math.min(options.targetSize + options.chunkSizeMax + 2 * FRAME_TARGET_SIZE, STORED_MAX) + TAIL_MAX;
}

/** What frames take of a pack's limits. Lengths are bytes. */
interface FrameTotals {
  readonly frameCount: number;
  readonly chunkCount: number;
  readonly storedLength: number;
  readonly plainLength: number;
}

/** The pack that is being filled. */
interface OpenPack {
  arena: Uint8Array;
  readonly keys: KeyTable;
  readonly frames: FrameEntry[];
  readonly chunks: ChunkColumns;
  stored: number;
  plain: number;
}

/** Lays frames of one kind into the packs of one session. Not re-entrant; all calls are synchronous. */
export class PackAssembler {
  readonly #context: PackContext;
  readonly #options: PackAssemblerOptions;
  /** Of the open pack, fed group by group: the bytes are still in the processor's cache then. */
  readonly #hash: IncrementalHash;
  #pack: OpenPack | undefined;
  #closesAt: number;

  constructor(context: PackContext, options: PackAssemblerOptions) {
    this.#context = context;
    this.#options = options;
    this.#closesAt = options.firstSize ?? options.targetSize;
    this.#hash = context.blake3.incremental();
  }

  /** Bytes of frames in the pack that is being filled. */
  get openSize(): number {
    return this.#pack?.stored ?? 0;
  }

  /**
   * Lays a group down, copying it. It goes into the next pack when it would break a limit of the open one.
   *
   * @throws RangeError when its lengths contradict one another, or no pack can hold it
   */
  add(group: FrameGroup): void {
    const totals = totalsOf(group);
    if (this.#pack !== undefined && !this.#fits(this.#pack, totals)) this.finish();
    this.#pack ??= this.#open();
    if (!this.#fits(this.#pack, totals)) {
      throw new RangeError(`Cannot lay down frames of ${totals.storedLength} bytes: no pack can hold them`);
    }
    this.#append(this.#pack, group);
    if (this.#pack.stored >= this.#closesAt) this.finish();
  }

  /** Closes the open pack, if there is something in it. */
  finish(): void {
    const pack = this.#pack;
    if (pack === undefined || pack.frames.length === 0) return;
    this.#pack = undefined;
    this.#closesAt = this.#options.targetSize;
    this.#options.onPack(this.#seal(pack));
  }

  #open(): OpenPack {
    const arena = this.#options.takeArena();
    return { arena, keys: new KeyTable(), frames: [], chunks: new ChunkColumns(ID_PREFIX_SIZE), stored: 0, plain: 0 };
  }

  #append(pack: OpenPack, group: FrameGroup): void {
    const { frames, bytes, chunks } = group;
    const key = pack.keys.indexOf(group.key);
    this.#lay(pack, bytes);
    this.#hash.update(pack.arena.subarray(pack.stored, pack.stored + bytes.length));
    pack.chunks.append(chunks, pack.plain);
    for (let i = 0; i < frames.count; i++) {
      const salt = frames.salts.slice(i * FRAME_SALT_SIZE, (i + 1) * FRAME_SALT_SIZE);
      const storedLength = frames.storedLengths[i]!;
      const plainLength = frames.plainLengths[i]!;
      const places = { storedOffset: pack.stored, storedLength, plainOffset: pack.plain, plainLength };
      pack.frames.push({ key, codec: frames.codecs[i]!, salt, ...places });
      pack.stored += storedLength;
      pack.plain += plainLength;
    }
  }

  /** Behind the frames, of which there are `pack.stored` bytes. */
  #lay(pack: OpenPack, bytes: Uint8Array): void {
    const { stored } = pack;
    const end = stored + bytes.length;
    if (end > pack.arena.length) pack.arena = this.#options.growArena(pack.arena, stored, end);
    pack.arena.set(bytes, stored);
  }

  /** True when frames of these totals, under at most one new key, go into the pack. */
  #fits(pack: OpenPack, totals: FrameTotals): boolean {
    const storedMax = Math.min(STORED_MAX, this.#options.arenaSize - TAIL_MAX);
    return (
      pack.keys.keys.length < KEYS_MAX &&
      pack.frames.length + totals.frameCount <= FRAMES_MAX &&
      pack.chunks.count + totals.chunkCount <= CHUNKS_MAX &&
      pack.stored + totals.storedLength <= storedMax &&
      pack.plain + totals.plainLength <= STREAM_MAX
    );
  }

  #seal(pack: OpenPack): FinishedPack {
    const { session, kind, epoch, domain } = this.#options;
    const { blake3, random } = this.#context;
    const { frames, stored } = pack;
    const directory: Directory = { kind, epoch, domain, keys: pack.keys.keys, frames, chunks: pack.chunks.table() };
    const body = encodeDirectory(directory);
    const unique = freshBytes(blake3, random, body).slice(0, 16);
    const reference = { session, unique };
    const name = packName(reference);
    const salt = freshBytes(blake3, random, unique);
    const tail = sealTail(this.#context, { name, epoch, domain, salt, body }, { length: stored, hash: this.#hash });
    this.#lay(pack, tail);
    return { ...directory, reference, name, bytes: pack.arena.subarray(0, stored + tail.length) };
  }
}

function totalsOf({ frames, bytes, chunks }: FrameGroup): FrameTotals {
  let storedLength = 0;
  let plainLength = 0;
  for (let i = 0; i < frames.count; i++) {
    storedLength += frames.storedLengths[i]!;
    plainLength += frames.plainLengths[i]!;
  }
  if (storedLength !== bytes.length || storedLength === 0) {
    throw new RangeError(`Cannot lay down frames of ${storedLength} bytes: there are ${bytes.length}`);
  }
  return { frameCount: frames.count, chunkCount: chunks.count, storedLength, plainLength };
}

/** The key table of a pack, in which a key is found by its contents: each group brings a copy of its own. */
class KeyTable {
  readonly keys: KeyEntry[] = [];
  readonly #indexes = new Map<string, number>();

  /** Index of `key`, which joins the table when it is new. */
  indexOf(key: KeyEntry): number {
    const text = `${key.kind} ${key.epoch} ${key.domain} ${Buffer.from(key.encapsulation).toString("latin1")}`;
    let index = this.#indexes.get(text);
    if (index === undefined) {
      index = this.keys.push(key) - 1;
      this.#indexes.set(text, index);
    }
    return index;
  }
}
