/**
 * Reads a leaf of nodes (leaf.ts) in two steps: its names, types and references to subtrees, which is what a walk needs;
 * and all else of its nodes, when somebody asks for one. What is not asked for is not looked at.
 */

import type { ByteReader } from "@bcat/codec";
import { CorruptError } from "@bcat/errors";
import { ColumnReaders, type TreeRecord, treeKind } from "./columns.js";
import { readContent } from "./content.js";
import { readDevice } from "./device.js";
import { leafField as field, leafLayout } from "./leaf-fields.js";
import { changedMark, holesMark, readMarks } from "./marks.js";
import { NameColumn } from "./name-column.js";
import { modeMax, type Node, NodeType, type TreeReference } from "./node.js";
import { type Owner, readOwnerIndexes, readOwnerTable } from "./owner.js";
import { readReference } from "./reference.js";
import { atimesColumn, attributesColumn, flagsColumn, linkGroupsColumn, readSparse } from "./sparse.js";
import { readTarget } from "./target.js";
import { readNanoseconds, readSeconds } from "./time.js";

export interface LeafOptions {
  /** The leaf of a root: exactly one node, whose name is empty. */
  readonly root?: boolean;
}

/** The nodes of a leaf by position, in order of name. */
export class LeafReader {
  readonly names: NameColumn;
  readonly #columns: ColumnReaders;
  /** A {@link NodeType} each. */
  readonly #types: Uint8Array;
  readonly #subtrees: ReadonlyMap<number, TreeReference>;
  #nodes: readonly Node[] | undefined;

  /** @throws {CorruptError} when names, types or references to subtrees break a rule of the format. */
  constructor(tree: TreeRecord, options: LeafOptions = {}) {
    const columns = new ColumnReaders(tree, { kind: treeKind.nodes, layout: leafLayout });
    this.#columns = columns;
    this.names = new NameColumn(columns.bytes(field.names), columns.open(field.names, "names"));
    const fault = options.root === true ? findRootFault(this.names) : this.names.findFault();
    if (fault !== undefined) throw new CorruptError(`Cannot read ${tree.what}: ${fault}`);
    this.#types = readTypes(columns.open(field.types, "types"), this.count);
    this.#subtrees = readSubtrees(columns.open(field.subtrees, "subtrees"), this.#types);
  }

  get count(): number {
    return this.names.count;
  }

  typeOf(position: number): NodeType {
    return this.#types[position] as NodeType;
  }

  /** What is in it; undefined of all but directories. */
  subtreeOf(position: number): TreeReference | undefined {
    return this.#subtrees.get(position);
  }

  /** All of them, decoded once. @throws {CorruptError} when anything of them breaks a rule of the format. */
  nodes(): readonly Node[] {
    this.#nodes ??= this.#decode();
    return this.#nodes;
  }

  #decode(): Node[] {
    const columns = this.#columns;
    const nodes = this.#decodeDense();
    readSparse(columns.open(field.attributes, "attributes"), nodes, attributesColumn);
    readSparse(columns.open(field.flags, "flags"), nodes, flagsColumn);
    readSparse(columns.open(field.linkGroups, "link groups"), nodes, linkGroupsColumn);
    readMarks(columns.open(field.changed, "marks of what has changed"), nodes, changedMark);
    readMarks(columns.open(field.holes, "marks of holes"), nodes, holesMark);
    readSparse(columns.open(field.atimes, "access times"), nodes, atimesColumn);
    return nodes;
  }

  #decodeDense(): Node[] {
    const owners = readOwners(this.#columns, this.count);
    const readers = openDense(this.#columns);
    const nodes: Node[] = [];
    let seconds = 0;
    for (let i = 0; i < this.count; i++) {
      const mode = readers.modes.u16();
      if (mode > modeMax) throw readers.modes.corrupt(`mode ${mode} is above ${modeMax}`);
      seconds = readSeconds(readers.mtimes, seconds);
      const mtimeNanoseconds = readNanoseconds(readers.mtimes);
      const { uid, gid, user, group } = owners.table[owners.indexes[i]!]!;
      const [name, type] = [this.names.at(i), this.typeOf(i)];
      const node: Node = { name, type, mode, uid, gid, user, group, mtimeSeconds: seconds, mtimeNanoseconds };
      const subtree = this.subtreeOf(i);
      if (subtree === undefined) readOfType(readers, node);
      else node.subtree = subtree;
      nodes.push(node);
    }
    for (const reader of Object.values(readers)) reader.end();
    return nodes;
  }
}

function findRootFault(names: NameColumn): string | undefined {
  return names.count === 1 && names.at(0).length === 0 ? undefined : "a root is one node without a name";
}

function readTypes(reader: ByteReader, count: number): Uint8Array {
  const types = reader.raw(count);
  for (const type of types)
    if (type < NodeType.file || type > NodeType.socket) throw reader.corrupt(`node type ${type} is not 1 to 7`);
  reader.end();
  return types;
}

function readSubtrees(reader: ByteReader, types: Uint8Array): Map<number, TreeReference> {
  const subtrees = new Map<number, TreeReference>();
  for (let i = types.indexOf(NodeType.directory); i >= 0; i = types.indexOf(NodeType.directory, i + 1))
    subtrees.set(i, readReference(reader));
  reader.end();
  return subtrees;
}

function readOwners(columns: ColumnReaders, count: number): { table: readonly Owner[]; indexes: Uint32Array } {
  const table = readOwnerTable(columns.open(field.ownerTable, "owners"));
  const indexes = readOwnerIndexes(columns.open(field.owners, "owner of each node"), { count, owners: table.length });
  return { table, indexes };
}

function openDense(columns: ColumnReaders) {
  return {
    modes: columns.open(field.modes, "modes"),
    mtimes: columns.open(field.mtimes, "mtimes"),
    contents: columns.open(field.contents, "contents"),
    targets: columns.open(field.targets, "targets"),
    devices: columns.open(field.devices, "devices"),
  };
}

/** Adds what nodes of this type have. */
function readOfType(readers: ReturnType<typeof openDense>, node: Node): void {
  switch (node.type) {
    case NodeType.file:
      node.content = readContent(readers.contents);
      return;
    case NodeType.symlink:
      node.target = readTarget(readers.targets);
      return;
    case NodeType.characterDevice:
    case NodeType.blockDevice:
      Object.assign(node, readDevice(readers.devices));
  }
}
