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
import type { ListedObject, Objects } from "@bcat/storage";

export interface ReadPack extends IndexedPack {
  readonly kind: BlobKind;
}

interface Source {
  readonly storage: Objects;
  readonly context: PackContext;
}

/**
 * The directory of a pack, read from its end; undefined when there is no such pack. What is wrong is read again.
 *
 * @throws CorruptError naming it; BcatError newer-format
 */
export async function readIndexedPack(source: Source, pack: ListedObject): Promise<ReadPack | undefined> {
  try {
    return await readOnce(source, pack);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    return await readOnce(source, pack);
  }
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
