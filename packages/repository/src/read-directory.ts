/** What a pack itself says of its chunks, read from its end. */
import { CorruptError } from "@bcat/errors";
import { type Directory, decodeTrailer, openDirectory, type PackContext, TRAILER_SIZE } from "@bcat/pack";
import type { ListedObject, Objects } from "@bcat/storage";

/** Bytes at the end of a pack that are read at once: nearly every directory is shorter. */
const TAIL_SIZE = 128 * 1024;

export interface DirectorySource {
  readonly storage: Pick<Objects, "get">;
  readonly context: PackContext;
}

/** Undefined when there is no such pack. @throws CorruptError naming it; BcatError newer-format; StorageError */
export async function readDirectory(
  { storage, context }: DirectorySource,
  { name, size }: ListedObject,
): Promise<Directory | undefined> {
  const start = Math.max(0, size - TAIL_SIZE);
  // One byte more than there are shows that there are no more.
  const tail = await storage.get(name, { range: { offset: start, length: size - start + 1 } });
  if (tail === undefined) return undefined;
  if (tail.length !== size - start || tail.length < TRAILER_SIZE)
    throw new CorruptError(`Cannot read pack "${name}": it has not ${size} bytes`, { object: name });
  const trailer = tail.subarray(tail.length - TRAILER_SIZE);
  const { directoryOffset: offset, directoryLength: length } = decodeTrailer(trailer, { name, size });
  const sealed =
    offset >= start
      ? tail.subarray(offset - start, offset - start + length)
      : await storage.get(name, { range: { offset, length } });
  return sealed && openDirectory(context, { name, trailer, size }, sealed);
}
