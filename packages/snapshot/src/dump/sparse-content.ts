/**
 * Files with holes in a tar archive, as `GNU.sparse` 1.0: chunks of nothing but zeros are not in it, but for what fills
 * blocks. GNU tar reads a part in whole blocks: all but the one that ends the file are to have no piece of one.
 */

import { DATA } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import type { PaxRecord } from "../archive/pax.js";
import { tarBlockSize } from "../archive/tar-header.js";
import { type SparsePart, sparsePartsMax } from "../archive/tar-sparse.js";
import { encodeSparseHead } from "../archive/tar-sparse-head.js";
import { SparseFiles } from "../restore/sparse-files.js";
import { type ChunkReference, type Content, contentSize, type Node } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";

/** How many zeros stand for a chunk that is not in the archive; undefined for one that is. */
export type ZerosOf = (chunk: ChunkReference) => number | undefined;

export interface SparseContent {
  /** Before the data of the entry. */
  readonly head: Uint8Array;
  /** Bytes of the entry, the head included. */
  readonly size: number;
  readonly records: readonly PaxRecord[];
  /** To be asked of all chunks in order, from the first on. */
  readonly createFilter: () => ZerosOf;
}

/** Undefined for a file that had no holes, or whose holes no chunk lies in. @throws CorruptError, StorageError */
export async function sparseContent(
  repository: Repository,
  { hasHoles, content }: Pick<Node, "hasHoles" | "content">,
  name: Uint8Array,
): Promise<SparseContent | undefined> {
  if (hasHoles !== true || content === undefined || content.kind === "inline") return undefined;
  const idHash = repository.idHash[DATA];
  const createTest = () => {
    const files = new SparseFiles({ all: true, idHash, chunkLengthMax: repository.chunker.maximum });
    return (chunk: ChunkReference) => files.isZeros(chunk);
  };
  const size = contentSize(content);
  const parts = alignParts(await partsOf(repository, content, createTest()), size);
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
  return { head, size: head.length + stored, records, createFilter: () => createFilter(parts, createTest()) };
}

/** Parts of whole blocks, ascending, of which none touch. */
export function alignParts(parts: readonly SparsePart[], size: number): SparsePart[] {
  const aligned: { offset: number; length: number }[] = [];
  for (const { offset, length } of parts) {
    const start = offset - (offset % tarBlockSize);
    const end = Math.min(size, Math.ceil((offset + length) / tarBlockSize) * tarBlockSize);
    const last = aligned.at(-1);
    if (last !== undefined && start <= last.offset + last.length) last.length = end - last.offset;
    else aligned.push({ offset: start, length: end - start });
  }
  return aligned;
}

/** @param parts in which all data lie, and some zeros */
function createFilter(parts: readonly SparsePart[], isHole: (chunk: ChunkReference) => boolean): ZerosOf {
  let position = 0;
  let next = 0;
  return (chunk) => {
    const start = position;
    position += chunk.length;
    if (!isHole(chunk)) return undefined;
    let zeros = 0;
    for (; next < parts.length; next++) {
      const { offset, length } = parts[next]!;
      zeros += Math.max(0, Math.min(position, offset + length) - Math.max(start, offset));
      // The next chunk may lie in it, too.
      if (offset + length > position) break;
    }
    return zeros;
  };
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
