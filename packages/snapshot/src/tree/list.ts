/**
 * Lists, docs/format.md section 12.2: what does not fit one leaf is cut into many, under inner lists.
 *
 *     leaf of chunks                  inner
 *       1 c  u8 kind 2                  1 c  u8 kind 3
 *       2 c  lengths, varint each       2 c  u8 level; children are of level − 1
 *       3 c  ids, 32 bytes each         3 c  u8 over: 1 nodes, 2 chunks
 *                                       4 c  lengths, varint each
 *                                       5 c  ids, 32 bytes each
 *                                       6 c  spans, varint each
 *                                       7 c  over nodes: first names, bytes each
 */

import { type ByteReader, ByteWriter, type RecordLayout } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import { ColumnReaders, encodeColumns, readTreeRecord, type TreeRecord, treeKind } from "./columns.js";
import { checkChunk, readChunkLength } from "./content.js";
import { compareBytes, isName, showName } from "./name.js";
import { type ChunkReference, idSize, levelMax, nameLengthMax, treeSizeMax } from "./node.js";
import { readTreeLength } from "./reference.js";

/** A list over leaves (level 1) or over lists. */
export type InnerList = NodeList | ChunkList;

/** Over the nodes of a directory. */
export interface NodeList {
  readonly level: number;
  readonly over: "nodes";
  readonly children: readonly NodeChild[];
}

/** Over the chunks of a file. */
export interface ChunkList {
  readonly level: number;
  readonly over: "chunks";
  readonly children: readonly ListChild[];
}

export interface ListChild {
  readonly id: Uint8Array;
  readonly length: number;
  /** What is below the child: its nodes, or the bytes of its chunks. */
  readonly span: number;
}

export interface NodeChild extends ListChild {
  /** Of the first node below the child. */
  readonly firstName: Uint8Array;
}

const chunkField = { kind: 1, lengths: 2, ids: 3 } as const;
const innerField = { kind: 1, level: 2, over: 3, lengths: 4, ids: 5, spans: 6, firstNames: 7 } as const;
const chunkLayout = criticalLayout(Object.values(chunkField));
const innerLayout = criticalLayout(Object.values(innerField));
const overs = ["nodes", "chunks"] as const;

/** @throws {RangeError} when there is no chunk, or one that cannot be. */
export function encodeChunkLeaf(chunks: readonly ChunkReference[]): Uint8Array {
  if (chunks.length === 0) throw new RangeError("Cannot write a list without chunks");
  const lengths = new ByteWriter(chunks.length * 3);
  const ids = new ByteWriter(chunks.length * idSize);
  for (const chunk of chunks) {
    checkChunk(chunk);
    lengths.varint(chunk.length);
    ids.raw(chunk.id);
  }
  const columns = [
    [chunkField.lengths, lengths.finish()],
    [chunkField.ids, ids.finish()],
  ] as const;
  return encodeColumns(treeKind.chunks, columns, chunkLayout);
}

/** @throws {CorruptError} when the bytes break a rule of the format. */
export function decodeChunkLeaf(bytes: Uint8Array, what = "tree"): ChunkReference[] {
  return readChunkLeaf(readTreeRecord(bytes, what));
}

export function readChunkLeaf(tree: TreeRecord): ChunkReference[] {
  const columns = new ColumnReaders(tree, { kind: treeKind.chunks, layout: chunkLayout });
  const lengths = columns.open(chunkField.lengths, "lengths");
  const ids = columns.open(chunkField.ids, "ids");
  const chunks: ChunkReference[] = [];
  while (ids.remaining > 0) chunks.push({ id: ids.raw(idSize), length: readChunkLength(lengths) });
  lengths.end();
  if (chunks.length === 0) throw new CorruptError(`Cannot read ${tree.what}: it is a list without chunks`);
  return chunks;
}

/** @throws {RangeError} when the list breaks a rule of the format. */
export function encodeInner(list: InnerList): Uint8Array {
  const fault = findInnerFault(list);
  if (fault !== undefined) throw new RangeError(`Cannot write a list: ${fault}`);
  const lengths = new ByteWriter(list.children.length * 3);
  const ids = new ByteWriter(list.children.length * idSize);
  const spans = new ByteWriter(list.children.length * 3);
  const firstNames = new ByteWriter(0);
  for (const child of list.children) {
    if (child.length < 1 || child.length > treeSizeMax || child.id.length !== idSize) {
      throw new RangeError(`Cannot write a child of length ${child.length} with an id of ${child.id.length} bytes`);
    }
    lengths.varint(child.length);
    ids.raw(child.id);
    spans.varint(child.span);
  }
  if (list.over === "nodes") for (const child of list.children) firstNames.bytes(child.firstName);
  const columns = [
    [innerField.level, Uint8Array.of(list.level)],
    [innerField.over, Uint8Array.of(overs.indexOf(list.over) + 1)],
    [innerField.lengths, lengths.finish()],
    [innerField.ids, ids.finish()],
    [innerField.spans, spans.finish()],
    [innerField.firstNames, firstNames.finish()],
  ] as const;
  return encodeColumns(treeKind.inner, columns, innerLayout);
}

/** @throws {CorruptError} when the bytes break a rule of the format. */
export function decodeInner(bytes: Uint8Array, what = "tree"): InnerList {
  return readInner(readTreeRecord(bytes, what));
}

export function readInner(tree: TreeRecord): InnerList {
  const columns = new ColumnReaders(tree, { kind: treeKind.inner, layout: innerLayout });
  const level = readOnly(columns.open(innerField.level, "level"));
  const overReader = columns.open(innerField.over, "over");
  const over = overs[readOnly(overReader) - 1];
  if (over === undefined) throw overReader.corrupt("it is over neither nodes nor chunks");
  const children = readChildren(columns);
  const firstNames = columns.open(innerField.firstNames, "first names");
  const list: InnerList =
    over === "chunks" ? { level, over, children } : { level, over, children: addFirstNames(firstNames, children) };
  firstNames.end();
  const fault = findInnerFault(list);
  if (fault !== undefined) throw new CorruptError(`Cannot read ${tree.what}: ${fault}`);
  return list;
}

function readOnly(reader: ByteReader): number {
  const value = reader.u8();
  reader.end();
  return value;
}

function readChildren(columns: ColumnReaders): ListChild[] {
  const lengths = columns.open(innerField.lengths, "lengths");
  const ids = columns.open(innerField.ids, "ids");
  const spans = columns.open(innerField.spans, "spans");
  const children: ListChild[] = [];
  while (ids.remaining > 0) {
    children.push({ id: ids.raw(idSize), length: readTreeLength(lengths), span: spans.varint() });
  }
  lengths.end();
  spans.end();
  return children;
}

function addFirstNames(reader: ByteReader, children: readonly ListChild[]): NodeChild[] {
  return children.map(({ id, length, span }) => ({ id, length, span, firstName: reader.bytes(nameLengthMax) }));
}

function findInnerFault(list: InnerList): string | undefined {
  const { level, children } = list;
  if (!(level >= 1 && level <= levelMax)) return `level ${level} is not 1 to ${levelMax}`;
  if (children.length === 0) return "it has no children";
  if (children.some((child) => child.span < 1)) return "a span is below 1";
  const span = children.reduce((sum, child) => sum + child.span, 0);
  if (!Number.isSafeInteger(span)) return "the sum of the spans is not below 2^53";
  return list.over === "nodes" ? findFirstNamesFault(list.children) : undefined;
}

function findFirstNamesFault(children: readonly NodeChild[]): string | undefined {
  let last: Uint8Array | undefined;
  for (const { firstName } of children) {
    if (!isName(firstName)) return `${showName(firstName)} is not a name`;
    if (last !== undefined && compareBytes(last, firstName) >= 0) {
      return `${showName(firstName)} follows ${showName(last)}`;
    }
    last = firstName;
  }
  return undefined;
}

function criticalLayout(numbers: readonly number[]): RecordLayout {
  return new Map(numbers.map((number) => [number, { critical: true }]));
}
