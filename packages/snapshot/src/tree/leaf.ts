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

import { ByteWriter } from "@bcat/codec";
import { encodeColumns, readTreeRecord, treeKind } from "./columns.js";
import { contentWeight, writeContent } from "./content.js";
import { writeDevice } from "./device.js";
import { leafField, leafLayout } from "./leaf-fields.js";
import { type LeafOptions, LeafReader } from "./leaf-reader.js";
import { changedMark, encodeMarks, holesMark } from "./marks.js";
import { compareBytes, isName, showName } from "./name.js";
import { leafNodeCountMax, modeMax, type Node, type NodeToWrite, NodeType } from "./node.js";
import { encodeOwners } from "./owner.js";
import { writeReference } from "./reference.js";
import {
  atimesColumn,
  attributesColumn,
  attributesWeight,
  encodeSparse,
  flagsColumn,
  linkGroupsColumn,
} from "./sparse.js";
import { writeTarget } from "./target.js";
import { writeTime } from "./time.js";

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
      [leafField.names, columns.names.finish()],
      [leafField.types, columns.types.finish()],
      [leafField.modes, columns.modes.finish()],
      [leafField.ownerTable, owners.table],
      [leafField.owners, owners.indexes],
      [leafField.mtimes, columns.mtimes.finish()],
      [leafField.contents, columns.contents.finish()],
      [leafField.subtrees, columns.subtrees.finish()],
      [leafField.targets, columns.targets.finish()],
      [leafField.devices, columns.devices.finish()],
      [leafField.attributes, encodeSparse(nodes, attributesColumn)],
      [leafField.flags, encodeSparse(nodes, flagsColumn)],
      [leafField.linkGroups, encodeSparse(nodes, linkGroupsColumn)],
      [leafField.changed, encodeMarks(nodes, changedMark)],
      [leafField.holes, encodeMarks(nodes, holesMark)],
      [leafField.atimes, encodeSparse(nodes, atimesColumn)],
    ],
    leafLayout,
  );
}

/**
 * Decodes a leaf. Bytes in the nodes are views of `bytes`.
 *
 * @param options.what names the object in errors: `Cannot read <what>: …`.
 * @throws {CorruptError} when the bytes break a rule of the format.
 * @throws {BcatError} `newer-format` when they need a newer version.
 */
export function decodeLeaf(bytes: Uint8Array, options: LeafOptions & { readonly what?: string } = {}): readonly Node[] {
  return new LeafReader(readTreeRecord(bytes, options.what ?? "tree"), options).nodes();
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
