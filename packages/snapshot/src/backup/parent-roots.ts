/**
 * What earlier snapshots know of the roots of a backup. Each root has its own parent: the newest snapshot of the same
 * host, or else of the same client, that holds its path, also inside one of its roots or above some. So a root that is
 * added, dropped or moved under another, or a host that is renamed, costs no reading.
 */
import type { Counts, ParentOfRoot, Repository, Root } from "@bcat/repository";
import { splitPath } from "../path.js";
import { findSnapshot, knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { decodeLeaf } from "../tree/leaf.js";
import { compareBytes } from "../tree/name.js";
import type { ScanRecord } from "../tree/scan.js";
import { decodeScanStats } from "../tree/scan-stats.js";
import { ParentEntries, type ParentEntry } from "./parent-entries.js";
import { RACY_MS } from "./racy.js";
import { isAtOrBelow } from "./roots.js";
import { ScanIndex } from "./scan-index.js";

/** A root of an earlier snapshot. */
export class ParentRoot {
  readonly number: number;
  readonly root: Root;
  /** Files that changed behind it (ms) are read again; infinite for a snapshot whose scan has no such files. */
  readonly racyTime: number;
  /** Packs were condemned since it was committed: references are looked up before they are taken over. */
  readonly mustResolve: boolean;
  /** Head of the log that its references were checked against. */
  readonly logHead: number;
  /** Of its snapshot. */
  readonly counts: Counts;
  readonly #repository: Repository;
  #index: Promise<ScanIndex> | undefined;

  constructor(repository: Repository, { number, snapshot }: SnapshotInfo, root: Root) {
    this.#repository = repository;
    this.number = number;
    this.root = root;
    this.counts = snapshot.counts;
    this.racyTime = snapshot.isSettled ? Number.POSITIVE_INFINITY : snapshot.start - RACY_MS;
    this.logHead = snapshot.logHead;
    this.mustResolve = repository.history.condemnedSince(snapshot.logHead);
  }

  /** The record of the directory at an absolute path, which is at or below this root. */
  async record(path: Uint8Array): Promise<ScanRecord | undefined> {
    this.#index ??= ScanIndex.read(this.#repository, this.root);
    const { length } = this.root.path;
    const skip = length === path.length || length === 1 ? length : length + 1;
    return await (await this.#index).find(path.subarray(skip));
  }

  /** What it has of an entry that is a root now: as its own root, or in a directory. */
  async entry(path: Uint8Array): Promise<ParentEntry | undefined> {
    if (compareBytes(path, this.root.path) === 0) return await this.#rootEntry();
    const { folder, name } = splitPath(path);
    const record = await this.record(folder);
    if (record === undefined) return undefined;
    const entries = new ParentEntries(this.#repository, record);
    while (!entries.covers(name)) await entries.nextLeaf();
    return entries.find(name);
  }

  async #rootEntry(): Promise<ParentEntry | undefined> {
    const node = decodeLeaf(this.root.node, { root: true })[0];
    const record = await this.record(this.root.path);
    if (node === undefined || record === undefined || record.entryCount !== 1) return undefined;
    return { node, stats: decodeScanStats(record, { what: "a scan record" }), row: 0 };
  }
}

export class ParentRoots {
  /** The newest first: of two that hold a path, the newer tells of it. */
  readonly #roots: readonly ParentRoot[];

  constructor(roots: readonly ParentRoot[]) {
    this.#roots = roots;
  }

  /** The newest parent of all, undefined for none. */
  get newest(): number | undefined {
    return this.#roots.reduce<number | undefined>((newest, { number }) => Math.max(newest ?? 0, number), undefined);
  }

  /**
   * What the snapshot of `paths` records of its parents: which root had which, where they differ, and the lowest log head
   * that references were checked against which are taken over unresolved (docs/decisions/0002).
   */
  recordedFor(paths: readonly Uint8Array[]): { parents?: readonly ParentOfRoot[]; logHead?: number } {
    const parents = paths.flatMap((path) => {
      const number = this.about(path)?.number;
      return number === undefined ? [] : [{ path, number }];
    });
    const heads = this.#roots.filter(({ mustResolve }) => !mustResolve).map(({ logHead }) => logHead);
    return {
      ...(new Set(parents.map(({ number }) => number)).size > 1 && { parents }),
      ...(heads.length > 0 && { logHead: Math.min(...heads) }),
    };
  }

  /** Of the newest: what this backup will probably count. */
  get totals(): { files: number; bytes: number } | undefined {
    const newest = this.#roots.find(({ number }) => number === this.newest);
    return newest === undefined ? undefined : { files: newest.counts.files, bytes: newest.counts.bytes };
  }

  /** The parent that knows of `path`. */
  of(path: Uint8Array): ParentRoot | undefined {
    return this.#roots.find((known) => isAtOrBelow(path, known.root.path));
  }

  /** The newest parent that has `path` or something below it. */
  about(path: Uint8Array): ParentRoot | undefined {
    return this.of(path) ?? this.#roots.find((known) => isAtOrBelow(known.root.path, path));
  }
}

export interface ParentChoice {
  /** Host to look for first; the environment's, unless another is recorded. */
  readonly host: string;
  /** Client to look for where the host has nothing; undefined to look for the host only. */
  readonly clientId: Uint8Array | undefined;
  /** A snapshot to compare with, whosever it is. */
  readonly parent?: string;
}

/** Finds the parents of `roots`. @throws BcatError not-found for a chosen one; CorruptError */
export async function findParentRoots(
  repository: Repository,
  roots: readonly Uint8Array[],
  choice: ParentChoice,
): Promise<ParentRoots> {
  if (choice.parent !== undefined) {
    const info = await findSnapshot(repository, choice.parent);
    return new ParentRoots(info.snapshot.roots.map((root) => new ParentRoot(repository, info, root)));
  }
  const found = new Map<Uint8Array, ParentRoot[]>(roots.map((root) => [root, []]));
  const { clientId } = choice;
  await collect(repository, found, ({ snapshot }) => snapshot.host === choice.host);
  if (clientId !== undefined)
    await collect(repository, found, ({ snapshot }) => compareBytes(snapshot.clientId, clientId) === 0);
  return new ParentRoots([...found.values()].flat());
}

/** Adds to each root the newest snapshot that holds it, and those with roots below it that no newer one has. */
async function collect(
  repository: Repository,
  found: ReadonlyMap<Uint8Array, ParentRoot[]>,
  isWanted: (listed: ListedSnapshot) => boolean,
): Promise<void> {
  const isWhole = (path: Uint8Array, parents: readonly ParentRoot[]) =>
    parents.some(({ root }) => isAtOrBelow(path, root.path));
  for (const listed of knownSnapshots(repository).reverse()) {
    const open = [...found].filter(([path, parents]) => !isWhole(path, parents));
    if (open.length === 0) return;
    const holds = (path: Uint8Array) =>
      listed.snapshot.roots.some((root) => isAtOrBelow(root.path, path) || isAtOrBelow(path, root.path));
    if (!isWanted(listed) || !open.some(([path]) => holds(path))) continue;
    const info = await readSnapshot(repository, listed.number);
    if (info === undefined) continue;
    for (const [path, parents] of open) {
      for (const root of info.snapshot.roots) {
        const isPart = isAtOrBelow(root.path, path) && !isWhole(root.path, parents);
        if (isPart || isAtOrBelow(path, root.path)) parents.push(new ParentRoot(repository, info, root));
      }
    }
  }
}
