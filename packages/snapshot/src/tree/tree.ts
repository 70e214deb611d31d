/**
 * A tree chunk of any kind (docs/format.md section 12).
 */

import { readTreeRecord, treeKind } from "./columns.js";
import { LeafReader } from "./leaf-reader.js";
import { type InnerList, readChunkLeaf, readInner } from "./list.js";
import type { ChunkReference, Node } from "./node.js";

/** A tree chunk taken apart; nodes, but for names, types and what is in directories, when they are asked for. */
export type OpenTree = { readonly kind: "nodes"; readonly leaf: LeafReader } | Exclude<Tree, { kind: "nodes" }>;

/** A tree chunk of which everything was looked at. */
export type Tree =
  | { readonly kind: "nodes"; readonly nodes: readonly Node[] }
  | { readonly kind: "chunks"; readonly chunks: readonly ChunkReference[] }
  | { readonly kind: "inner"; readonly list: InnerList };

/**
 * Decodes the bytes of a tree chunk, which its id has shown to be the right ones.
 *
 * @param what names the object in errors: `Cannot read <what>: …`.
 * @throws {CorruptError} when the bytes break a rule of the format.
 * @throws {BcatError} `newer-format` when they need a newer version.
 */
export function decodeTree(bytes: Uint8Array, what: string): Tree {
  return wholeTree(openTree(bytes, what));
}

/** As {@link decodeTree}, with nodes left as they are. */
export function openTree(bytes: Uint8Array, what: string): OpenTree {
  const tree = readTreeRecord(bytes, what);
  if (tree.kind === treeKind.nodes) return { kind: "nodes", leaf: new LeafReader(tree) };
  if (tree.kind === treeKind.chunks) return { kind: "chunks", chunks: readChunkLeaf(tree) };
  return { kind: "inner", list: readInner(tree) };
}

/** @throws {CorruptError} when what was left breaks a rule of the format. */
export function wholeTree(tree: OpenTree): Tree {
  return tree.kind === "nodes" ? { kind: "nodes", nodes: tree.leaf.nodes() } : tree;
}
