/**
 * Columns that few nodes have, or all or none, docs/format.md section 12.1 columns 12 to 14 and 17. Each item begins with
 * how many nodes were left out: varint (position − position of the one before − 1; the first: position).
 *
 *     attributes    varint count ‖ (bytes name ‖ content) each
 *     flags         varint, not 0
 *     link groups   8 bytes
 *     atimes        zigzag seconds, as difference to the mtime of the node ‖ varint nanoseconds
 */

import { type ByteReader, ByteWriter } from "@bcat/codec";
import { contentWeight, readContent, writeContent } from "./content.js";
import { compareBytes, showName } from "./name.js";
import {
  type Attribute,
  attributeCountMax,
  attributeNameLengthMax,
  linkGroupSize,
  type Node,
  type NodeToWrite,
} from "./node.js";
import { readNanoseconds, readSeconds, writeTime } from "./time.js";

/** How one such column stands in a node and in bytes. */
export interface SparseColumn {
  readonly has: (node: NodeToWrite) => boolean;
  readonly write: (writer: ByteWriter, node: NodeToWrite) => void;
  readonly read: (reader: ByteReader, node: Node) => void;
}

export const attributesColumn: SparseColumn = {
  has: (node) => node.attributes !== undefined && node.attributes.length > 0,
  write: (writer, node) => writeAttributes(writer, node.attributes!),
  read: (reader, node) => {
    node.attributes = readAttributes(reader);
  },
};

export const flagsColumn: SparseColumn = {
  has: (node) => node.flags !== undefined && node.flags !== 0,
  write: (writer, node) => writer.varint(node.flags!),
  read: (reader, node) => {
    node.flags = reader.varint();
    if (node.flags === 0) throw reader.corrupt("inode flags are 0");
  },
};

export const linkGroupsColumn: SparseColumn = {
  has: (node) => node.linkGroup !== undefined,
  write: (writer, node) => {
    const { length } = node.linkGroup!;
    if (length !== linkGroupSize) throw new RangeError(`Cannot write a link group of ${length} bytes`);
    writer.raw(node.linkGroup!);
  },
  read: (reader, node) => {
    node.linkGroup = reader.raw(linkGroupSize);
  },
};

export const atimesColumn: SparseColumn = {
  has: (node) => node.atimeSeconds !== undefined,
  write: (writer, node) => {
    const { atimeSeconds: seconds, atimeNanoseconds: nanoseconds, mtimeSeconds: previous } = node;
    writeTime(writer, { seconds: seconds!, nanoseconds: nanoseconds!, previous });
  },
  read: (reader, node) => {
    node.atimeSeconds = readSeconds(reader, node.mtimeSeconds);
    node.atimeNanoseconds = readNanoseconds(reader);
  },
};

/** The column of `nodes`; without bytes when none has it. */
export function encodeSparse(nodes: readonly NodeToWrite[], column: SparseColumn): Uint8Array {
  const writer = new ByteWriter(0);
  let next = 0;
  for (let position = 0; position < nodes.length; position++) {
    const node = nodes[position]!;
    if (!column.has(node)) continue;
    writer.varint(position - next);
    column.write(writer, node);
    next = position + 1;
  }
  return writer.finish();
}

/** Reads to the end, into `nodes`. */
export function readSparse(reader: ByteReader, nodes: readonly Node[], column: SparseColumn): void {
  let position = 0;
  while (reader.remaining > 0) {
    position += reader.varint();
    const node = nodes[position];
    if (node === undefined) throw reader.corrupt(`position ${position} is not below ${nodes.length}`);
    column.read(reader, node);
    position++;
  }
}

/** Bytes that the attributes of one node take, without their count. */
export function attributesWeight(attributes: readonly Attribute[]): number {
  return attributes.reduce((weight, { name, content }) => weight + nameSize(name) + contentWeight(content), 0);
}

function writeAttributes(writer: ByteWriter, attributes: readonly Attribute[]): void {
  if (attributes.length > attributeCountMax) throw new RangeError(`Cannot write ${attributes.length} attributes`);
  writer.varint(attributes.length);
  let last: Uint8Array | undefined;
  for (const { name, content } of attributes) {
    const fault = findNameFault(name, last);
    if (fault !== undefined) throw new RangeError(`Cannot write attributes: ${fault}`);
    writer.bytes(name);
    writeContent(writer, content);
    last = name;
  }
}

function readAttributes(reader: ByteReader): Attribute[] {
  const count = reader.varint();
  if (count < 1 || count > attributeCountMax)
    throw reader.corrupt(`${count} attributes are not 1 to ${attributeCountMax}`);
  const attributes: Attribute[] = [];
  let last: Uint8Array | undefined;
  for (let i = 0; i < count; i++) {
    const name = reader.bytes(attributeNameLengthMax);
    const fault = findNameFault(name, last);
    if (fault !== undefined) throw reader.corrupt(fault);
    attributes.push({ name, content: readContent(reader) });
    last = name;
  }
  return attributes;
}

function findNameFault(name: Uint8Array, last: Uint8Array | undefined): string | undefined {
  if (name.length < 1 || name.length > attributeNameLengthMax) return `an attribute's name has ${name.length} bytes`;
  if (last !== undefined && compareBytes(last, name) >= 0)
    return `attribute ${showName(name)} follows ${showName(last)}`;
  return undefined;
}

/** Of a name with its length. */
function nameSize(name: Uint8Array): number {
  return name.length + (name.length < 128 ? 1 : 2);
}
