/**
 * What earlier snapshots know of the roots of a backup. Each root has its own parent: the newest snapshot of the same
 * host, or else of the same client, that holds its path, also inside one of its roots or above some. So a root that is
 * added, dropped or moved under another, or a host that is renamed, costs no reading.
 */
import type { ParentOfRoot, Repository } from "@bcat/repository";
import { PathIndex } from "../path-index.js";
import { keptSnapshots, readSnapshot, type SnapshotInfo } from "../snapshots.js";
import { compareBytes } from "../tree/name.js";
import { isUndo } from "../undo-tag.js";
import type { ParentEntry } from "./parent-entries.js";
import { ParentList, pathOfParent } from "./parent-list.js";
import { ParentRoot } from "./parent-root.js";

/** A root of the backup, and what is known of it: of two parents that hold a path, the first tells of it. */
interface KnownRoot {
  readonly path: Uint8Array;
  readonly parents: ParentList;
  /** What interrupted backups have of it, each the roots of one, newest first: they tell before the others. */
  readonly partials: readonly PathIndex<ParentRoot>[];
}

/** Partial snapshots that are looked at: what was done before so many interruptions is read again. */
const PARTIALS_MAX = 8;

export class ParentRoots {
  readonly #roots: readonly KnownRoot[];
  readonly #byPath: PathIndex<KnownRoot>;

  constructor(roots: readonly KnownRoot[]) {
    this.#roots = roots;
    this.#byPath = new PathIndex(roots, ({ path }) => path);
  }

  /** The newest parent of all, undefined for none. */
  get newest(): number | undefined {
    return newestOf(this.#all())?.number;
  }

  /** The newest that is no partial snapshot. */
  get newestWhole(): number | undefined {
    return this.#newestWhole()?.number;
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
    const trusted = this.#all().filter(({ mustResolve }) => !mustResolve);
    const heads = trusted.map(({ logHead }) => logHead);
    return {
      ...(new Set(parents.map(({ number }) => number)).size > 1 && { parents }),
      ...(heads.length > 0 && { logHead: heads.reduce((a, b) => Math.min(a, b)) }),
    };
  }

  /** Of the newest: what this backup will probably count. */
  get totals(): { files: number; bytes: number } | undefined {
    const newest = this.#newestWhole();
    return newest === undefined ? undefined : { files: newest.counts.files, bytes: newest.counts.bytes };
  }

  /** The parents that may know of `path`, which is at or below a root of the backup: the first that does tells of it. */
  of(path: Uint8Array): readonly ParentRoot[] {
    const known = this.#byPath.atOrAbove(path);
    if (known === undefined) return [];
    const whole = known.parents.atOrAbove(path);
    if (known.partials.length === 0) return whole === undefined ? [] : [whole];
    return [...known.partials.map((roots) => roots.atOrAbove(path)), whole].filter((root) => root !== undefined);
  }

  /** What the first parent that has the entry at `path`, a root of the backup, has of it. */
  async entry(path: Uint8Array): Promise<{ root?: ParentRoot; parent?: ParentEntry }> {
    for (const root of this.of(path)) {
      const parent = await root.entry(path);
      if (parent !== undefined) return { root, parent };
    }
    return {};
  }

  /** Whether parents' roots lie in the folder `path` itself; files among them are known, though the folder is not. */
  hasInside(path: Uint8Array): boolean {
    return this.#byPath.atOrAbove(path)?.parents.hasInside(path) === true;
  }

  /** The parent whose root is `path` itself. */
  at(path: Uint8Array): ParentRoot | undefined {
    return this.#byPath.atOrAbove(path)?.parents.at(path);
  }

  /** The newest parent that has `path`, a root of the backup, or something below it. */
  about(path: Uint8Array): ParentRoot | undefined {
    return this.of(path)[0] ?? this.#byPath.atOrAbove(path)?.parents.all[0];
  }

  /** The newest of what interrupted backups have of `path`, a root of the backup, or of something below it. */
  partialOf(path: Uint8Array): ParentRoot | undefined {
    const [newest] = this.#byPath.atOrAbove(path)?.partials ?? [];
    return newest?.atOrAbove(path) ?? newest?.atOrBelow(path)[0];
  }

  #all(): ParentRoot[] {
    return this.#roots.flatMap(({ path, parents, partials }) => [
      ...partials.flatMap((roots) => roots.atOrAbove(path) ?? roots.atOrBelow(path)),
      ...parents.all,
    ]);
  }

  #newestWhole(): ParentRoot | undefined {
    return newestOf(this.#roots.flatMap(({ parents }) => parents.all.filter(({ isPartial }) => !isPartial)));
  }
}

function newestOf(roots: readonly ParentRoot[]): ParentRoot | undefined {
  return roots.reduce<ParentRoot | undefined>((a, b) => (a === undefined || b.number > a.number ? b : a), undefined);
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
    for (const root of found) root.add(known, true);
    return new ParentRoots(found.map((root) => root.known()));
  }
  let open = found;
  let partials = 0;
  for (const { number, snapshot } of keptSnapshots(repository).reverse()) {
    if (open.length === 0) break;
    const isOfHost = snapshot.host === host;
    const isOfClient = compareBytes(snapshot.clientId, clientId) === 0;
    if ((!isOfHost && !isOfClient) || isUndo(snapshot)) continue;
    if (!snapshot.complete && partials++ >= PARTIALS_MAX) continue;
    const summary = new PathIndex(snapshot.roots, ({ path }) => path);
    const wanting = open.filter((root) => root.wants(summary, isOfHost));
    const info = wanting.length === 0 ? undefined : await readSnapshot(repository, number);
    if (info === undefined) continue;
    const known = rootsOf(repository, info, choice);
    for (const root of wanting) {
      if (snapshot.complete) root.add(known, isOfHost);
      else root.addPartial(known);
    }
    open = open.filter((root) => !root.isDone);
  }
  return new ParentRoots(found.map((root) => root.known()));
}

/** One for each root of a snapshot: those of the backup share it, and its scan stream is read once. */
function rootsOf(
  repository: Repository,
  info: SnapshotInfo,
  { records, takesContents }: ParentChoice,
): PathIndex<ParentRoot> {
  const { roots, logHead } = info.snapshot;
  const mustResolve = repository.history.condemnedSince(logHead);
  const parents = roots
    // One without a scan, such as that of an import, knows nothing of files.
    .filter(({ scan }) => takesContents === true || scan.length > 0)
    .map((root) => new ParentRoot(repository, info, root, { records, mustResolve }));
  return new PathIndex(parents, pathOfParent);
}

/** What has been found for a root of the backup: the newest that holds it, and those below it that no newer one has. */
class FoundRoot {
  readonly path: Uint8Array;
  readonly #ofHost: ParentList;
  readonly #ofClient: ParentList;
  readonly #partials: PathIndex<ParentRoot>[] = [];

  constructor(path: Uint8Array) {
    this.path = path;
    this.#ofHost = new ParentList(path);
    this.#ofClient = new ParentList(path);
  }

  /** No older snapshot is wanted. */
  get isDone(): boolean {
    return this.#ofHost.isWhole;
  }

  known(): KnownRoot {
    const parents = this.isDone ? this.#ofHost : this.#ofHost.with(this.#ofClient);
    return { path: this.path, parents, partials: this.#partials };
  }

  /** True when a snapshot with these roots may have something of it. */
  wants<Known>(roots: PathIndex<Known>, isOfHost: boolean): boolean {
    if (this.isDone || (!isOfHost && this.#ofClient.isWhole)) return false;
    return roots.atOrAbove(this.path) !== undefined || roots.hasAtOrBelow(this.path);
  }

  /** Takes what an interrupted backup has. */
  addPartial(known: PathIndex<ParentRoot>): void {
    this.#partials.push(known);
  }

  add(known: PathIndex<ParentRoot>, isOfHost: boolean): void {
    (isOfHost ? this.#ofHost : this.#ofClient).add(known);
  }
}
