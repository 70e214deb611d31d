/** Trees, lists and contents (`docs/format.md` section 12). */

import { assertFormat, assertKnown, type ByteReader } from "./bytes.js";
import type { ChunkKind } from "./pack.js";
import { byteField, decodeRecord, type Fields, knownFields, listField, type Schema } from "./record.js";

export type NodeType = "file" | "directory" | "symlink" | "character device" | "block device" | "fifo" | "socket";

export interface Reference {
  readonly level: number;
  readonly length: number;
  readonly id: Buffer;
}

export interface Chunk {
  readonly length: number;
  readonly id: Buffer;
}

export type Content =
  | { readonly form: "inline"; readonly bytes: Buffer }
  | { readonly form: "chunks"; readonly chunks: readonly Chunk[] }
  | { readonly form: "list"; readonly size: number; readonly reference: Reference };

export interface Node {
  readonly name: Buffer;
  readonly type: NodeType;
  readonly mode: number;
  readonly owner: Owner;
  readonly mtimeNs: bigint;
  readonly content?: Content;
  readonly directory?: Reference;
  readonly target?: Buffer;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly attributes?: readonly { readonly name: Buffer; readonly content: Content }[];
  readonly flags?: number;
  readonly linkGroup?: Buffer;
  readonly hasChanged?: boolean;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly user: Buffer;
  readonly group: Buffer;
}

/** Gives the verified plaintext of a chunk. */
export type ReadChunk = (kind: ChunkKind, id: Buffer, length: number) => Buffer;

const NODE_TYPES: readonly NodeType[] = [
  "file",
  "directory",
  "symlink",
  "character device",
  "block device",
  "fifo",
  "socket",
];
const NODES: Schema = { critical: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], optional: [12, 13, 14, 15, 16] };
const CHUNKS: Schema = { critical: [1, 2, 3], optional: [] };
const INNER: Schema = { critical: [1, 2, 3, 4, 5, 6, 7], optional: [] };
const SCHEMAS = [NODES, CHUNKS, INNER];
const [KIND_NODES, KIND_CHUNKS, KIND_INNER] = [1, 2, 3] as const;
const SECONDS_MAX = 2 ** 50;
const LEAF_NODE_COUNT_MAX = 65_536;
const TREE_CHUNK_SIZE_MAX = 4 * 2 ** 20;
const U32_MAX = 2 ** 32 - 1;
export const CHUNK_SIZE_MAX = 64 * 2 ** 20;

/** How a list over nodes differs from one over chunks. */
interface ListShape<T> {
  readonly over: typeof KIND_NODES | typeof KIND_CHUNKS;
  readonly decodeLeaf: (fields: Fields) => T[];
  readonly span: (item: T) => number;
  readonly name?: (item: T) => Buffer;
}

const NODE_LIST: ListShape<Node> = {
  over: KIND_NODES,
  decodeLeaf: (fields) => decodeNodes(fields, 1),
  span: () => 1,
  name: (node) => node.name,
};
const CHUNK_LIST: ListShape<Chunk> = { over: KIND_CHUNKS, decodeLeaf: decodeChunks, span: (chunk) => chunk.length };

/** The only node of a root's leaf. */
export function decodeRootNode(bytes: Buffer): Node {
  const nodes = decodeNodes(decodeTreeRecord(bytes, KIND_NODES), 0);
  const node = nodes[0];
  assertFormat(nodes.length === 1 && node?.name.length === 0, "root has not one node without a name");
  return node;
}

/** The nodes of a directory, in order of name. */
export function readDirectory(read: ReadChunk, reference: Reference): Node[] {
  const nodes = readList(read, reference, NODE_LIST);
  assertAscending(nodes.map((node) => node.name));
  return nodes;
}

/** The bytes of a content. */
export function readContent(read: ReadChunk, content: Content): Buffer {
  if (content.form === "inline") return content.bytes;
  const chunks = content.form === "chunks" ? content.chunks : readList(read, content.reference, CHUNK_LIST);
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (content.form === "list") assertFormat(size === content.size, `content of ${size} bytes, not ${content.size}`);
  return Buffer.concat(chunks.map((chunk) => read(1, chunk.id, chunk.length)));
}

function readList<T>(read: ReadChunk, reference: Reference, shape: ListShape<T>): T[] {
  const record = read(2, reference.id, reference.length);
  if (reference.level === 0) return shape.decodeLeaf(decodeTreeRecord(record, shape.over));
  const inner = decodeTreeRecord(record, KIND_INNER);
  const level = byteField(inner, 2);
  assertFormat(level === reference.level, `inner list of level ${level}, not ${reference.level}`);
  assertFormat(byteField(inner, 3) === shape.over, "inner list is of the other kind");
  const lengths = listField(inner, 4, (reader) => reader.varint(TREE_CHUNK_SIZE_MAX, 1));
  const ids = listField(inner, 5, (reader) => reader.take(32));
  const spans = listField(inner, 6, (reader) => reader.varint(undefined, 1));
  const names = listField(inner, 7, (reader) => readNodeName(reader, 1));
  const counts = [ids.length, spans.length, shape.name ? names.length : lengths.length];
  assertFormat(lengths.length > 0 && counts.every((count) => count === lengths.length), "columns differ in length");
  assertFormat(shape.name !== undefined || names.length === 0, "list over chunks has names");
  return lengths.flatMap((length, child) => {
    const items = readList(read, { level: level - 1, length, id: ids[child]! }, shape);
    const span = items.reduce((sum, item) => sum + shape.span(item), 0);
    assertFormat(span === spans[child], `span below child ${child} is ${span}, not ${spans[child]}`);
    if (shape.name) assertFormat(shape.name(items[0]!).equals(names[child]!), `child ${child} has another first name`);
    return items;
  });
}

function decodeTreeRecord(bytes: Buffer, kind: number): Fields {
  assertFormat(bytes.length <= TREE_CHUNK_SIZE_MAX, `tree chunk of ${bytes.length} bytes`);
  const values = decodeRecord(bytes);
  const found = byteField(new Map([[1, values.get(3) ?? Buffer.alloc(0)]]), 1);
  const schema = SCHEMAS[found - 1];
  assertKnown(schema !== undefined, `tree record of kind ${found}`);
  assertFormat(found === kind, `tree record is of kind ${found}, not ${kind}`);
  return knownFields(values, schema);
}

function decodeChunks(fields: Fields): Chunk[] {
  const lengths = listField(fields, 2, (reader) => reader.varint(CHUNK_SIZE_MAX, 1));
  const ids = listField(fields, 3, (reader) => reader.take(32));
  assertFormat(ids.length === lengths.length && ids.length > 0, `${ids.length} ids of ${lengths.length} chunks`);
  return lengths.map((length, position) => ({ length, id: ids[position]! }));
}

function decodeNodes(fields: Fields, nameLengthMin: number): Node[] {
  const names = listField(fields, 2, (reader) => readNodeName(reader, nameLengthMin));
  assertAscending(names);
  assertFormat(names.length <= LEAF_NODE_COUNT_MAX, `leaf of ${names.length} nodes`);
  const types = listField(fields, 3, (reader) => {
    const type = NODE_TYPES[reader.u8() - 1];
    assertFormat(type !== undefined, "node type is unknown");
    return type;
  });
  const modes = listField(fields, 4, (reader) => reader.u16());
  assertFormat(
    modes.every((mode) => mode <= 0o7777),
    "mode is too large",
  );
  const owners = decodeOwners(fields);
  const mtimes = decodeTimes(fields);
  const contents = listField(fields, 8, readContentForm);
  const directories = listField(fields, 9, readReference);
  const targets = listField(fields, 10, (reader) => reader.bytes(65_535, 1));
  const devices = listField(fields, 11, (reader) => ({ major: reader.varint(U32_MAX), minor: reader.varint(U32_MAX) }));
  const attributes = sparseField(fields, 12, names.length, readAttributes);
  const flags = sparseField(fields, 13, names.length, (reader) => reader.varint(undefined, 1));
  const linkGroups = sparseField(fields, 14, names.length, (reader) => reader.take(8));
  const fileCount = types.filter((type) => type === "file").length;
  const changed = marksField(fields, 15, fileCount);
  const holes = marksField(fields, 16, fileCount);
  for (const column of [types, modes, owners, mtimes])
    assertFormat(column.length === names.length, `${column.length} items for ${names.length} nodes`);
  assertFormat(!targets.some((target) => target.includes(0)), "link target has a zero byte");
  const nodes = names.map((name, position): Node => {
    const type = types[position]!;
    return {
      name,
      type,
      mode: modes[position]!,
      owner: owners[position]!,
      mtimeNs: mtimes[position]!,
      ...(type === "file" && { content: next(contents) }),
      ...(type === "file" && changed.shift() === true && { hasChanged: true }),
      ...(type === "file" && holes.shift() === true && { hasHoles: true }),
      ...(type === "directory" && { directory: next(directories) }),
      ...(type === "symlink" && { target: next(targets) }),
      ...(type.endsWith("device") && { device: next(devices) }),
      ...(attributes.has(position) && { attributes: attributes.get(position)! }),
      ...(flags.has(position) && { flags: flags.get(position)! }),
      ...(linkGroups.has(position) && { linkGroup: linkGroups.get(position)! }),
    };
  });
  const left = contents.length + directories.length + targets.length + devices.length;
  assertFormat(left === 0, `${left} items of no node`);
  return nodes;
}

function next<T>(items: T[]): T {
  const item = items.shift();
  assertFormat(item !== undefined, "a column is too short");
  return item;
}

function readNodeName(reader: ByteReader, lengthMin: number): Buffer {
  const name = reader.bytes(1024, lengthMin);
  const text = name.toString("latin1");
  assertFormat(!/[\0/]/.test(text) && text !== "." && text !== "..", `name ${JSON.stringify(text)}`);
  return name;
}

function decodeOwners(fields: Fields): Owner[] {
  const table = listField(fields, 5, (reader) => ({
    uid: reader.varint(U32_MAX),
    gid: reader.varint(U32_MAX),
    user: reader.bytes(256),
    group: reader.bytes(256),
  }));
  for (const [line, owner] of table.entries())
    assertFormat(line === 0 || compareOwners(table[line - 1]!, owner) < 0, "owners are not sorted");
  const indexes = listField(fields, 6, (reader) => reader.varint(table.length - 1));
  assertFormat(new Set(indexes).size === table.length, "an owner is not used");
  return indexes.map((index) => table[index]!);
}

function compareOwners(a: Owner, b: Owner): number {
  return a.uid - b.uid || a.gid - b.gid || a.user.compare(b.user) || a.group.compare(b.group);
}

function decodeTimes(fields: Fields): bigint[] {
  let seconds = 0;
  return listField(fields, 7, (reader) => {
    seconds += reader.zigzag();
    assertFormat(Math.abs(seconds) <= SECONDS_MAX, `mtime of ${seconds} seconds`);
    return BigInt(seconds) * 1_000_000_000n + BigInt(reader.varint(999_999_999));
  });
}

/** A bit for each file. */
function marksField(fields: Fields, number: number, fileCount: number): boolean[] {
  const bytes = listField(fields, number, (reader) => reader.u8());
  assertFormat(bytes.at(-1) !== 0, `field ${number} ends with a zero byte`);
  const marks = bytes.flatMap((byte) => Array.from({ length: 8 }, (_, bit) => ((byte >> bit) & 1) === 1));
  assertFormat(marks.lastIndexOf(true) < fileCount, `field ${number} marks more than ${fileCount} files`);
  return marks;
}

/** A column that only some nodes have an item in, by position. */
function sparseField<T>(fields: Fields, number: number, nodeCount: number, item: (reader: ByteReader) => T) {
  let position = -1;
  return new Map(
    listField(fields, number, (reader): [number, T] => {
      position += reader.varint() + 1;
      assertFormat(position < nodeCount, `item of field ${number} at ${position} of ${nodeCount} nodes`);
      return [position, item(reader)];
    }),
  );
}

function readAttributes(reader: ByteReader) {
  const attributes = Array.from({ length: reader.varint(1024, 1) }, () => ({
    name: reader.bytes(255, 1),
    content: readContentForm(reader),
  }));
  assertAscending(attributes.map((attribute) => attribute.name));
  return attributes;
}

export function readReference(reader: ByteReader): Reference {
  const level = reader.u8();
  assertFormat(level <= 8, `reference of level ${level}`);
  return { level, length: reader.varint(TREE_CHUNK_SIZE_MAX, 1), id: reader.take(32) };
}

export function readContentForm(reader: ByteReader): Content {
  const form = reader.u8();
  assertFormat(form <= 2, `content of form ${form}`);
  if (form === 0) return { form: "inline", bytes: reader.bytes(65_536) };
  if (form === 2) return { form: "list", size: reader.varint(undefined, 1), reference: readReference(reader) };
  const readChunk = () => ({ length: reader.varint(CHUNK_SIZE_MAX, 1), id: reader.take(32) });
  return { form: "chunks", chunks: Array.from({ length: reader.varint(64, 1) }, readChunk) };
}

function assertAscending(names: readonly Buffer[]): void {
  for (const [position, name] of names.entries())
    assertFormat(position === 0 || names[position - 1]!.compare(name) < 0, "names do not ascend");
}
