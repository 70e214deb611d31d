/** What a pack itself says of its chunks: what a segment of the index is made of. */
import { CorruptError } from "@bcat/errors";
import {
  type BlobKind,
  decodeTrailer,
  type IndexedPack,
  openDirectory,
  type PackContext,
  parseObjectName,
  TRAILER_SIZE,
} from "@bcat/pack";
import type { ByteRange, ListedObject, Objects } from "@bcat/storage";
import { readMended } from "../parity/mended-pack.js";

export interface ReadPack extends IndexedPack {
  readonly kind: BlobKind;
}

interface Source {
  readonly storage: Pick<Objects, "get">;
  readonly context: PackContext;
}

/**
 * The directory of a pack, read from its end; undefined when there is no such pack. What is wrong is read again, and
 * mended where its parity can do that.
 *
 * @throws CorruptError naming it; BcatError newer-format
 */
export async function readIndexedPack(source: Source, pack: ListedObject): Promise<ReadPack | undefined> {
  try {
    return await readOnce(source, pack);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    return await readTwice(source, pack);
  }
}

/** The second reading; and where that is wrong too, what parity makes of it. */
async function readTwice(source: Source, pack: ListedObject): Promise<ReadPack | undefined> {
  try {
    return await readOnce(source, pack);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    const { storage, context } = source;
    const { mended } = await readMended({ storage, ...context }, pack.name);
    if (mended?.isWhole !== true) throw error;
    const { bytes } = mended;
    return await readOnce(
      { context, storage: { get: async (_, options) => cut(bytes, options?.range) } },
      { name: pack.name, size: bytes.length },
    );
  }
}

function cut(bytes: Uint8Array, { offset, length }: ByteRange = { offset: 0, length: bytes.length }): Uint8Array {
  return bytes.subarray(offset, offset + length);
}

async function readOnce({ storage, context }: Source, { name, size }: ListedObject): Promise<ReadPack | undefined> {
  const offset = Math.max(0, size - TRAILER_SIZE);
  const trailer = await storage.get(name, { range: { offset, length: TRAILER_SIZE + 1 } });
  if (trailer === undefined) return undefined;
  const { directoryOffset, directoryLength } = decodeTrailer(trailer, { name, size });
  const sealed = await storage.get(name, { range: { offset: directoryOffset, length: directoryLength } });
  if (sealed === undefined) return undefined;
  const { kind, keys, frames, chunks } = openDirectory(context, { name, trailer, size }, sealed);
  return { kind, keys, frames, chunks, size, reference: parseObjectName(name)! };
}
