/** A root of an earlier snapshot, and what it has of the paths at and below it. */
import { type Counts, type Repository, type Root, SnapshotRecords } from "@bcat/repository";
import { splitPath } from "../path.js";
import type { SnapshotInfo } from "../snapshots.js";
import { decodeLeaf } from "../tree/leaf.js";
import { compareBytes } from "../tree/name.js";
import type { Node } from "../tree/node.js";
import type { FoundRecord } from "../tree/scan.js";
import { decodeScanStats } from "../tree/scan-stats.js";
import type { EntryTable } from "./entry-table.js";
import { ParentEntries, type ParentEntry } from "./parent-entries.js";
import { RACY_MS } from "./racy.js";
import { ScanIndex } from "./scan-index.js";

/** What is the same for all roots of a snapshot. */
export interface KnownOfSnapshot {
  /** What the nodes of the backup are to record. */
  readonly records: number;
  readonly mustResolve: boolean;
}

/** A root of an earlier snapshot. */
export class ParentRoot {
  readonly number: number;
  /** Of what was saved of a backup that did not end. */
  readonly isPartial: boolean;
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

  constructor(repository: Repository, { number, snapshot }: SnapshotInfo, root: Root, known: KnownOfSnapshot) {
    this.#repository = repository;
    this.number = number;
    this.isPartial = !snapshot.complete;
    this.root = root;
    this.counts = snapshot.counts;
    this.racyTime = snapshot.isSettled ? Number.POSITIVE_INFINITY : snapshot.start - RACY_MS;
    this.logHead = snapshot.logHead;
    const recorded = snapshot.records ?? 0;
    this.recordsAll = (recorded & known.records) === known.records;
    this.#recordsHoles = (recorded & SnapshotRecords.holes) !== 0;
    this.mustResolve = known.mustResolve;
  }

  /** Takes over whether an unchanged file has holes, where the nodes tell. */
  keepHoles({ columns }: EntryTable, row: number, node: Node): void {
    if (this.#recordsHoles) columns.holes[row] = node.hasHoles === true ? 1 : 0;
  }

  /** The record of the directory at an absolute path, which is at or below this root. */
  async record(path: Uint8Array): Promise<FoundRecord | undefined> {
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
