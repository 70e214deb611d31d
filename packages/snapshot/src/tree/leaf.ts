/**
 * Leaf of nodes (kind 1), docs/format.md section 12.1: a record whose fields are columns over the nodes, so that like
 * stands beside like for the compressor, and no node costs a head.
 *
 *     1 c  u8 kind 1                6 c  owners: index each      11 c  of devices: major, minor
 *     2 c  names                    7 c  mtimes                  12    extended attributes
 *     3 c  types                    8 c  of files: content       13    flags
 *     4 c  modes                    9 c  of directories: nodes   14    link groups
 *     5 c  table of owners         10 c  of symlinks: target     15    marks: changed while they were read
 *                                                              16    marks: had holes
 *                                                              17    atimes
 *
 * Laws: `decodeLeaf(encodeLeaf(nodes)) = nodes`; and bytes that decode are what their nodes encode to, so equal
 * directories have equal ids. The one exception are fields of a newer version, which are ignored.
 */

import { type ByteReader, ByteWriter, type RecordLayout } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import { ColumnReaders, encodeColumns, readTreeRecord, type TreeRecord, treeKind } from "./columns.js";
import { contentWeight, readContent, writeContent } from "./content.js";
import { changedMark, encodeMarks, holesMark, readMarks } from "./marks.js";
import { compareBytes, isName, showName } from "./name.js";
import {
  leafNodeCountMax,
  modeMax,
  type Node,
  type NodeToWrite,
  NodeType,
  nameLengthMax,
  targetLengthMax,
} from "./node.js";
import { encodeOwners, type Owner, readOwnerIndexes, readOwnerTable } from "./owner.js";
import { readReference, writeReference } from "./reference.js";
import {
  atimesColumn,
  attributesColumn,
  attributesWeight,
  encodeSparse,
  flagsColumn,
  linkGroupsColumn,
  readSparse,
} from "./sparse.js";
import { readNanoseconds, readSeconds, writeTime } from "./time.js";

export interface LeafOptions {
  /** The leaf of a root: exactly one node, whose name is empty. */
  readonly root?: boolean;
}

const field = {
  kind: 1,
  names: 2,
  types: 3,
  modes: 4,
  ownerTable: 5,
  owners: 6,
  mtimes: 7,
  contents: 8,
  subtrees: 9,
  targets: 10,
  devices: 11,
  attributes: 12,
  flags: 13,
  linkGroups: 14,
  changed: 15,
  holes: 16,
  atimes: 17,
} as const;

/** From here on, a reader that does not know a field can restore without it. */
const uncriticalFrom: number = field.attributes;

const layout: RecordLayout = new Map(
  Object.values(field).map((number) => [number, { critical: number < uncriticalFrom }]),
);

const deviceNumberMax = 0xffff_ffff;

/**
 * Encodes nodes, which ascend strictly by name.
 *
 * @throws {RangeError} when they break a rule of the format.
 */
export function encodeLeaf(nodes: readonly NodeToWrite[], options: LeafOptions = {}): Uint8Array {
  const { length } = nodes;
  if (length > leafNodeCountMax) throw new RangeError(`Cannot write ${length} nodes: at most ${leafNodeCountMax}`);
  const fault = findNamesFault(nodes, options);
  if (fault !== undefined) throw new RangeError(`Cannot write nodes: ${fault}`);
  const owners = encodeOwners(nodes);
  const columns = writeDense(nodes);
  return encodeColumns(
    treeKind.nodes,
    [
      [field.names, columns.names.finish()],
      [field.types, columns.types.finish()],
      [field.modes, columns.modes.finish()],
      [field.ownerTable, owners.table],
      [field.owners, owners.indexes],
      [field.mtimes, columns.mtimes.finish()],
      [field.contents, columns.contents.finish()],
      [field.subtrees, columns.subtrees.finish()],
      [field.targets, columns.targets.finish()],
      [field.devices, columns.devices.finish()],
      [field.attributes, encodeSparse(nodes, attributesColumn)],
      [field.flags, encodeSparse(nodes, flagsColumn)],
      [field.linkGroups, encodeSparse(nodes, linkGroupsColumn)],
      [field.changed, encodeMarks(nodes, changedMark)],
      [field.holes, encodeMarks(nodes, holesMark)],
      [field.atimes, encodeSparse(nodes, atimesColumn)],
    ],
    layout,
  );
}

/**
 * Decodes a leaf. Bytes in the nodes are views of `bytes`.
 *
 * @param options.what names the object in errors: `Cannot read <what>: …`.
 * @throws {CorruptError} when the bytes break a rule of the format.
 * @throws {BcatError} `newer-format` when they need a newer version.
 */
export function decodeLeaf(bytes: Uint8Array, options: LeafOptions & { readonly what?: string } = {}): Node[] {
  return readLeaf(readTreeRecord(bytes, options.what ?? "tree"), options);
}

export function readLeaf(tree: TreeRecord, options: LeafOptions = {}): Node[] {
  const columns = new ColumnReaders(tree, { kind: treeKind.nodes, layout });
  const names = readNames(columns.open(field.names, "names"));
  const nodes = readDense(columns, names);
  const fault = findNamesFault(nodes, options);
  if (fault !== undefined) throw new CorruptError(`Cannot read ${tree.what}: ${fault}`);
  readSparse(columns.open(field.attributes, "attributes"), nodes, attributesColumn);
  readSparse(columns.open(field.flags, "flags"), nodes, flagsColumn);
  readSparse(columns.open(field.linkGroups, "link groups"), nodes, linkGroupsColumn);
  readMarks(columns.open(field.changed, "marks of what has changed"), nodes, changedMark);
  readMarks(columns.open(field.holes, "marks of holes"), nodes, holesMark);
  readSparse(columns.open(field.atimes, "access times"), nodes, atimesColumn);
  return nodes;
}

/** What a node counts when a writer decides where leaves end (section 12.2). */
export function nodeWeight(node: NodeToWrite): number {
  const { name, content, target, attributes } = node;
  const contentPart = content === undefined ? 0 : contentWeight(content);
  const attributesPart = attributes === undefined ? 0 : attributesWeight(attributes);
  return 32 + name.length + contentPart + (target?.length ?? 0) + attributesPart;
}

function findNamesFault(nodes: readonly { readonly name: Uint8Array }[], options: LeafOptions): string | undefined {
  if (options.root === true) {
    return nodes.length === 1 && nodes[0]!.name.length === 0 ? undefined : "a root is one node without a name";
  }
  let last: Uint8Array | undefined;
  for (const { name } of nodes) {
    if (!isName(name)) return `${showName(name)} is not a name`;
    if (last !== undefined && compareBytes(last, name) >= 0) return `${showName(name)} follows ${showName(last)}`;
    last = name;
  }
  return undefined;
}

function writeDense(nodes: readonly NodeToWrite[]) {
  const columns = {
    names: new ByteWriter(nodes.length * 16),
    types: new ByteWriter(nodes.length),
    modes: new ByteWriter(nodes.length * 2),
    mtimes: new ByteWriter(nodes.length * 8),
    contents: new ByteWriter(nodes.length * 32),
    subtrees: new ByteWriter(0),
    targets: new ByteWriter(0),
    devices: new ByteWriter(0),
  };
  let previous = 0;
  for (const node of nodes) {
    const { mode, mtimeSeconds: seconds, mtimeNanoseconds: nanoseconds } = node;
    if (mode > modeMax) throw new RangeError(`Cannot write mode ${mode} of ${showName(node.name)}`);
    columns.names.bytes(node.name);
    columns.types.u8(node.type);
    columns.modes.u16(mode);
    writeTime(columns.mtimes, { seconds, nanoseconds, previous });
    writeOfType(columns, node);
    previous = seconds;
  }
  return columns;
}

type DenseWriters = ReturnType<typeof writeDense>;

/** Writes what nodes of this type have, and refuses what they do not have. */
function writeOfType(columns: DenseWriters, node: NodeToWrite): void {
  const { type, content, subtree, target, major, minor } = node;
  const device = major !== undefined && minor !== undefined;
  const parts = Number(content !== undefined) + Number(subtree !== undefined) + Number(target !== undefined);
  let expected = 1;
  if (type === NodeType.file && content !== undefined) writeContent(columns.contents, content);
  else if (type === NodeType.directory && subtree !== undefined) writeReference(columns.subtrees, subtree);
  else if (type === NodeType.symlink && target !== undefined) writeTarget(columns.targets, target);
  else if ((type === NodeType.characterDevice || type === NodeType.blockDevice) && device) {
    writeDevice(columns.devices, { major, minor });
  } else expected = type === NodeType.fifo || type === NodeType.socket ? 0 : -1;
  const found = parts + Number(major !== undefined || minor !== undefined);
  if (found !== expected) throw new RangeError(`Cannot write ${showName(node.name)}: it is not a node of type ${type}`);
}

function writeTarget(writer: ByteWriter, target: Uint8Array): void {
  if (target.length < 1 || target.length > targetLengthMax || target.includes(0)) {
    throw new RangeError(`Cannot write a target of ${target.length} bytes: 1 to ${targetLengthMax}, none of them 0`);
  }
  writer.bytes(target);
}

function readTarget(reader: ByteReader): Uint8Array {
  const target = reader.bytes(targetLengthMax);
  if (target.length < 1 || target.includes(0)) throw reader.corrupt("a target is empty or has a byte 0");
  return target;
}

function writeDevice(writer: ByteWriter, device: { major: number; minor: number }): void {
  const { major, minor } = device;
  if (major > deviceNumberMax || minor > deviceNumberMax) throw new RangeError(`Cannot write device ${major}:${minor}`);
  writer.varint(major);
  writer.varint(minor);
}

function readDevice(reader: ByteReader): { major: number; minor: number } {
  const major = reader.varint();
  const minor = reader.varint();
  if (major > deviceNumberMax || minor > deviceNumberMax) {
    throw reader.corrupt(`device ${major}:${minor} is not below 2^32`);
  }
  return { major, minor };
}

function readNames(reader: ByteReader): Uint8Array[] {
  const names: Uint8Array[] = [];
  while (reader.remaining > 0) {
    if (names.length === leafNodeCountMax) throw reader.corrupt(`more than ${leafNodeCountMax} nodes`);
    names.push(reader.bytes(nameLengthMax));
  }
  return names;
}

function readDense(columns: ColumnReaders, names: readonly Uint8Array[]): Node[] {
  const readers = {
    types: columns.open(field.types, "types"),
    modes: columns.open(field.modes, "modes"),
    mtimes: columns.open(field.mtimes, "mtimes"),
    contents: columns.open(field.contents, "contents"),
    subtrees: columns.open(field.subtrees, "subtrees"),
    targets: columns.open(field.targets, "targets"),
    devices: columns.open(field.devices, "devices"),
  };
  const owners = readOwners(columns, names.length);
  const nodes: Node[] = [];
  let seconds = 0;
  for (let i = 0; i < names.length; i++) {
    const type = readers.types.u8() as NodeType;
    const mode = readers.modes.u16();
    if (mode > modeMax) throw readers.modes.corrupt(`mode ${mode} is above ${modeMax}`);
    seconds = readSeconds(readers.mtimes, seconds);
    const { uid, gid, user, group } = owners.table[owners.indexes[i]!]!;
    const mtimeNanoseconds = readNanoseconds(readers.mtimes);
    const node = { name: names[i]!, type, mode, uid, gid, user, group, mtimeSeconds: seconds, mtimeNanoseconds };
    nodes.push(readOfType(readers, node));
  }
  for (const reader of Object.values(readers)) reader.end();
  return nodes;
}

type DenseReaders = Readonly<
  Record<"types" | "modes" | "mtimes" | "contents" | "subtrees" | "targets" | "devices", ByteReader>
>;

/** Adds what nodes of this type have. */
function readOfType(readers: DenseReaders, node: Node): Node {
  switch (node.type) {
    case NodeType.file:
      node.content = readContent(readers.contents);
      return node;
    case NodeType.directory:
      node.subtree = readReference(readers.subtrees);
      return node;
    case NodeType.symlink:
      node.target = readTarget(readers.targets);
      return node;
    case NodeType.characterDevice:
    case NodeType.blockDevice:
      return Object.assign(node, readDevice(readers.devices));
    case NodeType.fifo:
    case NodeType.socket:
      return node;
    default:
      throw readers.types.corrupt(`node type ${node.type} is not 1 to 7`);
  }
}

function readOwners(columns: ColumnReaders, count: number): { table: readonly Owner[]; indexes: Uint32Array } {
  const table = readOwnerTable(columns.open(field.ownerTable, "owners"));
  const indexes = readOwnerIndexes(columns.open(field.owners, "owner of each node"), { count, owners: table.length });
  return { table, indexes };
}
