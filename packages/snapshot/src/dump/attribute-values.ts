/** Values of the extended attributes of a node. */
import { CorruptError } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import type { TarAttribute } from "../archive/tar-attributes.js";
import { contentSize, type Node } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";

/** The longest value that a system knows, bytes; one that is longer is not read. */
const VALUE_SIZE_MAX = 64 * 1024;

/** @throws CorruptError, StorageError */
export async function readAttributes(repository: Repository, { attributes = [] }: Node): Promise<TarAttribute[]> {
  const values: TarAttribute[] = [];
  for (const { name, content } of attributes) {
    if (content.kind === "inline") {
      values.push({ name, value: content.bytes });
      continue;
    }
    const size = contentSize(content);
    if (size > VALUE_SIZE_MAX) throw new CorruptError(`Cannot read an extended attribute: it has ${size} bytes`);
    const pieces: Uint8Array[] = [];
    for await (const chunks of readChunkReferences(repository, content))
      for (const { id } of chunks) pieces.push((await repository.readChunk(DATA, id)).slice());
    values.push({ name, value: Buffer.concat(pieces) });
  }
  return values;
}
