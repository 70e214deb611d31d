/** Reads single chunks by id: trees, lists, and whatever a bulk read could not get. */

import type { KeyedHash } from "@bcat/crypto";
import { ArchivedError, CorruptError, isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type ChunkIndex,
  type ChunkLocation,
  type FrameEntry,
  FrameOpener,
  type PackContext,
  PackFrames,
  readSpan,
  spanOf,
} from "@bcat/pack";
import type { ByteRange, Storage } from "@bcat/storage";
import type { KeptTrees } from "./kept-trees.js";

/** Opened frames kept in memory, bytes, unless it is told otherwise: neighbours are usually wanted next. */
const FRAMES_SIZE_MAX = 32 * 2 ** 20;

/** Of an id, what the index has of it. */
const ID_SIZE_MIN = 16;

/** Where chunks are, and why some may be missing from that. */
export interface KnownChunks {
  readonly index: ChunkIndex;
  readonly problems: readonly CorruptError[];
}

export interface ChunkReaderOptions {
  readonly context: PackContext;
  readonly storage: Storage;
  readonly state: KnownChunks;
  readonly idHash: Record<BlobKind, KeyedHash>;
  /** Looked into before the storage is asked. */
  readonly keptTrees?: KeptTrees | undefined;
  /** Opened frames kept in memory, bytes. */
  readonly framesSizeMax?: number | undefined;
  /** Reads the heads again, and brings the index up to them: what was in a pack that is gone may be elsewhere now. */
  readonly catchUp?: () => Promise<void>;
}

/** Frames as they lie in a pack. */
interface Sealed {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class ChunkReader {
  readonly #options: ChunkReaderOptions;
  readonly #opener: FrameOpener;
  readonly #frames = new Map<string, Uint8Array>();
  readonly #framesSizeMax: number;
  #framesSize = 0;
  /** Packs found missing with heads that were read again: they stay missing. */
  readonly #missing = new Set<string>();
  #catchingUp: Promise<void> | undefined;

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
    this.#opener = new FrameOpener(options.context);
    this.#framesSizeMax = options.framesSizeMax ?? FRAMES_SIZE_MAX;
  }

  /**
   * The plaintext of the chunk, whose id has been recomputed. Tries every place the index knows; where packs are missing
   * then, a prune may have moved what was in them, and the heads are read again before that is called damage.
   *
   * @param id all of it, or the first {@link ID_SIZE_MIN} bytes
   * @throws CorruptError naming the object that is damaged, or what of the index is; StorageError
   */
  async read(kind: BlobKind, id: Uint8Array): Promise<Uint8Array> {
    for (;;) {
      const { version } = this.#options.state.index;
      const gone = new Set<string>();
      try {
        return await this.#readAnywhere(kind, id, gone);
      } catch (error) {
        if (gone.size === 0 || !(await this.#mayBeMoved(gone, version))) throw error;
      }
    }
  }

  /** @param version of the index in which the places were found that are `gone` */
  async #mayBeMoved(gone: ReadonlySet<string>, version: number): Promise<boolean> {
    if ([...gone].every((name) => this.#missing.has(name))) await this.#catchingUp;
    else await this.#catchUp(gone);
    return this.#options.state.index.version !== version;
  }

  /** Whoever misses the same packs meanwhile waits for it. */
  async #catchUp(gone: ReadonlySet<string>): Promise<void> {
    for (const name of gone) this.#missing.add(name);
    const catchingUp = this.#options.catchUp?.();
    this.#catchingUp = catchingUp;
    try {
      await catchingUp;
    } catch (error) {
      for (const name of gone) this.#missing.delete(name);
      if (this.#catchingUp === catchingUp) this.#catchingUp = undefined;
      throw error;
    }
  }

  /** @param gone is told the names of packs that are not there */
  async #readAnywhere(kind: BlobKind, id: Uint8Array, gone: Set<string>): Promise<Uint8Array> {
    const { state, idHash } = this.#options;
    let failure: unknown;
    for (const location of state.index.locate(kind, id)) {
      try {
        const bytes = await this.#readAt(kind, location);
        const found = idHash[kind].hash(bytes).subarray(0, Math.max(ID_SIZE_MIN, id.length));
        if (Buffer.compare(found, id) === 0) return bytes;
        const { name } = location.pack;
        throw new CorruptError(`Cannot read pack "${name}": a part of it is not what the index says`, {
          object: name,
        });
      } catch (error) {
        if (!isBcatError(error, "corrupt") && !isBcatError(error, "storage-failed")) throw error;
        if (error instanceof MissingPack) gone.add(location.pack.name);
        // Of several reasons the one that somebody can do something about.
        if (!(failure instanceof ArchivedError)) failure = error;
      }
    }
    throw failure ?? missingChunk(id, state);
  }

  async #readAt(kind: BlobKind, location: ChunkLocation): Promise<Uint8Array> {
    const record = location.pack;
    const span = spanOf(record, location, record.name);
    const frames = new PackFrames(this.#options.context, this.#opener, { name: record.name, kind, tables: record });
    const wanted = record.frames.slice(span.first, span.last + 1);
    const open = (sealed: Sealed | undefined) =>
      readSpan(record, span, {
        open: (index) => this.#frame(frames, index, sealed),
        take: (length) => new Uint8Array(length),
      });
    const sealed = await this.#fetchMissing(record.name, span.first, wanted);
    let bytes: Uint8Array;
    try {
      bytes = open(sealed);
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      // It may have been the line, or the memory of a machine on the way, or the cache.
      bytes = open(await this.#fetch(record.name, wanted));
    }
    // A view would keep the whole frame in memory, and what is remembered is not for others to change.
    return span.first === span.last ? bytes.slice() : bytes;
  }

  /** One ranged get for all frames of the chunk, unless they are all here. */
  async #fetchMissing(name: string, first: number, wanted: readonly FrameEntry[]): Promise<Sealed | undefined> {
    if (wanted.every((_, i) => this.#frames.has(`${name}/${first + i}`))) return undefined;
    const range = rangeOf(wanted);
    const kept = this.#options.keptTrees?.read(name, range);
    return kept === undefined ? await this.#fetch(name, wanted) : { offset: range.offset, bytes: kept };
  }

  async #fetch(name: string, wanted: readonly FrameEntry[]): Promise<Sealed> {
    const range = rangeOf(wanted);
    const bytes = await this.#get(name, range);
    if (bytes === undefined) throw new MissingPack(name);
    return { offset: range.offset, bytes };
  }

  /** A get that fails is made once more: below a tree that cannot be had nobody even knows what is missing. */
  async #get(name: string, range: ByteRange): Promise<Uint8Array | undefined> {
    const { storage } = this.#options;
    try {
      return await storage.get(name, { range });
    } catch (error) {
      if (!isBcatError(error, "storage-failed") || error instanceof ArchivedError) throw error;
      return await storage.get(name, { range });
    }
  }

  #frame(frames: PackFrames, index: number, sealed: Sealed | undefined): Uint8Array {
    const key = `${frames.name}/${index}`;
    const cached = this.#frames.get(key);
    if (cached !== undefined) {
      this.#frames.delete(key);
      this.#frames.set(key, cached);
      return cached;
    }
    const { storedOffset, storedLength, plainLength } = frames.tables.frames[index]!;
    const start = storedOffset - (sealed?.offset ?? 0);
    const plain = new Uint8Array(plainLength);
    frames.open(index, (sealed?.bytes ?? new Uint8Array(0)).subarray(start, start + storedLength), plain);
    this.#remember(key, plain);
    return plain;
  }

  #remember(key: string, plain: Uint8Array): void {
    this.#frames.set(key, plain);
    this.#framesSize += plain.length;
    for (const [oldest, bytes] of this.#frames) {
      if (this.#framesSize <= this.#framesSizeMax) return;
      this.#frames.delete(oldest);
      this.#framesSize -= bytes.length;
    }
  }
}

function rangeOf(frames: readonly FrameEntry[]): ByteRange & { readonly offset: number } {
  const offset = frames[0]!.storedOffset;
  const last = frames.at(-1)!;
  return { offset, length: last.storedOffset + last.storedLength - offset };
}

/** No place is known: the fault of whatever part of the index could not be read, if some could not. */
export function missingChunk(id: Uint8Array, state: Pick<KnownChunks, "problems">): CorruptError {
  const hex = Buffer.from(id.subarray(0, 8)).toString("hex");
  const problem = state.problems[0];
  const cause = problem === undefined ? "no index segment names it" : problem.message;
  const options = problem?.object === undefined ? {} : { object: problem.object };
  return new CorruptError(`Cannot read chunk ${hex}…: ${cause}`, options);
}

class MissingPack extends CorruptError {
  constructor(name: string) {
    super(`Cannot read pack "${name}": it is missing`, { object: name });
  }
}
