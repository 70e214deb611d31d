/**
 * Trees with valid keys and ids that no backup writes: what somebody who has the key could put into a repository. The
 * columns are written as docs/format.md section 12 has them, without the checks that the program's own writers make.
 */
import { ByteWriter, encodeRecord, type Field } from "@bcat/codec";
import { DATA, TREE } from "@bcat/pack";
import { type Repository, type Root, type SnapshotToCommit, WriteSession } from "@bcat/repository";
import { NodeType } from "@bcat/snapshot";

/** An entry; its name may be anything. */
export interface CraftedNode {
  readonly name: string | Uint8Array;
  readonly type?: NodeType;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly seconds?: number;
  /** Of a file. */
  readonly content?: CraftedContent;
  /** Of a directory. */
  readonly children?: readonly CraftedNode[];
  /** Of a directory, in place of children. */
  readonly tree?: CraftedList;
  readonly target?: string | Uint8Array;
  readonly device?: readonly [major: number, minor: number];
  readonly attributes?: readonly (readonly [name: string, value: string])[];
  readonly group?: string;
}

/** An inner list of level 1. */
export interface CraftedList {
  readonly bytes: Uint8Array;
}

export type CraftedContent =
  | string
  | { readonly chunks: readonly { readonly bytes: string; readonly length?: number; readonly id?: Uint8Array }[] }
  | { readonly size: number; readonly list: CraftedList };

const OWNER = process.geteuid?.() ?? 0;
const GROUP = process.getegid?.() ?? 0;

export class Crafter {
  readonly #session: WriteSession;

  private constructor(session: WriteSession) {
    this.#session = session;
  }

  /** Commits a snapshot of the roots that `make` gives. */
  static async commit(
    repository: Repository,
    make: (crafter: Crafter) => readonly { readonly path: string; readonly node: CraftedNode }[],
    more: Partial<SnapshotToCommit> = {},
  ): Promise<void> {
    const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
    const crafter = new Crafter(session);
    const roots: Root[] = make(crafter).map(({ path, node }) => ({
      path: new Uint8Array(Buffer.from(path)),
      node: crafter.leaf([{ ...node, name: "" }]),
      scan: new Uint8Array(0),
    }));
    await session.commit({ ...emptySnapshot, ...more, roots });
  }

  /** A leaf, not stored. */
  leaf(nodes: readonly CraftedNode[]): Uint8Array {
    const of = (type: NodeType) => nodes.filter((node) => typeOf(node) === type);
    const devices = nodes.filter(({ device }) => device !== undefined);
    const owners = [...new Set(nodes.map((node) => (node.uid ?? OWNER) * 2 ** 20 + (node.gid ?? GROUP)))].sort(
      (a, b) => a - b,
    );
    return record([
      [1, (writer) => writer.u8(1)],
      [2, (writer) => nodes.forEach(({ name }) => void writer.bytes(bytesOf(name)))],
      [3, (writer) => nodes.forEach((node) => void writer.u8(typeOf(node)))],
      [4, (writer) => nodes.forEach(({ mode = 0o644 }) => void writer.u16(mode))],
      [5, (writer) => owners.forEach((owner) => void writeOwner(writer, owner))],
      [
        6,
        (writer) => {
          for (const { uid = OWNER, gid = GROUP } of nodes) writer.varint(owners.indexOf(uid * 2 ** 20 + gid));
        },
      ],
      [7, (writer) => writeTimes(writer, nodes)],
      [8, (writer) => of(NodeType.file).forEach(({ content = "" }) => void this.#content(writer, content))],
      [9, (writer) => of(NodeType.directory).forEach((node) => void this.#subtree(writer, node))],
      [10, (writer) => of(NodeType.symlink).forEach(({ target = "" }) => void writer.bytes(bytesOf(target)))],
      [11, (writer) => devices.flatMap(({ device }) => device!).forEach((number) => void writer.varint(number))],
      [
        12,
        (writer) =>
          writeSparse(
            writer,
            nodes,
            ({ attributes }) => attributes !== undefined,
            (node) => this.#attributes(writer, node),
          ),
      ],
      [
        14,
        (writer) =>
          writeSparse(
            writer,
            nodes,
            ({ group }) => group !== undefined,
            ({ group }) => writer.raw(Buffer.from(group!.padEnd(8).slice(0, 8))),
          ),
      ],
    ]);
  }

  /** An inner list over leaves of nodes, not stored. */
  inner(leaves: readonly (readonly CraftedNode[])[]): CraftedList {
    const trees = leaves.map((nodes) => ({ nodes, tree: this.leaf(nodes) }));
    const bytes = record([
      [1, (writer) => writer.u8(3)],
      [2, (writer) => writer.u8(1)],
      [3, (writer) => writer.u8(1)],
      [4, (writer) => trees.forEach(({ tree }) => void writer.varint(tree.length))],
      [5, (writer) => trees.forEach(({ tree }) => void writer.raw(this.#session.store(TREE, tree)))],
      [6, (writer) => trees.forEach(({ nodes }) => void writer.varint(nodes.length))],
      [7, (writer) => trees.forEach(({ nodes }) => void writer.bytes(bytesOf(nodes[0]!.name)))],
    ]);
    return { bytes };
  }

  #subtree(writer: ByteWriter, { tree, children = [] }: CraftedNode): void {
    this.#reference(writer, tree === undefined ? 0 : 1, tree?.bytes ?? this.leaf(children));
  }

  #reference(writer: ByteWriter, level: number, tree: Uint8Array): void {
    writer.u8(level);
    writer.varint(tree.length);
    writer.raw(this.#session.store(TREE, tree));
  }

  #content(writer: ByteWriter, content: CraftedContent): void {
    if (typeof content === "string") {
      writer.u8(0);
      writer.bytes(Buffer.from(content));
    } else if ("chunks" in content) {
      writer.u8(1);
      writer.varint(content.chunks.length);
      for (const { bytes, length, id } of content.chunks) {
        const stored = this.#session.store(DATA, new Uint8Array(Buffer.from(bytes)));
        writer.varint(length ?? bytes.length);
        writer.raw(id ?? stored);
      }
    } else {
      writer.u8(2);
      writer.varint(content.size);
      this.#reference(writer, 1, content.list.bytes);
    }
  }

  #attributes(writer: ByteWriter, { attributes = [] }: CraftedNode): void {
    writer.varint(attributes.length);
    for (const [name, value] of attributes) {
      writer.bytes(Buffer.from(name));
      this.#content(writer, value);
    }
  }
}

const emptySnapshot: SnapshotToCommit = {
  ...{ roots: [], start: 1, end: 1, zone: "UTC", host: "h", user: "u" },
  ...{ clientId: new Uint8Array(16), version: "test", tags: [], excludes: [], options: [] },
  counts: {
    ...{ files: 0, directories: 0, symlinks: 0, others: 0, bytes: 0, filesNew: 0, filesChanged: 0, filesUnmodified: 0 },
    ...{ directoriesNew: 0, directoriesChanged: 0, directoriesUnmodified: 0 },
    ...{ dataChunksAdded: 0, treeChunksAdded: 0, plainBytesAdded: 0, storedBytesAdded: 0 },
  },
  errors: { total: 0, first: [] },
};

function typeOf({ type, children, tree, target }: CraftedNode): NodeType {
  if (type !== undefined) return type;
  if (children !== undefined || tree !== undefined) return NodeType.directory;
  return target === undefined ? NodeType.file : NodeType.symlink;
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new Uint8Array(Buffer.from(text)) : text;
}

function writeOwner(writer: ByteWriter, owner: number): void {
  writer.varint(Math.floor(owner / 2 ** 20));
  writer.varint(owner % 2 ** 20);
  writer.bytes(new Uint8Array(0));
  writer.bytes(new Uint8Array(0));
}

function writeTimes(writer: ByteWriter, nodes: readonly CraftedNode[]): void {
  let previous = 0;
  for (const { seconds = 1_000_000_000 } of nodes) {
    writer.zigzag(seconds - previous);
    writer.varint(0);
    previous = seconds;
  }
}

function writeSparse(
  writer: ByteWriter,
  nodes: readonly CraftedNode[],
  has: (node: CraftedNode) => boolean,
  write: (node: CraftedNode) => void,
): void {
  let next = 0;
  nodes.forEach((node, position) => {
    if (!has(node)) return;
    writer.varint(position - next);
    write(node);
    next = position + 1;
  });
}

/** Fields without bytes are absent; those from 12 on are not critical. */
function record(fields: readonly (readonly [number: number, write: (writer: ByteWriter) => void])[]): Uint8Array {
  const written: Field[] = [];
  for (const [number, write] of fields) {
    const writer = new ByteWriter(64);
    write(writer);
    const value = writer.finish();
    if (value.length > 0) written.push({ number, critical: number < 12, value });
  }
  return encodeRecord(written);
}
