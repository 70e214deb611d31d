/** Field 36 of a snapshot: the folders that its roots lie in (docs/format.md section 8). */
import type { ByteReader, ByteWriter } from "@bcat/codec";
import { rootPathLengthMax } from "./root-path.js";

/** Bytes of a node: its extended attributes are in it. */
const NODE_SIZE_MAX = 2 * 2 ** 20;

/** A folder of which nothing but a root below it was backed up. */
export interface FolderAbove {
  /** Absolute, in bytes. */
  readonly path: Uint8Array;
  /** As that of a root, of a directory whose tree is nowhere. */
  readonly node: Uint8Array;
}

export function writeFolderAbove(writer: ByteWriter, { path, node }: FolderAbove): void {
  writer.bytes(path);
  writer.bytes(node);
}

export function readFolderAbove(reader: ByteReader): FolderAbove {
  return { path: reader.bytes(rootPathLengthMax), node: reader.bytes(NODE_SIZE_MAX) };
}
