/**
 * Which snapshots of the source are in the target already. A copy has the times, the client and the host of its original,
 * and names it; one that has all that restic compares, too, is not looked at more closely.
 */
import type { Original, Repository, Snapshot, SnapshotSummary } from "@bcat/repository";
import { knownSnapshots, type ListedSnapshot, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";
import { withoutContinued } from "../undo-tag.js";
import type { IncompleteCopy } from "./options.js";

/** Snapshots of the source that are tried as an earlier copy of a root. */
const TRIES_MAX = 16;
/** Pairs of snapshots that are kept, with their roots. */
const PAIRS_MAX = 4;

export interface KnownCopy {
  /** In the target. */
  readonly number: number;
  readonly isForgotten: boolean;
  /** One that lacks entries: this one, or where this one is whole another that it was to take the place of. */
  readonly incomplete?: IncompleteCopy;
}

/** A snapshot of the source, and its copy. */
export interface SnapshotPair {
  readonly source: SnapshotInfo;
  readonly target: SnapshotInfo;
}

export class KnownCopies {
  readonly #source: Likes;
  readonly #target: Likes;
  /** By number in the source, newest last. */
  readonly #pairs = new Map<number, SnapshotPair>();

  /** Of both as they were refreshed last. */
  constructor(source: Repository, target: Repository) {
    this.#source = new Likes(source);
    this.#target = new Likes(target);
  }

  /**
   * The copy of a snapshot; one that lacks entries only when there is none that is whole, one that is forgotten only when
   * there is no other.
   *
   * @throws CorruptError; StorageError
   */
  async find(info: ListedSnapshot): Promise<KnownCopy | undefined> {
    const { history } = this.#target.repository;
    let forgotten: KnownCopy | undefined;
    let incomplete: IncompleteCopy | undefined;
    for (const number of this.#target.like(info.snapshot)) {
      const copy = history.summaries.get(number)!;
      if (copy.complete !== info.snapshot.complete) continue;
      if (!areAlike(info.snapshot, copy) && !(await this.#isOf(info.number, number))) continue;
      const lacks = copy.errors.total - info.snapshot.errors.total;
      if (history.isForgotten(number)) forgotten = { number, isForgotten: true };
      else if (lacks > 0)
        incomplete = better(incomplete, { number, lacks, isRewritten: isRewritten(info.snapshot, copy) });
      else if (incomplete?.isRewritten !== false) return { number, isForgotten: false };
      else return { number, isForgotten: false, incomplete };
    }
    return incomplete === undefined ? forgotten : { number: incomplete.number, isForgotten: false, incomplete };
  }

  /** Whether a snapshot of the source, by its number, has a copy that is not forgotten. */
  async has(number: number): Promise<boolean> {
    const snapshot = this.#source.repository.history.summaries.get(number);
    const copy = snapshot && (await this.find({ number, snapshot }));
    return copy?.isForgotten === false;
  }

  /** Notes a copy that was just committed, as it is in the target. */
  note(number: number): void {
    this.#target.note(number);
  }

  /** The copy that is nearest to a snapshot and has its root `path`: most in it is the same. */
  async findBefore({ number, snapshot }: SnapshotInfo, path: Uint8Array): Promise<SnapshotPair | undefined> {
    const all = knownSnapshots(this.#source.repository).filter((info) => info.number !== number && hasRoot(info, path));
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

  /** True when snapshot `to` of the target was copied from `from`, or made from what was, as by `tag` or `rewrite`. */
  async #isOf(from: number, to: number): Promise<boolean> {
    const wanted = await this.#source.identify(from);
    const found = await this.#target.origin(to);
    return wanted !== undefined && found?.repository !== undefined && isSameOriginal(wanted, found);
  }

  /**
   * Undefined when one is gone; when the copy lacks what was damaged; or when one was made anew since, so that it may lack
   * what the other has: of several made from one original, the first is the copy.
   */
  async #pair(from: number, to: number): Promise<SnapshotPair | undefined> {
    const known = this.#pairs.get(from);
    if (known !== undefined) return known;
    if (!(await this.#isOf(from, to)) || !(await this.#target.isFirst(to))) return undefined;
    const source = await readSnapshot(this.#source.repository, from);
    const target = await readSnapshot(this.#target.repository, to);
    if (source === undefined || target === undefined) return undefined;
    if (source.snapshot.errors.total !== target.snapshot.errors.total) return undefined;
    const pair = { source, target };
    this.#pairs.set(from, pair);
    for (const oldest of this.#pairs.keys()) if (this.#pairs.size > PAIRS_MAX) this.#pairs.delete(oldest);
    return pair;
  }
}

/** The snapshots of one repository by what a copy keeps. */
class Likes {
  readonly repository: Repository;
  readonly #byKey = new Map<string, number[]>();

  constructor(repository: Repository) {
    this.repository = repository;
    const numbers = [...repository.history.summaries].sort(([a], [b]) => a - b);
    for (const [number] of numbers) this.note(number);
  }

  note(number: number): void {
    const key = keyOf(this.repository.history.summaries.get(number)!);
    const numbers = this.#byKey.get(key);
    if (numbers === undefined) this.#byKey.set(key, [number]);
    else numbers.push(number);
  }

  /** Numbers of those with the same times, client and host; also forgotten ones; ascending. */
  like(snapshot: KeyFields): readonly number[] {
    return this.#byKey.get(keyOf(snapshot)) ?? [];
  }

  /** What a snapshot says that it was made from. */
  async origin(number: number): Promise<Original | undefined> {
    const outcome = await this.repository.readOutcome(number);
    return outcome?.kind === "snapshot" ? outcome.snapshot.original : undefined;
  }

  /** What a copy of a snapshot names as its original; undefined when it was made anew from a copy. */
  async identify(number: number): Promise<Original | undefined> {
    const outcome = await this.repository.readOutcome(number);
    if (outcome?.kind !== "snapshot" || !(await this.isFirst(number))) return undefined;
    return originalOf(this.repository, { number, snapshot: outcome.snapshot });
  }

  /** True unless it was made from a copy that is here, or was: one that lacks fewer entries is a copy of its own. */
  async isFirst(number: number): Promise<boolean> {
    const origin = await this.origin(number);
    if (origin?.repository === undefined) return true;
    const { summaries } = this.repository.history;
    const summary = summaries.get(number)!;
    for (const other of this.like(summary)) {
      if (other >= number) return true;
      if (summaries.get(other)!.errors.total > summary.errors.total) continue;
      const found = await this.origin(other);
      if (found?.repository !== undefined && isSameOriginal(origin, found)) return false;
    }
    return true;
  }
}

/** What a copy names as its original: a copy of a copy the first. */
export function originalOf(source: Repository, { number, snapshot: { start, original } }: SnapshotInfo): Original {
  if (original?.repository !== undefined) {
    const { number: first, time, repository, placeThere } = original;
    return { number: first, time, repository, ...(placeThere && { placeThere }) };
  }
  const place = original === undefined ? {} : { placeThere: original.number };
  return { number, time: start, repository: source.id, ...place };
}

/** Of another repository, both. */
function isSameOriginal(a: Original, b: Original): boolean {
  return a.number === b.number && compareBytes(a.repository!, b.repository!) === 0;
}

type KeyFields = Pick<Snapshot, "start" | "end" | "clientId" | "host">;

function keyOf({ start, end, clientId, host }: KeyFields): string {
  return `${start} ${end} ${Buffer.from(clientId).toString("hex")} ${host}`;
}

/** One that nothing was left out of on purpose, if there is one, and then the one that lacks least. */
function better(one: IncompleteCopy | undefined, other: IncompleteCopy): IncompleteCopy {
  if (one === undefined || (one.isRewritten && !other.isRewritten)) return other;
  return one.isRewritten === other.isRewritten && other.lacks < one.lacks ? other : one;
}

function isRewritten(snapshot: SnapshotSummary, copy: SnapshotSummary): boolean {
  return (
    !areSame(snapshot.excludes, copy.excludes) ||
    !areSame(withoutContinued(snapshot.options), withoutContinued(copy.options))
  );
}

const comparedCounts = ["files", "directories", "symlinks", "others", "bytes"] as const;

function areAlike(a: SnapshotSummary, b: SnapshotSummary): boolean {
  return (
    a.user === b.user &&
    comparedCounts.every((name) => a.counts[name] === b.counts[name]) &&
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
