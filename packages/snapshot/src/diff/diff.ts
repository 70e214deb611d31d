/** What differs between two snapshots, or between folders of them. */
import type { Repository } from "@bcat/repository";
import { type FindOptions, findEntries } from "../find-entries.js";
import { rootEntries } from "../root-entries.js";
import type { SnapshotInfo } from "../snapshots.js";
import { type Node, NodeType } from "../tree/node.js";
import { readChunkReferences } from "../tree/tree-reader.js";
import { Turns } from "../turns.js";
import { ChangedChunks, type ChunkSums } from "./changed-chunks.js";
import { compareTrees, type Pair } from "./compare-trees.js";
import { differenceOf, isSameContent, type Mark, sizeOf } from "./difference.js";
import { type SnapshotSide, SnapshotTree } from "./snapshot-tree.js";

/** A snapshot, or one of its folders. */
export interface DiffPlace {
  readonly info: SnapshotInfo;
  /** As typed; everything if not given. */
  readonly path?: Uint8Array | undefined;
}

/** A path of which the two do not have the same. */
export interface Difference {
  /** From `/` on, or, of folders that were named, from these on. */
  readonly path: Uint8Array;
  readonly mark: Mark;
  /** What the first has. */
  readonly left: Node | undefined;
  readonly right: Node | undefined;
}

export interface EntrySums {
  readonly files: number;
  readonly directories: number;
  readonly others: number;
}

export interface DiffSums {
  readonly changedFiles: number;
  readonly added: EntrySums;
  readonly removed: EntrySums;
  /** Data that only the second needs, of what differs: each chunk once. */
  readonly dataAdded: ChunkSums;
  readonly dataRemoved: ChunkSums;
  /** The data were too many to count all. */
  readonly isCut: boolean;
}

export interface DiffOptions extends FindOptions {
  readonly signal?: AbortSignal;
  /** Told of each path, in their order; a promise is waited for. */
  readonly onDifference: (difference: Difference) => Promise<void> | void;
}

/** @throws BcatError not-found, usage; CorruptError; StorageError */
export async function diffSnapshots(
  given: Repository,
  places: { readonly left: DiffPlace; readonly right: DiffPlace },
  options: DiffOptions,
): Promise<DiffSums> {
  const repository = given.withSignal(options.signal);
  const left = await treeOf(repository, places.left, options);
  const right = await treeOf(repository, places.right, options);
  const sums = new DiffCount(repository);
  const turns = new Turns(repository.environment.now);
  for await (const pair of compareTrees(left, right)) {
    // What comes out of memory waits for nothing, and an interrupt would be heard of when all is over.
    if (turns.entry()) await turns.take();
    options.signal?.throwIfAborted();
    const difference = differenceIn(pair);
    if (difference === undefined) continue;
    await sums.count(difference);
    await options.onDifference(difference);
  }
  return sums;
}

/** The tree that a place names: all of a snapshot, or an entry, which then is what paths begin at. */
export async function treeOf(
  repository: Repository,
  { info, path }: DiffPlace,
  options: FindOptions,
): Promise<SnapshotTree> {
  if (path === undefined) return SnapshotTree.ofRoots(repository, rootEntries(info));
  const found = await findEntries(repository, info, path, options);
  const [only] = found.entries;
  const isIt = only !== undefined && found.entries.length === 1 && Buffer.compare(only.path, found.path) === 0;
  if (isIt) return SnapshotTree.ofNode(repository, only.node);
  const above = found.entries.map((entry) => ({ ...entry, path: entry.path.subarray(found.path.length) }));
  return SnapshotTree.ofRoots(repository, above);
}

function differenceIn({ path, left, right }: Pair<SnapshotSide, SnapshotSide>): Difference | undefined {
  const nodes = { left: left?.node, right: right?.node };
  if (nodes.left === undefined && nodes.right === undefined) return undefined;
  // Of a folder above sources nothing is known: what is in it tells.
  if (nodes.left === undefined) return left === undefined ? { path, mark: "+", ...nodes } : undefined;
  if (nodes.right === undefined) return right === undefined ? { path, mark: "-", ...nodes } : undefined;
  const sameContent = isSameContent(nodes.left.content, nodes.right.content);
  const sameSize = sizeOf(nodes.left) === sizeOf(nodes.right);
  const mark = differenceOf(nodes.left, nodes.right, { sameContent, sameSize });
  return mark === undefined ? undefined : { path, mark, ...nodes };
}

export class DiffCount implements DiffSums {
  changedFiles = 0;
  readonly added = { files: 0, directories: 0, others: 0 };
  readonly removed = { files: 0, directories: 0, others: 0 };
  readonly #chunks = new ChangedChunks();
  readonly #repository: Repository;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  get dataAdded(): ChunkSums {
    return this.#chunks.onlyOn("right");
  }

  get dataRemoved(): ChunkSums {
    return this.#chunks.onlyOn("left");
  }

  get isCut(): boolean {
    return this.#chunks.isCut;
  }

  async count({ mark, left, right }: Omit<Difference, "path">): Promise<void> {
    if (mark === "+") countNode(this.added, right!);
    if (mark === "-") countNode(this.removed, left!);
    if (mark === "M" || mark === "M?") this.changedFiles++;
    if (mark === "U") return;
    await this.#countData(left, "left");
    await this.#countData(right, "right");
  }

  async #countData(node: Node | undefined, side: "left" | "right"): Promise<void> {
    if (node?.content === undefined) return;
    if (node.content.kind === "inline") this.#chunks.addBytes(node.content.bytes.length, side);
    for await (const chunks of readChunkReferences(this.#repository, node.content))
      for (const chunk of chunks) this.#chunks.add(chunk, side);
  }
}

export function countNode(sums: { -readonly [Key in keyof EntrySums]: number }, { type }: Node): void {
  if (type === NodeType.file) sums.files++;
  else if (type === NodeType.directory) sums.directories++;
  else sums.others++;
}
