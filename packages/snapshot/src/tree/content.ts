/**
 * Codec of content, docs/format.md section 12.3.
 *
 *     0  bytes                                      the content itself
 *     1  varint count ‖ (varint length ‖ id) each   chunks
 *     2  varint size ‖ reference                    a list of chunks
 */

import { ByteReader, ByteWriter } from "@bcat/codec";
import { type ChunkReference, type Content, chunkLengthMax, idSize } from "./node.js";
import { readReference, writeReference } from "./reference.js";

/** The most bytes that a writer puts into a node. */
export const inlineSizeTarget = 512;
/** The most bytes that a reader takes from a node. */
export const inlineSizeMax = 65_536;
/** The most chunks outside a list. */
export const contentChunkCountMax = 64;

const kindInline = 0;
const kindChunks = 1;
const kindList = 2;

/** The bytes of `content` alone, as they stand in a root's `scan`. */
export function encodeContent(content: Content): Uint8Array {
  const writer = new ByteWriter(256);
  writeContent(writer, content);
  return writer.finish();
}

/**
 * Decodes the bytes of content alone; bytes inline are views of them.
 *
 * @throws {CorruptError} when they break a rule of the format.
 */
export function decodeContent(bytes: Uint8Array, what = "content"): Content {
  const reader = new ByteReader(bytes, what);
  const content = readContent(reader);
  reader.end();
  return content;
}

/** Content that is encoded already, for writers: it stands in a node until the node is written. */
export class EncodedContent {
  readonly kind = "encoded";
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export function writeContent(writer: ByteWriter, content: Content | EncodedContent): void {
  if (content.kind === "encoded") {
    writer.raw(content.bytes);
    return;
  }
  if (content.kind === "inline") {
    if (content.bytes.length > inlineSizeMax) throw new RangeError(`Cannot write ${content.bytes.length} bytes inline`);
    writer.u8(kindInline);
    writer.bytes(content.bytes);
  } else if (content.kind === "chunks") {
    const { length } = content.chunks;
    if (length < 1 || length > contentChunkCountMax) throw new RangeError(`Cannot write ${length} chunks as content`);
    writer.u8(kindChunks);
    writer.varint(length);
    for (const chunk of content.chunks) writeChunk(writer, chunk);
  } else {
    if (content.size < 1) throw new RangeError("Cannot write a list of chunks of size 0");
    writer.u8(kindList);
    writer.varint(content.size);
    writeReference(writer, content.list);
  }
}

/** @param reader is left behind the content. */
export function readContent(reader: ByteReader): Content {
  const kind = reader.u8();
  if (kind === kindInline) return { kind: "inline", bytes: reader.bytes(inlineSizeMax) };
  if (kind === kindChunks) return { kind: "chunks", chunks: readChunks(reader) };
  if (kind !== kindList) throw reader.corrupt(`content kind ${kind} is not 0, 1 or 2`);
  const size = reader.varint();
  if (size === 0) throw reader.corrupt("a list of chunks has size 0");
  return { kind: "list", size, list: readReference(reader) };
}

/** Bytes that {@link writeContent} writes. */
export function contentWeight(content: Content | EncodedContent): number {
  if (content.kind === "encoded") return content.bytes.length;
  if (content.kind === "inline") return 1 + varintSize(content.bytes.length) + content.bytes.length;
  if (content.kind === "list") return 2 + varintSize(content.size) + varintSize(content.list.length) + idSize;
  return content.chunks.reduce((weight, chunk) => weight + varintSize(chunk.length) + idSize, 1 + 1);
}

/** The length of a data chunk. */
export function readChunkLength(reader: ByteReader): number {
  const length = reader.varint();
  if (length < 1 || length > chunkLengthMax) {
    throw reader.corrupt(`chunk length ${length} is not 1 to ${chunkLengthMax}`);
  }
  return length;
}

/** @throws {RangeError} when there can be no such chunk. */
export function checkChunk(chunk: ChunkReference): void {
  const { id, length } = chunk;
  if (length < 1 || length > chunkLengthMax || id.length !== idSize) {
    throw new RangeError(`Cannot write a chunk of length ${length} with an id of ${id.length} bytes`);
  }
}

function writeChunk(writer: ByteWriter, chunk: ChunkReference): void {
  checkChunk(chunk);
  writer.varint(chunk.length);
  writer.raw(chunk.id);
}

function readChunks(reader: ByteReader): ChunkReference[] {
  const count = reader.varint();
  if (count < 1 || count > contentChunkCountMax) {
    throw reader.corrupt(`chunk count ${count} is not 1 to ${contentChunkCountMax}`);
  }
  const chunks: ChunkReference[] = [];
  for (let i = 0; i < count; i++) {
    const length = readChunkLength(reader);
    chunks.push({ id: reader.raw(idSize), length });
  }
  return chunks;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
