/** All versions that an entry has had, through the snapshots of each host. */
import type { Repository } from "@bcat/repository";
import { compareTrees } from "../diff/compare-trees.js";
import { differenceOf, isSameContent, sizeOf } from "../diff/difference.js";
import { SnapshotTree } from "../diff/snapshot-tree.js";
import { isAtOrBelow } from "../path.js";
import { rootEntries } from "../root-entries.js";
import { type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";
import { type Node, NodeType } from "../tree/node.js";
import { EntryLookup } from "./entry-lookup.js";

/** Places that a file may have come from, or gone to, that are named. */
const MOVES_MAX = 3;

export interface HistoryOptions {
  readonly signal?: AbortSignal;
  /** Absolute. */
  readonly path: Uint8Array;
  /** In their order; those that have the path in no source are passed over. */
  readonly snapshots: readonly ListedSnapshot[];
}

/** Snapshots of one host, one behind the other, that have the same at the path. */
export interface Version {
  readonly kind: "version";
  readonly first: ListedSnapshot;
  readonly last: ListedSnapshot;
  /** How many they are. */
  readonly count: number;
  readonly node: Node;
  /** What is other than in the version before. */
  readonly change: "new" | "type" | "content" | "content-unnoticed" | "metadata";
  /** Of a file that is new: where the snapshot before it had one of its content that is gone. */
  readonly movedFrom: readonly Uint8Array[];
}

/** The path was there before, and is not. */
export interface Deletion {
  readonly kind: "deletion";
  readonly first: ListedSnapshot;
  /** Of a file: where one of its content is new in that snapshot. */
  readonly movedTo: readonly Uint8Array[];
}

export interface HostHistory {
  readonly host: string;
  readonly events: readonly (Version | Deletion)[];
}

/**
 * By host, in the order in which they first had the path; hosts that never had it are left out.
 *
 * @throws CorruptError; StorageError
 */
export async function pathHistory(given: Repository, options: HistoryOptions): Promise<HostHistory[]> {
  const { path, snapshots, signal } = options;
  const repository = given.withSignal(signal);
  const lookup = new EntryLookup(repository);
  const hosts = new Map<string, HostRun>();
  for (const listed of snapshots) {
    signal?.throwIfAborted();
    const { host, roots } = listed.snapshot;
    if (!roots.some((root) => isAtOrBelow(path, root.path))) continue;
    const info = await readSnapshot(repository, listed.number);
    if (info === undefined) continue;
    const run = hosts.get(host) ?? new HostRun(repository);
    hosts.set(host, run);
    await run.add({ listed, info, node: await lookup.find(info, path) });
  }
  return [...hosts].map(([host, run]) => ({ host, events: run.events })).filter(({ events }) => events.length > 0);
}

interface Look {
  readonly listed: ListedSnapshot;
  readonly info: SnapshotInfo;
  readonly node: Node | undefined;
}

class HostRun {
  readonly events: (Version | Deletion)[] = [];
  readonly #repository: Repository;
  #before: Look | undefined;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  async add(look: Look): Promise<void> {
    const before = this.#before;
    this.#before = look;
    const { node } = look;
    if (node === undefined) {
      if (before?.node !== undefined) await this.#addDeletion(before, look, before.node);
      return;
    }
    const change = before?.node === undefined ? "new" : changeOf(before.node, node);
    const last = this.events.at(-1);
    if (change === undefined && last?.kind === "version")
      this.events.splice(-1, 1, { ...last, last: look.listed, count: last.count + 1 });
    else await this.#addVersion(before, look, { node, change: change ?? "new" });
  }

  async #addVersion(
    before: Look | undefined,
    { listed, info }: Look,
    { node, change }: Pick<Version, "node" | "change">,
  ): Promise<void> {
    const isNew = change === "new" && before !== undefined;
    const movedFrom = isNew ? await this.#sameContent({ without: info, within: before.info }, node) : [];
    this.events.push({ kind: "version", first: listed, last: listed, count: 1, node, change, movedFrom });
  }

  async #addDeletion(before: Look, { listed, info }: Look, node: Node): Promise<void> {
    const movedTo = await this.#sameContent({ without: before.info, within: info }, node);
    this.events.push({ kind: "deletion", first: listed, movedTo });
  }

  /** Files that only one of two snapshots has, and that hold what `node` does; none for what is empty, or no file. */
  async #sameContent(
    { without, within }: { readonly without: SnapshotInfo; readonly within: SnapshotInfo },
    node: Node,
  ): Promise<Uint8Array[]> {
    if (node.type !== NodeType.file || sizeOf(node) === 0) return [];
    const [left, right] = [without, within].map((info) => SnapshotTree.ofRoots(this.#repository, rootEntries(info)));
    const found: Uint8Array[] = [];
    for await (const pair of compareTrees(left!, right!)) {
      const only = pair.left === undefined ? pair.right?.node : undefined;
      if (only?.type === NodeType.file && isSameContent(only.content, node.content)) found.push(pair.path);
      if (found.length === MOVES_MAX) break;
    }
    return found;
  }
}

function changeOf(left: Node, right: Node): Exclude<Version["change"], "new"> | undefined {
  const sameContent = isSameContent(left.content, right.content) && isSameFolder(left, right);
  const mark = differenceOf(left, right, { sameContent, sameSize: sizeOf(left) === sizeOf(right) });
  if (mark === undefined) return undefined;
  if (mark === "M?" && left.type === NodeType.directory) return "content";
  return ({ T: "type", M: "content", "M?": "content-unnoticed", U: "metadata" } as const)[mark];
}

function isSameFolder(left: Node, right: Node): boolean {
  if (left.subtree === undefined || right.subtree === undefined) return left.subtree === right.subtree;
  return compareBytes(left.subtree.id, right.subtree.id) === 0;
}
