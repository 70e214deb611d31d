/** Files with holes in a tar archive, as `GNU.sparse` 1.0: chunks of nothing but zeros are not in it. */

import { DATA } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import type { PaxRecord } from "../archive/pax.js";
import { type SparsePart, sparsePartsMax } from "../archive/tar-sparse.js";
import { encodeSparseHead } from "../archive/tar-sparse-head.js";
import { SparseFiles } from "../restore/sparse-files.js";
import { type ChunkReference, type Content, contentSize, type Node } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";

export interface SparseContent {
  /** Before the data of the entry. */
  readonly head: Uint8Array;
  /** Bytes of the entry, the head included. */
  readonly size: number;
  readonly records: readonly PaxRecord[];
  /** True for a chunk that is not in the archive; to be asked of all in order, from the first on. */
  readonly createFilter: () => (chunk: ChunkReference) => boolean;
}

/** Undefined for a file that had no holes, or whose holes no chunk lies in. @throws CorruptError, StorageError */
export async function sparseContent(
  repository: Repository,
  { hasHoles, content }: Pick<Node, "hasHoles" | "content">,
  name: Uint8Array,
): Promise<SparseContent | undefined> {
  if (hasHoles !== true || content === undefined || content.kind === "inline") return undefined;
  const idHash = repository.idHash[DATA];
  const createFilter = () => {
    const files = new SparseFiles({ all: true, idHash, chunkLengthMax: repository.chunker.maximum });
    return (chunk: ChunkReference) => files.isZeros(chunk);
  };
  const parts = await partsOf(repository, content, createFilter());
  const size = contentSize(content);
  const stored = parts.reduce((sum, { length }) => sum + length, 0);
  if (stored === size || parts.length > sparsePartsMax) return undefined;
  const head = encodeSparseHead(parts, size);
  const record = (key: string, value: Uint8Array): PaxRecord => [Buffer.from(key), value];
  const records = [
    record("GNU.sparse.major", Buffer.from("1")),
    record("GNU.sparse.minor", Buffer.from("0")),
    record("GNU.sparse.name", name),
    record("GNU.sparse.realsize", Buffer.from(String(size))),
  ];
  return { head, size: head.length + stored, records, createFilter };
}

async function partsOf(
  repository: Repository,
  content: Content,
  isHole: (chunk: ChunkReference) => boolean,
): Promise<SparsePart[]> {
  const parts: { offset: number; length: number }[] = [];
  let position = 0;
  for await (const chunks of readChunkReferences(repository, content)) {
    for (const chunk of chunks) {
      const last = parts.at(-1);
      if (!isHole(chunk)) {
        if (last !== undefined && last.offset + last.length === position) last.length += chunk.length;
        else parts.push({ offset: position, length: chunk.length });
      }
      position += chunk.length;
    }
  }
  return parts;
}
