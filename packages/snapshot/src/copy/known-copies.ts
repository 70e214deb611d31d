/**
 * Which snapshots of the source are in the target already. A copy has the times, the client and the host of its original,
 * and names it; one that has all that restic compares, too, is not looked at more closely.
 */
import type { OriginalSnapshot, Repository, Snapshot, SnapshotSummary } from "@bcat/repository";
import { knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";

/** Snapshots of the source that are tried as an earlier copy of a root. */
const TRIES_MAX = 16;
/** Pairs of snapshots that are kept, with their roots. */
const PAIRS_MAX = 4;

export interface KnownCopy {
  /** In the target. */
  readonly number: number;
  readonly isForgotten: boolean;
}

/** A snapshot of the source, and its copy. */
export interface SnapshotPair {
  readonly source: SnapshotInfo;
  readonly target: SnapshotInfo;
}

export class KnownCopies {
  readonly #source: Repository;
  readonly #target: Repository;
  readonly #byKey = new Map<string, number[]>();
  /** By number in the source, newest last. */
  readonly #pairs = new Map<number, SnapshotPair>();

  /** Of both as they were refreshed last. */
  constructor(source: Repository, target: Repository) {
    this.#source = source;
    this.#target = target;
    for (const [number, summary] of target.history.summaries) if (summary.complete) this.#note(number, summary);
  }

  /** The copy of a snapshot; one that is forgotten only when there is no other. @throws CorruptError; StorageError */
  async find(info: ListedSnapshot): Promise<KnownCopy | undefined> {
    const { history } = this.#target;
    let forgotten: KnownCopy | undefined;
    for (const number of this.#byKey.get(keyOf(info.snapshot)) ?? []) {
      const isLike = areAlike(info.snapshot, history.summaries.get(number)!);
      if (!isLike && !(await this.#isOriginalOf(info, number))) continue;
      if (!history.isForgotten(number)) return { number, isForgotten: false };
      forgotten = { number, isForgotten: true };
    }
    return forgotten;
  }

  /** Notes a copy that was just committed, as it is in the target. */
  note(number: number): void {
    this.#note(number, this.#target.history.summaries.get(number)!);
  }

  /** The copy that is nearest to a snapshot and has its root `path`: most in it is the same. */
  async findBefore({ number, snapshot }: SnapshotInfo, path: Uint8Array): Promise<SnapshotPair | undefined> {
    const all = knownSnapshots(this.#source).filter((info) => info.number !== number && hasRoot(info, path));
    const older = all.filter((info) => info.number < number).reverse();
    const newer = all.filter((info) => info.number > number);
    const near = [...older, ...newer].filter((info) => info.snapshot.host === snapshot.host);
    for (const info of near.slice(0, TRIES_MAX)) {
      const copy = await this.find(info);
      const pair = copy === undefined || copy.isForgotten ? undefined : await this.#pair(info.number, copy.number);
      if (pair !== undefined) return pair;
    }
    return undefined;
  }

  #note(number: number, summary: SnapshotSummary): void {
    const key = keyOf(summary);
    const numbers = this.#byKey.get(key);
    if (numbers === undefined) this.#byKey.set(key, [number]);
    else numbers.push(number);
  }

  async #isOriginalOf(info: ListedSnapshot, number: number): Promise<boolean> {
    const copy = await this.#target.readOutcome(number);
    const source = await this.#source.readOutcome(info.number);
    if (copy?.kind !== "snapshot" || source?.kind !== "snapshot") return false;
    const { original, originalRepository } = copy.snapshot;
    const wanted = originalOf(this.#source, { number: info.number, snapshot: source.snapshot });
    return (
      originalRepository !== undefined &&
      original?.number === wanted.original.number &&
      compareBytes(originalRepository, wanted.originalRepository) === 0
    );
  }

  /** Undefined when one is gone, or the copy lacks what was damaged. */
  async #pair(from: number, to: number): Promise<SnapshotPair | undefined> {
    const known = this.#pairs.get(from);
    if (known !== undefined) return known;
    const source = await readSnapshot(this.#source, from);
    const target = await readSnapshot(this.#target, to);
    if (source === undefined || target === undefined) return undefined;
    if (source.snapshot.errors.total !== target.snapshot.errors.total) return undefined;
    const pair = { source, target };
    this.#pairs.set(from, pair);
    for (const oldest of this.#pairs.keys()) if (this.#pairs.size > PAIRS_MAX) this.#pairs.delete(oldest);
    return pair;
  }
}

/** What a copy names as its original: a copy of a copy the first. */
export function originalOf(
  source: Repository,
  { number, snapshot: { start, original, originalRepository } }: SnapshotInfo,
): { readonly original: OriginalSnapshot; readonly originalRepository: Uint8Array } {
  if (original !== undefined && originalRepository !== undefined) return { original, originalRepository };
  return { original: { number, time: start }, originalRepository: source.id };
}

function keyOf({ start, end, clientId, host }: Pick<Snapshot, "start" | "end" | "clientId" | "host">): string {
  return `${start} ${end} ${Buffer.from(clientId).toString("hex")} ${host}`;
}

function areAlike(a: SnapshotSummary, b: SnapshotSummary): boolean {
  return (
    a.user === b.user &&
    a.counts.files === b.counts.files &&
    a.counts.bytes === b.counts.bytes &&
    areSame(a.tags, b.tags) &&
    areSame(a.excludes, b.excludes) &&
    areSame(a.roots.map(pathKey), b.roots.map(pathKey))
  );
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

function pathKey({ path }: { readonly path: Uint8Array }): string {
  return Buffer.from(path).toString("latin1");
}

function hasRoot({ snapshot }: ListedSnapshot, path: Uint8Array): boolean {
  return snapshot.roots.some((root) => compareBytes(root.path, path) === 0);
}
