/**
 * Packs that a dead session of this client has put and no checkpoint of it names. They are indexed in segments of the
 * session that adopts them: nobody names segments of another (rule 4a of docs/architecture.md).
 */
import { isBcatError } from "@bcat/errors";
import {
  type BlobKind,
  type ChunkIndex,
  chunkId,
  type Directory,
  decodeTrailer,
  type IndexedPack,
  openDirectory,
  parseObjectName,
  TRAILER_SIZE,
} from "@bcat/pack";
import type { NotedPack } from "./journal.js";
import { partsOf, type RepositoryParts } from "./repository.js";
import type { Session } from "./session.js";

/** Bytes at the end of a pack that are read at once: nearly every directory is shorter. */
const TAIL_SIZE = 128 * 1024;

/** A pack whose chunks a session may refer to once its own segments name them. */
export interface FoundPack {
  readonly kind: BlobKind;
  readonly pack: IndexedPack;
}

/** Those of `noted` that are there, whole, not condemned, and that no segment names. @throws StorageError */
export async function* findPacks(session: Session, noted: readonly NotedPack[]): AsyncGenerator<FoundPack> {
  const parts = partsOf(session.repository);
  const { chunks: index } = parts.index;
  for (const { name, size } of noted) {
    // Rule 4b: the log as it was read when this session existed already.
    if (index.isCondemned(name)) continue;
    const directory = await readDirectory(parts, { name, size });
    if (directory === undefined || isIndexed(index, name, directory)) continue;
    const { kind, keys, frames, chunks } = directory;
    yield { kind, pack: { reference: parseObjectName(name)!, size, keys, frames, chunks } };
  }
}

/** Segments name all chunks of a pack or none. */
function isIndexed(index: ChunkIndex, name: string, { kind, chunks }: Directory): boolean {
  return chunks.count === 0 || index.locate(kind, chunkId(chunks, 0)).some(({ pack }) => pack.name === name);
}

/** Undefined for a pack that is not there, or not whole: what is in it is then stored again. */
async function readDirectory(
  { storage, context }: RepositoryParts,
  { name, size }: NotedPack,
): Promise<Directory | undefined> {
  const start = Math.max(0, size - TAIL_SIZE);
  // One byte more than there are shows that there are no more.
  const tail = await storage.get(name, { range: { offset: start, length: size - start + 1 } });
  if (tail === undefined || tail.length !== size - start || tail.length < TRAILER_SIZE) return undefined;
  try {
    const trailer = tail.subarray(tail.length - TRAILER_SIZE);
    const { directoryOffset: offset, directoryLength: length } = decodeTrailer(trailer, { name, size });
    const sealed =
      offset >= start
        ? tail.subarray(offset - start, offset - start + length)
        : await storage.get(name, { range: { offset, length } });
    return sealed && openDirectory(context, { name, trailer, size }, sealed);
  } catch (error) {
    if (isBcatError(error, "corrupt") || isBcatError(error, "newer-format")) return undefined;
    throw error;
  }
}
