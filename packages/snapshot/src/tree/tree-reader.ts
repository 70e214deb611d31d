/** Reads directories and chunk lists of any size, leaf by leaf, holding one object of each level in memory. */
import { CorruptError } from "@bcat/errors";
import { TREE } from "@bcat/pack";
import type { Repository } from "@bcat/repository";
import type { LeafReader } from "./leaf-reader.js";
import type { InnerList } from "./list.js";
import { compareBytes } from "./name.js";
import { type ChunkReference, type Content, type Node, type TreeReference, treeSizeMax } from "./node.js";
import { type OpenTree, openTree, type Tree, wholeTree } from "./tree.js";

/** Where trees come from. */
export type TreeSource = Pick<Repository, "readChunk">;

/** How a tree is called in errors: by the head of its id. */
export function treeLabel(id: Uint8Array): string {
  return `tree ${Buffer.from(id.subarray(0, 8)).toString("hex")}…`;
}

/** Reads and decodes one tree chunk. @throws CorruptError, BcatError newer-format, StorageError */
export async function readTree(source: TreeSource, reference: TreeReference): Promise<Tree> {
  return wholeTree(await readOpenTree(source, reference));
}

async function readOpenTree(source: TreeSource, reference: TreeReference): Promise<OpenTree> {
  const what = treeLabel(reference.id);
  const bytes = await source.readChunk(TREE, reference.id);
  if (bytes.length !== reference.length || bytes.length > treeSizeMax) {
    throw new CorruptError(`Cannot read ${what}: it has ${bytes.length} bytes, its reference says ${reference.length}`);
  }
  const tree = openTree(bytes, what);
  if ((tree.kind === "inner" ? tree.list.level : 0) !== reference.level) {
    throw new CorruptError(`Cannot read ${what}: its level is not the ${reference.level} of its reference`);
  }
  return tree;
}

/** The nodes of a directory in order of name, a leaf at a time. Names ascend over all of them. */
export async function* readNodes(source: TreeSource, reference: TreeReference): AsyncGenerator<readonly Node[]> {
  for await (const leaf of readNodeLeaves(source, reference)) yield leaf.nodes();
}

/** As {@link readNodes}, with what is not asked for left undecoded. */
export async function* readNodeLeaves(source: TreeSource, reference: TreeReference): AsyncGenerator<LeafReader> {
  let last: Uint8Array | undefined;
  for await (const tree of readLeaves(source, reference, "nodes")) {
    if (tree.kind !== "nodes") throw wrongKind(reference, "nodes");
    const { names } = tree.leaf;
    if (names.count > 0 && last !== undefined && compareBytes(last, names.at(0)) >= 0) {
      throw new CorruptError(`Cannot read ${treeLabel(reference.id)}: names do not ascend from leaf to leaf`);
    }
    last = names.count === 0 ? undefined : names.at(names.count - 1);
    yield tree.leaf;
  }
}

/** The chunks of a content, a leaf at a time; none for an inline one. */
export async function* readChunkReferences(
  source: TreeSource,
  content: Content,
): AsyncGenerator<readonly ChunkReference[]> {
  if (content.kind === "inline") return;
  if (content.kind === "chunks") {
    yield content.chunks;
    return;
  }
  let size = 0;
  for await (const tree of readLeaves(source, content.list, "chunks")) {
    if (tree.kind !== "chunks") throw wrongKind(content.list, "chunks");
    for (const { length } of tree.chunks) size += length;
    yield tree.chunks;
  }
  if (size !== content.size) {
    throw new CorruptError(
      `Cannot read ${treeLabel(content.list.id)}: its chunks have ${size} bytes, not ${content.size}`,
    );
  }
}

async function* readLeaves(
  source: TreeSource,
  reference: TreeReference,
  over: InnerList["over"],
): AsyncGenerator<Exclude<OpenTree, { kind: "inner" }>> {
  const tree = await readOpenTree(source, reference);
  if (tree.kind !== "inner") {
    yield tree;
    return;
  }
  if (tree.list.over !== over) throw wrongKind(reference, over);
  for (const child of tree.list.children) {
    const level = tree.list.level - 1;
    let span = 0;
    for await (const below of readLeaves(source, { level, length: child.length, id: child.id }, over)) {
      span += below.kind === "nodes" ? below.leaf.count : below.chunks.reduce((sum, { length }) => sum + length, 0);
      yield below;
    }
    if (span !== child.span) {
      throw new CorruptError(`Cannot read ${treeLabel(reference.id)}: a child spans ${span}, it says ${child.span}`);
    }
  }
}

function wrongKind(reference: TreeReference, wanted: string): CorruptError {
  return new CorruptError(`Cannot read ${treeLabel(reference.id)}: it is no list of ${wanted}`);
}
