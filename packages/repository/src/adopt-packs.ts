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
  hasRightHash,
  type IndexedPack,
  parityName,
  parseObjectName,
} from "@bcat/pack";
import type { NotedPack } from "./journal.js";
import { findParity, parityPercentOf, putParity } from "./parity/parity-objects.js";
import { readDirectory } from "./read-directory.js";
import { partsOf, type RepositoryParts } from "./repository.js";
import type { Session } from "./session.js";

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
    const directory = await readIfWhole(parts, { name, size });
    if (directory === undefined || isIndexed(index, name, directory)) continue;
    if (!(await ensureParity(parts, { name, size, kind: directory.kind }))) continue;
    const { kind, keys, frames, chunks } = directory;
    yield { kind, pack: { reference: parseObjectName(name)!, size, keys, frames, chunks } };
  }
}

/**
 * A pack is put before its parity, and its session may have died between the two, or while it put that: what is there is
 * read, and made anew where it is not whole.
 *
 * @returns false for a pack that is not right, or whose parity cannot be
 */
async function ensureParity(parts: RepositoryParts, { name, size, kind }: PackToAdopt): Promise<boolean> {
  const { storage, context } = parts;
  const percent = parityPercentOf(parts);
  if (percent === 0) return true;
  const found = await findParity({ storage, ...context }, { name, size });
  if (found === "whole") return true;
  const bytes = await storage.get(name);
  if (bytes === undefined || !hasRightHash(context, bytes)) return false;
  if (found === "damaged" && !(await isDeleted(parts, parityName(name)))) return false;
  try {
    await putParity({ storage, ...context }, { name, bytes, percent, kind });
  } catch (error) {
    if (isBcatError(error, "exists")) return false;
    throw error;
  }
  return true;
}

/** False also where the place refuses it: who backs up need not be allowed to delete. */
async function isDeleted({ storage }: RepositoryParts, name: string): Promise<boolean> {
  if (storage.delete === undefined) return false;
  try {
    await storage.delete(name);
    return true;
  } catch (error) {
    if (isBcatError(error, "storage-failed")) return false;
    throw error;
  }
}

interface PackToAdopt extends NotedPack {
  readonly kind: BlobKind;
}

/** Segments name all chunks of a pack or none. */
function isIndexed(index: ChunkIndex, name: string, { kind, chunks }: Directory): boolean {
  return chunks.count === 0 || index.locate(kind, chunkId(chunks, 0)).some(({ pack }) => pack.name === name);
}

/** Undefined for a pack that is not there, or not whole: what is in it is then stored again. */
async function readIfWhole(parts: RepositoryParts, pack: NotedPack): Promise<Directory | undefined> {
  try {
    return await readDirectory(parts, pack);
  } catch (error) {
    if (isBcatError(error, "corrupt") || isBcatError(error, "newer-format")) return undefined;
    throw error;
  }
}
