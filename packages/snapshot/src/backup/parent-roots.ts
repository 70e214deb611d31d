/**
 * What earlier snapshots know of the roots of a backup. Each root has its own parent: the newest snapshot of the same
 * host, or else of the same client, that holds its path, also inside one of its roots or above some. So a root that is
 * added, dropped or moved under another, or a host that is renamed, costs no reading.
 */
import { type Counts, type ParentOfRoot, type Repository, type Root, SnapshotRecords } from "@bcat/repository";
import { splitPath } from "../path.js";
import { knownSnapshots, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { decodeLeaf } from "../tree/leaf.js";
import { compareBytes } from "../tree/name.js";
import type { Node } from "../tree/node.js";
import type { ScanRecord } from "../tree/scan.js";
import { decodeScanStats } from "../tree/scan-stats.js";
import { isUndo } from "../undo-tag.js";
import type { EntryTable } from "./entry-table.js";
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
  /** Its nodes record whatever ours do: what is unchanged can be taken over as it is. */
  readonly recordsAll: boolean;
  readonly #recordsHoles: boolean;
  /** Head of the log that its references were checked against. */
  readonly logHead: number;
  /** Of its snapshot. */
  readonly counts: Counts;
  readonly #repository: Repository;
  #index: Promise<ScanIndex> | undefined;

  /** @param records what the nodes of the backup are to record */
  constructor(repository: Repository, { number, snapshot }: SnapshotInfo, root: Root, records: number) {
    this.#repository = repository;
    this.number = number;
    this.root = root;
    this.counts = snapshot.counts;
    this.racyTime = snapshot.isSettled ? Number.POSITIVE_INFINITY : snapshot.start - RACY_MS;
    this.logHead = snapshot.logHead;
    const recorded = snapshot.records ?? 0;
    this.recordsAll = (recorded & records) === records;
    this.#recordsHoles = (recorded & SnapshotRecords.holes) !== 0;
    this.mustResolve = repository.history.condemnedSince(snapshot.logHead);
  }

  /** Takes over whether an unchanged file has holes, where the nodes tell. */
  keepHoles({ columns }: EntryTable, row: number, node: Node): void {
    if (this.#recordsHoles) columns.holes[row] = node.hasHoles === true ? 1 : 0;
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

/** A root of the backup, and what is known of it: of two parents that hold a path, the first tells of it. */
interface KnownRoot {
  readonly path: Uint8Array;
  readonly parents: readonly ParentRoot[];
}

export class ParentRoots {
  readonly #roots: readonly KnownRoot[];

  constructor(roots: readonly KnownRoot[]) {
    this.#roots = roots;
  }

  /** The newest parent of all, undefined for none. */
  get newest(): number | undefined {
    return this.#newest()?.number;
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
    const trusted = this.#roots.flatMap((root) => root.parents).filter(({ mustResolve }) => !mustResolve);
    const heads = trusted.map(({ logHead }) => logHead);
    return {
      ...(new Set(parents.map(({ number }) => number)).size > 1 && { parents }),
      ...(heads.length > 0 && { logHead: Math.min(...heads) }),
    };
  }

  /** Of the newest: what this backup will probably count. */
  get totals(): { files: number; bytes: number } | undefined {
    const newest = this.#newest();
    return newest === undefined ? undefined : { files: newest.counts.files, bytes: newest.counts.bytes };
  }

  /** The parent that knows of `path`, which is at or below a root of the backup. */
  of(path: Uint8Array): ParentRoot | undefined {
    return this.#of(path).find((known) => isAtOrBelow(path, known.root.path));
  }

  /** Parents' roots that lie in the folder `path` itself; files among them are known, though the folder is not. */
  inside(path: Uint8Array): readonly ParentRoot[] {
    return this.#of(path).filter(({ root }) => compareBytes(splitPath(root.path).folder, path) === 0);
  }

  /** The newest parent that has `path`, a root of the backup, or something below it. */
  about(path: Uint8Array): ParentRoot | undefined {
    return this.of(path) ?? this.#of(path)[0];
  }

  #of(path: Uint8Array): readonly ParentRoot[] {
    return this.#roots.find((root) => isAtOrBelow(path, root.path))?.parents ?? [];
  }

  #newest(): ParentRoot | undefined {
    const all = this.#roots.flatMap(({ parents }) => parents);
    return all.reduce<ParentRoot | undefined>((a, b) => (a === undefined || b.number > a.number ? b : a), undefined);
  }
}

export interface ParentChoice {
  /** Host to look for first; the environment's, unless another is recorded. */
  readonly host: string;
  /** Client to look for where the host has nothing: a new name for the host, also by `--host`, changes no file. */
  readonly clientId: Uint8Array;
  /** What the nodes of the backup are to record. */
  readonly records: number;
  /** A snapshot to compare with, whosever it is. */
  readonly chosen?: SnapshotInfo;
  /** Roots without a scan count too: as contents, of which nothing is known but what they are. */
  readonly takesContents?: boolean;
}

/** Finds the parents of `roots`. @throws CorruptError */
export async function findParentRoots(
  repository: Repository,
  roots: readonly Uint8Array[],
  choice: ParentChoice,
): Promise<ParentRoots> {
  const { host, clientId, chosen } = choice;
  const found = roots.map((path) => new FoundRoot(path));
  if (chosen !== undefined) {
    const known = rootsOf(repository, chosen, choice);
    for (const root of found) root.add(root.ofHost, known);
    return new ParentRoots(found);
  }
  for (const { number, snapshot } of knownSnapshots(repository).reverse()) {
    const isOfHost = snapshot.host === host;
    const isOfClient = compareBytes(snapshot.clientId, clientId) === 0;
    if ((!isOfHost && !isOfClient) || isUndo(snapshot)) continue;
    const open = found.filter((root) => root.wants(snapshot.roots, isOfHost));
    const info = open.length === 0 ? undefined : await readSnapshot(repository, number);
    if (info === undefined) continue;
    const known = rootsOf(repository, info, choice);
    for (const root of open) root.add(isOfHost ? root.ofHost : root.ofClient, known);
  }
  return new ParentRoots(found);
}

/** One for each root of a snapshot: those of the backup share it, and its scan stream is read once. */
function rootsOf(repository: Repository, info: SnapshotInfo, { records, takesContents }: ParentChoice): ParentRoot[] {
  // One without a scan, such as that of an import, knows nothing of files.
  const roots = info.snapshot.roots.filter(({ scan }) => takesContents === true || scan.length > 0);
  return roots.map((root) => new ParentRoot(repository, info, root, records));
}

/** What has been found for a root of the backup: the newest that holds it, and those below it that no newer one has. */
class FoundRoot implements KnownRoot {
  readonly path: Uint8Array;
  readonly ofHost: ParentRoot[] = [];
  readonly ofClient: ParentRoot[] = [];

  constructor(path: Uint8Array) {
    this.path = path;
  }

  get parents(): readonly ParentRoot[] {
    return this.isWhole(this.path, this.ofHost) ? this.ofHost : [...this.ofHost, ...this.ofClient];
  }

  isWhole(path: Uint8Array, parents: readonly ParentRoot[]): boolean {
    return parents.some(({ root }) => isAtOrBelow(path, root.path));
  }

  /** True when a snapshot with these roots may have something of it. */
  wants(roots: readonly { readonly path: Uint8Array }[], isOfHost: boolean): boolean {
    if (this.isWhole(this.path, this.ofHost) || (!isOfHost && this.isWhole(this.path, this.ofClient))) return false;
    return roots.some(({ path }) => isAtOrBelow(path, this.path) || isAtOrBelow(this.path, path));
  }

  add(parents: ParentRoot[], known: readonly ParentRoot[]): void {
    if (this.isWhole(this.path, parents)) return;
    for (const parent of known) {
      const { path } = parent.root;
      const isPart = isAtOrBelow(path, this.path) && !this.isWhole(path, parents);
      if (isPart || isAtOrBelow(this.path, path)) parents.push(parent);
    }
  }
}
