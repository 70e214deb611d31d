/**
 * Tells which chunks are lost of packs that are bad, and of those that were condemned as damaged, which a check that
 * reads no data cannot tell from whole ones. Such a pack is read as a whole when the first chunk is asked for that lies
 * nowhere else.
 */
import { ArchivedError, isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type ChunkLocation,
  FRAME_PLAIN_MAX,
  FrameOpener,
  PackFrames,
  type PackRecord,
  spanOf,
} from "@bcat/pack";
import { isOfObject } from "../reachable.js";
import { partsOf, type Repository } from "../repository.js";
import type { BadPack } from "./check-packs.js";
import type { CheckRun } from "./check-run.js";

/** What is damaged of a pack. Memory: a bit a frame. */
export interface PackDamage {
  readonly frames: number;
  /** How many of them do not open. */
  readonly lost: number;
  readonly isLost: (frame: number) => boolean;
}

export interface LostChunksOptions {
  readonly repository: Repository;
  readonly run: CheckRun;
  /** By name. */
  readonly bad: ReadonlyMap<string, BadPack>;
}

export class LostChunks {
  readonly #repository: Repository;
  readonly #run: CheckRun;
  readonly #bad: ReadonlyMap<string, BadPack>;
  /** By name; undefined for a pack that nothing can be had of. */
  readonly #looked = new Map<string, PackDamage | undefined>();

  constructor({ repository, run, bad }: LostChunksOptions) {
    this.#repository = repository;
    this.#run = run;
    this.#bad = bad;
  }

  /** True for a pack of which chunks may be lost. */
  isSuspect(name: string): boolean {
    return this.#bad.has(name) || partsOf(this.#repository).history.log.damagedPacks.has(name);
  }

  /** What is damaged of a pack that was asked about; undefined for all of it, and where nobody has asked. */
  damageOf(name: string): PackDamage | undefined {
    return this.#looked.get(name);
  }

  /** True when something was asked for that lies in this pack alone. */
  isAskedFor(name: string): boolean {
    return this.#looked.has(name);
  }

  /** The place among those of a chunk where it can be had; undefined when there is none. @throws StorageError */
  async findSound(
    kind: BlobKind,
    id: Uint8Array,
    locations: readonly ChunkLocation[],
  ): Promise<ChunkLocation | undefined> {
    for (const location of locations) {
      if (!this.isSuspect(location.pack.name) || !(await this.#isLost(kind, id, location))) return location;
    }
    return undefined;
  }

  async #isLost(kind: BlobKind, id: Uint8Array, location: ChunkLocation): Promise<boolean> {
    const { name } = location.pack;
    const damage = await this.#look(kind, location.pack);
    if (damage === undefined) return true;
    const { first, last } = spanOf(location.pack, location, name);
    for (let frame = first; frame <= last; frame++) if (damage.isLost(frame)) return true;
    // All of a pack counts that is bad in another way, such as its end.
    return this.#bad.has(name) ? damage.lost === 0 : !(await this.#canBeRead(kind, id));
  }

  async #canBeRead(kind: BlobKind, id: Uint8Array): Promise<boolean> {
    try {
      await this.#repository.readChunk(kind, id);
      return true;
    } catch (error) {
      if (isBcatError(error, "corrupt")) return false;
      throw error;
    }
  }

  async #look(kind: BlobKind, pack: PackRecord): Promise<PackDamage | undefined> {
    const { name } = pack;
    if (!this.#looked.has(name)) {
      const bytes = this.#bad.get(name)?.isGone === true ? undefined : await this.#read(name);
      this.#looked.set(name, bytes && openFrames(this.#repository, { kind, pack, bytes }));
    }
    return this.#looked.get(name);
  }

  /** Undefined for what nobody can have now. */
  async #read(name: string): Promise<Uint8Array | undefined> {
    const { storage } = partsOf(this.#repository);
    try {
      const bytes = await storage.get(name);
      this.#run.bytesRead += bytes?.length ?? 0;
      return bytes;
    } catch (error) {
      if (error instanceof ArchivedError) return undefined;
      if (isBcatError(error, "storage-failed") && (await isOfObject(storage, error))) return undefined;
      throw error;
    }
  }
}

/** Opens all frames of a pack, by what the index says of them. */
function openFrames(
  { context }: Repository,
  { kind, pack, bytes }: { readonly kind: BlobKind; readonly pack: PackRecord; readonly bytes: Uint8Array },
): PackDamage {
  const frames = new PackFrames(context, new FrameOpener(context), { name: pack.name, kind, tables: pack });
  const plain = new Uint8Array(FRAME_PLAIN_MAX);
  const bits = new Uint8Array(Math.ceil(pack.frames.length / 8));
  let lost = 0;
  for (const [index, { storedOffset, storedLength }] of pack.frames.entries()) {
    try {
      frames.open(index, bytes.subarray(storedOffset, storedOffset + storedLength), plain);
    } catch (error) {
      if (!isBcatError(error, "corrupt")) throw error;
      bits[index >>> 3]! |= 1 << (index & 7);
      lost++;
    }
  }
  return { frames: pack.frames.length, lost, isLost: (frame) => (bits[frame >>> 3]! & (1 << (frame & 7))) !== 0 };
}
