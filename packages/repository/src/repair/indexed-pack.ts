/** What a pack itself says of its chunks: what a segment of the index is made of. */
import { CorruptError } from "@bcat/errors";
import { type BlobKind, type IndexedPack, parseObjectName } from "@bcat/pack";
import type { ByteRange, ListedObject } from "@bcat/storage";
import { readMended } from "../parity/mended-pack.js";
import { type DirectorySource, readDirectory } from "../read-directory.js";

export interface ReadPack extends IndexedPack {
  readonly kind: BlobKind;
}

/**
 * The directory of a pack, read from its end; undefined when there is no such pack. What is wrong is read again, and
 * mended where its parity can do that.
 *
 * @throws CorruptError naming it; BcatError newer-format
 */
export async function readIndexedPack(source: DirectorySource, pack: ListedObject): Promise<ReadPack | undefined> {
  try {
    return await readOnce(source, pack);
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    return await readTwice(source, pack);
  }
}

/** The second reading; and where that is wrong too, what parity makes of it. */
async function readTwice(source: DirectorySource, pack: ListedObject): Promise<ReadPack | undefined> {
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

async function readOnce(source: DirectorySource, pack: ListedObject): Promise<ReadPack | undefined> {
  const directory = await readDirectory(source, pack);
  if (directory === undefined) return undefined;
  const { kind, keys, frames, chunks } = directory;
  return { kind, keys, frames, chunks, size: pack.size, reference: parseObjectName(pack.name)! };
}
