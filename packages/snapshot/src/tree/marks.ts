/**
 * Columns of marks, docs/format.md section 12.1 columns 15 and up: a bit for each file of the leaf in order, the lowest
 * of the first byte first. They end with the last byte that is not zero; a column without marks is absent.
 */

import type { ByteReader } from "@bcat/codec";
import { type Node, type NodeToWrite, NodeType } from "./node.js";

/** How one mark stands in a node. */
export interface Mark {
  readonly has: (node: NodeToWrite) => boolean;
  readonly set: (node: Node) => void;
}

export const changedMark: Mark = {
  has: (node) => node.hasChanged === true,
  set: (node) => {
    node.hasChanged = true;
  },
};

export const holesMark: Mark = {
  has: (node) => node.hasHoles === true,
  set: (node) => {
    node.hasHoles = true;
  },
};

/** The column of `nodes`; without bytes when none has the mark. @throws {RangeError} when one that is no file has it */
export function encodeMarks(nodes: readonly NodeToWrite[], mark: Mark): Uint8Array {
  const bytes: number[] = [];
  let file = 0;
  for (const node of nodes) {
    const isFile = node.type === NodeType.file;
    if (mark.has(node)) {
      if (!isFile) throw new RangeError(`Cannot mark a node of type ${node.type}: only files have marks`);
      const at = file >>> 3;
      while (bytes.length <= at) bytes.push(0);
      bytes[at]! |= 1 << (file & 7);
    }
    if (isFile) file++;
  }
  return Uint8Array.from(bytes);
}

/** Reads to the end, into the files of `nodes`. */
export function readMarks(reader: ByteReader, nodes: readonly Node[], mark: Mark): void {
  const { remaining } = reader;
  if (remaining === 0) return;
  const bytes = reader.raw(remaining);
  if (bytes[remaining - 1] === 0) throw reader.corrupt("marks end with a zero byte");
  let file = 0;
  for (const node of nodes) {
    if (node.type !== NodeType.file) continue;
    if (((bytes[file >>> 3] ?? 0) & (1 << (file & 7))) !== 0) mark.set(node);
    file++;
  }
  if (
    remaining > Math.ceil(file / 8) ||
    (remaining === Math.ceil(file / 8) && bytes[remaining - 1]! >>> (((file - 1) & 7) + 1) !== 0)
  )
    throw reader.corrupt(`marks beyond the last of ${file} files`);
}
