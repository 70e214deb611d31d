/** What differs between a snapshot and what is there now. */
import { SourceError } from "@bcat/errors";
import { DATA } from "@bcat/pack";
import type { Posix } from "@bcat/posix";
import type { Repository } from "@bcat/repository";
import { requireSourceFault } from "../backup/source-fault.js";
import { joinPath } from "../path.js";
import { holdsContent } from "../restore/local-content.js";
import { ChunkMemory, LocalFile } from "../restore/local-file.js";
import { contentSize, type Node, NodeType } from "../tree/node.js";
import { Turns } from "../turns.js";
import { compareTrees, type Pair } from "./compare-trees.js";
import { countNode, type Difference, type DiffOptions, type DiffPlace, type EntrySums, treeOf } from "./diff.js";
import { differenceOf, sizeOf } from "./difference.js";
import { type LiveSide, LiveTree } from "./live-tree.js";
import type { SnapshotSide } from "./snapshot-tree.js";

export interface LiveDiffOptions extends DiffOptions {
  readonly posix: Posix;
  /** Milliseconds. */
  readonly now: () => number;
  /** Also reads files whose size and time of change are as the snapshot has them. */
  readonly readsAll?: boolean;
  /** False for what a backup would leave out: that it is not in the snapshot is no difference. Asked by absolute path. */
  readonly isWanted?: (path: Uint8Array) => boolean;
  /** Told of what cannot be read; it is not compared. */
  readonly onFault: (path: Uint8Array, fault: SourceError) => void;
}

export interface LiveDiffSums {
  readonly changedFiles: number;
  readonly added: EntrySums;
  readonly removed: EntrySums;
  /** Files that were read to the end, or to the first difference. */
  readonly filesRead: number;
  readonly faults: number;
}

/**
 * Compares an entry of a snapshot with what is at `live`, which is absolute: what is only there is `+`. Files of another
 * size differ; those of another time of change are read; the others are taken for the same, unless all are to be read.
 * Owners are compared by number.
 *
 * @throws BcatError not-found, usage; SourceError for `live` itself; CorruptError; StorageError
 */
export async function diffLive(
  given: Repository,
  { place, live }: { readonly place: DiffPlace; readonly live: Uint8Array },
  options: LiveDiffOptions,
): Promise<LiveDiffSums> {
  const repository = given.withSignal(options.signal);
  const left = await treeOf(repository, place, options);
  const run = new LiveDiff(repository, options);
  using right = new LiveTree(
    { posix: options.posix, hash: repository.idHash[DATA], onFault: run.report },
    // A link that the snapshot has as that is compared as that; another is a way to what is meant.
    { path: live, isFollowed: left.top.node?.type !== NodeType.symlink },
  );
  let isWanted = true;
  for await (const pair of compareTrees(left, right, () => isWanted)) {
    await run.breathe(0);
    const path = pathBelow(live, pair.path);
    isWanted = pair.left !== undefined || options.isWanted?.(path) !== false;
    if (pair.fault !== undefined) run.report(path, pair.fault);
    else if (isWanted) await run.compare(path, pair, right);
  }
  return run;
}

/** `path` is from `/` on. */
function pathBelow(live: Uint8Array, path: Uint8Array): Uint8Array {
  return path.length === 1 ? live : joinPath(live, path.subarray(1));
}

class LiveDiff implements LiveDiffSums {
  changedFiles = 0;
  readonly added = { files: 0, directories: 0, others: 0 };
  readonly removed = { files: 0, directories: 0, others: 0 };
  filesRead = 0;
  faults = 0;
  readonly #repository: Repository;
  readonly #options: LiveDiffOptions;
  readonly #turns: Turns;
  readonly #memory = new ChunkMemory();

  constructor(repository: Repository, options: LiveDiffOptions) {
    this.#repository = repository;
    this.#options = options;
    this.#turns = new Turns(options.now);
  }

  readonly report = (path: Uint8Array, fault: SourceError): void => {
    this.faults++;
    this.#options.onFault(path, fault);
  };

  async compare(path: Uint8Array, pair: Pair<SnapshotSide, LiveSide>, tree: LiveTree): Promise<void> {
    const { left, right } = pair;
    const difference =
      left?.node === undefined ? onlyRight(pair) : await this.#between(path, { left: left.node, right, tree });
    if (difference === undefined) return;
    const { mark } = difference;
    if (mark === "+") countNode(this.added, difference.right!);
    if (mark === "-") countNode(this.removed, difference.left!);
    if (mark === "M" || mark === "M?") this.changedFiles++;
    await this.#options.onDifference({ ...difference, path });
  }

  /** Others get to run. @throws BcatError interrupted */
  breathe(bytes: number): Promise<void> | undefined {
    const isDue = this.#turns.entry();
    return isDue || (bytes > 0 && this.#turns.bytes(bytes)) ? this.#turn() : undefined;
  }

  async #turn(): Promise<void> {
    await this.#turns.take();
    this.#options.signal?.throwIfAborted();
  }

  async #between(path: Uint8Array, { left, right, tree }: Compared): Promise<Found | undefined> {
    if (right === undefined) return { mark: "-", left, right: undefined };
    // Whose names these are is another matter here, and flags are not looked at.
    const { user, group, flags } = left;
    const node: Node = { ...right.node, user, group, ...(flags !== undefined && { flags }) };
    try {
      const sameContent = left.type !== node.type || (await this.#holds({ left, right, tree }));
      const mark = differenceOf(left, node, { sameContent, sameSize: right.size === sizeOf(left) });
      return mark === undefined ? undefined : { mark, left, right: node };
    } catch (error) {
      this.report(path, requireSourceFault(error));
      return undefined;
    }
  }

  /** Whether a file holds what the snapshot has; true for what is none. @throws SourceError */
  async #holds({ left, right, tree }: Required<Compared>): Promise<boolean> {
    if (left.type !== NodeType.file || left.content === undefined) return true;
    if (right!.size !== contentSize(left.content)) return false;
    if (hasSameTime(left, right!.node) && this.#options.readsAll !== true) return true;
    const { posix } = this.#options;
    const { handle, name } = await tree.placeOf(right!);
    const parts = { posix, hash: this.#repository.idHash[DATA], memory: this.#memory };
    const file = LocalFile.open(parts, handle, name);
    if (file === undefined) throw new SourceError("it cannot be read", { messageCode: "unreadable" });
    try {
      this.filesRead++;
      return await holdsContent(file, left.content, { repository: this.#repository, run: this });
    } finally {
      file.close();
    }
  }
}

interface Compared {
  readonly left: Node;
  readonly right: LiveSide | undefined;
  readonly tree: LiveTree;
}

type Found = Omit<Difference, "path">;

/** Of a folder above sources a snapshot knows nothing but that it is there. */
function onlyRight({ left, right }: Pair<SnapshotSide, LiveSide>): Found | undefined {
  return left === undefined ? { mark: "+", left: undefined, right: right!.node } : undefined;
}

function hasSameTime(left: Node, right: Node): boolean {
  return left.mtimeSeconds === right.mtimeSeconds && left.mtimeNanoseconds === right.mtimeNanoseconds;
}
