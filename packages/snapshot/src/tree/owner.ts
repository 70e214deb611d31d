/**
 * The owners of a leaf, docs/format.md section 12.1 columns 5 and 6: a table of the different ones, ascending by uid,
 * gid, user name, group name, and an index into it for each node.
 */

import { type ByteReader, ByteWriter } from "@bcat/codec";
import { compareBytes } from "./name.js";
import { type NodeToWrite, ownerLengthMax } from "./node.js";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly user: string | Uint8Array;
  readonly group: string | Uint8Array;
}

/** One line of the table, with the names as bytes. */
interface OwnerLine {
  readonly uid: number;
  readonly gid: number;
  readonly user: Uint8Array;
  readonly group: Uint8Array;
}

const idMax = 0xffff_ffff;
const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The columns 5 (table) and 6 (index of each node). */
export function encodeOwners(nodes: readonly NodeToWrite[]): {
  readonly table: Uint8Array;
  readonly indexes: Uint8Array;
} {
  const { lines, order } = collectOwners(nodes);
  const ranks = new Map([...lines].sort((a, b) => compareLines(a, b)).map((line, rank) => [line, rank]));
  const table = new ByteWriter();
  for (const line of ranks.keys()) writeLine(table, line);
  const rankOf = Uint32Array.from(lines, (line) => ranks.get(line)!);
  const indexes = new ByteWriter(order.length);
  for (const line of order) indexes.varint(rankOf[line]!);
  return { table: table.finish(), indexes: indexes.finish() };
}

/** The table; `readOwnerIndexes` checks that all of it is used. */
export function readOwnerTable(reader: ByteReader): Owner[] {
  const owners: Owner[] = [];
  let last: OwnerLine | undefined;
  while (reader.remaining > 0) {
    const line = readLine(reader);
    if (last !== undefined && compareLines(last, line) >= 0)
      throw reader.corrupt("the table of owners does not ascend");
    owners.push({ uid: line.uid, gid: line.gid, user: ownerName(line.user), group: ownerName(line.group) });
    last = line;
  }
  return owners;
}

export function readOwnerIndexes(reader: ByteReader, options: { count: number; owners: number }): Uint32Array {
  const indexes = new Uint32Array(options.count);
  const used = new Uint8Array(options.owners);
  for (let i = 0; i < indexes.length; i++) {
    const index = reader.varint();
    if (index >= used.length) throw reader.corrupt(`owner ${index} is not below ${used.length}`);
    indexes[i] = index;
    used[index] = 1;
  }
  reader.end();
  if (used.includes(0)) throw reader.corrupt(`owner ${used.indexOf(0)} is not used`);
  return indexes;
}

/** The different owners in order of appearance, and which of them each node has. */
function collectOwners(nodes: readonly NodeToWrite[]): { lines: OwnerLine[]; order: Uint32Array } {
  const lines: OwnerLine[] = [];
  const known = new Map<string, number>();
  const order = new Uint32Array(nodes.length);
  let last: NodeToWrite | undefined;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    // Neighbours mostly have one owner, so the key, which costs more than all else here, is rarely made.
    if (last !== undefined && sameOwner(node, last)) {
      order[i] = order[i - 1]!;
      continue;
    }
    const line = { uid: node.uid, gid: node.gid, user: nameBytes(node.user), group: nameBytes(node.group) };
    const key = lineKey(line);
    const index = known.get(key) ?? lines.push(line) - 1;
    known.set(key, index);
    order[i] = index;
    last = node;
  }
  return { lines, order };
}

function sameOwner(a: NodeToWrite, b: NodeToWrite): boolean {
  return a.uid === b.uid && a.gid === b.gid && a.user === b.user && a.group === b.group;
}

function lineKey(line: OwnerLine): string {
  return `${line.uid} ${line.gid} ${line.user} ${line.group}`;
}

function compareLines(a: OwnerLine, b: OwnerLine): number {
  return a.uid - b.uid || a.gid - b.gid || compareBytes(a.user, b.user) || compareBytes(a.group, b.group);
}

function writeLine(writer: ByteWriter, line: OwnerLine): void {
  const { uid, gid, user, group } = line;
  if (uid > idMax || gid > idMax || user.length > ownerLengthMax || group.length > ownerLengthMax) {
    throw new RangeError(`Cannot write owner ${uid}:${gid} with names of ${user.length} and ${group.length} bytes`);
  }
  writer.varint(uid);
  writer.varint(gid);
  writer.bytes(user);
  writer.bytes(group);
}

function readLine(reader: ByteReader): OwnerLine {
  const [uid, gid] = [reader.varint(), reader.varint()];
  if (uid > idMax || gid > idMax) throw reader.corrupt(`owner ${uid}:${gid} is not below 2^32`);
  const user = reader.bytes(ownerLengthMax);
  return { uid, gid, user, group: reader.bytes(ownerLengthMax) };
}

function nameBytes(name: string | Uint8Array): Uint8Array {
  return typeof name === "string" ? textEncoder.encode(name) : name;
}

function ownerName(bytes: Uint8Array): string | Uint8Array {
  try {
    return textDecoder.decode(bytes);
  } catch {
    return bytes;
  }
}
