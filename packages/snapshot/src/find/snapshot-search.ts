/**
 * Finds entries in many snapshots. A folder that was gone through and had nothing is known by the id of what is in it, and
 * is not read again in the snapshots that follow: only what differs between them is.
 */
import { CorruptError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { keyOf, splitPath } from "../path.js";
import { type Entry, rootEntries } from "../root-entries.js";
import { readSnapshot } from "../snapshots.js";
import { IdSet } from "../stats/id-set.js";
import type { Node, TreeReference } from "../tree/node.js";
import { Turns } from "../turns.js";
import { type Candidate, nameOf } from "./candidate.js";
import type { Findings } from "./findings.js";
import { SearchLevel } from "./search-level.js";

/** Opened frames in memory, bytes: the folders of a snapshot lie in as many packs as there were backups. */
const FRAMES_SIZE_MAX = 64 * 2 ** 20;
/** Folders without a match that are remembered, 16 bytes each; what is beyond that is read again. */
const EMPTY_MAX = 3_000_000;
/** Matches that are remembered, with the folders that they are in. */
const MATCHES_MAX = 300_000;

/** What is looked for. */
export interface Search {
  /** Whether an entry is meant. */
  readonly matches: (candidate: Candidate) => boolean | Promise<boolean>;
  /** Whether it depends on the path of a folder what is found in it: on names alone, it does not. */
  readonly isByPath: boolean;
}

export interface SearchOptions {
  readonly signal?: AbortSignal;
  /** Told of each folder that is read, so far in all. */
  readonly onFolder?: (folders: number) => void;
  /** Told once of each folder that cannot be read, wherever it is met; without, that is thrown. */
  readonly onDamage?: (path: Uint8Array, damage: CorruptError) => void;
}

export class SnapshotSearch {
  readonly #repository: Repository;
  readonly #search: Search;
  readonly #options: SearchOptions;
  readonly #empty = new IdSet();
  readonly #known = new Map<string, Findings>();
  readonly #damaged = new Set<string>();
  readonly #turns: Turns;
  #knownParts = 0;
  #folders = 0;

  constructor(repository: Repository, search: Search, options: SearchOptions = {}) {
    this.#repository = repository.withSignal(options.signal).withFrames(FRAMES_SIZE_MAX);
    this.#search = search;
    this.#options = options;
    this.#turns = new Turns(repository.environment.now);
  }

  /** What is found in a snapshot, in order of path. @throws CorruptError; StorageError; BcatError refused */
  async *in(number: number): AsyncGenerator<Entry> {
    const info = await readSnapshot(this.#repository, number);
    if (info === undefined) return;
    for (const root of rootEntries(info)) yield* this.#walk(root);
  }

  async *#walk(root: Entry): AsyncGenerator<Entry> {
    const { path, node } = root;
    const { type, subtree } = node;
    const name = nameOf(splitPath(path).name);
    const top: Candidate = { name, type, subtree, path: () => path, node: () => node };
    if (await this.#search.matches(top)) yield root;
    const levels: SearchLevel[] = [];
    for (const entry of this.#enter(levels, top)?.entries(path) ?? []) yield entry;
    for (let last = levels.at(-1); last !== undefined; last = levels.at(-1)) {
      const next = last.next();
      if (next === undefined) {
        if (!(await this.#fill(last))) this.#leave(levels);
        continue;
      }
      if (this.#turns.entry()) await this.#takeTurn();
      const match = this.#match(last, next);
      // Of hundreds of thousands of entries, few have to be waited for.
      const found = match instanceof Promise ? await match : match;
      if (found !== undefined) {
        last.add(found);
        yield { path: next.path(), node: found };
      }
      const known = this.#enter(levels, next);
      if (known === undefined) continue;
      for (const entry of known.entries(next.path())) yield entry;
    }
  }

  /** What comes out of memory waits for nothing: an interrupt would be heard of when all is over. */
  async #takeTurn(): Promise<void> {
    await this.#turns.take();
    this.#options.signal?.throwIfAborted();
  }

  /** Reads more entries of a level; false at its end. */
  async #fill(level: SearchLevel): Promise<boolean> {
    try {
      return await level.fill();
    } catch (error) {
      this.#noteDamage(level, error);
      return false;
    }
  }

  /** The entry if it is meant. */
  #match(level: SearchLevel, candidate: Candidate): Node | undefined | Promise<Node | undefined> {
    const nodeIf = (isMeant: boolean) => (isMeant ? candidate.node() : undefined);
    try {
      const isMeant = this.#search.matches(candidate);
      if (typeof isMeant === "boolean") return nodeIf(isMeant);
      return isMeant.then(nodeIf).catch((error: unknown) => this.#noteDamage(level, error));
    } catch (error) {
      return this.#noteDamage(level, error);
    }
  }

  /** Ends a level that is damaged, of which nothing is remembered. @throws what is no damage, or to be told to nobody */
  #noteDamage(level: SearchLevel, error: unknown): undefined {
    const { onDamage } = this.#options;
    if (!(error instanceof CorruptError) || onDamage === undefined) throw error;
    this.#damaged.add(keyOf(level.folder.key));
    level.end();
    onDamage(level.folder.path, error);
  }

  /** Goes on with what is in a directory, unless that is known. */
  #enter(levels: SearchLevel[], candidate: Candidate): Findings | undefined {
    const { subtree } = candidate;
    if (subtree === undefined) return undefined;
    const key = this.#keyOf(candidate, subtree);
    if (this.#empty.has(key)) return undefined;
    const known = this.#known.get(keyOf(key));
    const path = candidate.path();
    if (known !== undefined || this.#damaged.has(keyOf(key))) {
      levels.at(-1)?.addBelow(splitPath(path).name, known);
      return known;
    }
    this.#options.signal?.throwIfAborted();
    this.#options.onFolder?.(++this.#folders);
    levels.push(new SearchLevel(this.#repository, { path, subtree, key }));
    return undefined;
  }

  /** The last level has been gone through: what was found in it is remembered, and belongs to the one above, too. */
  #leave(levels: SearchLevel[]): void {
    const { folder, found } = levels.pop()!;
    if (found !== undefined) this.#remember(folder.key, found);
    levels.at(-1)?.addBelow(splitPath(folder.path).name, found);
  }

  #remember(key: Uint8Array, found: Findings): void {
    if (found.count === 0) {
      if (this.#empty.count < EMPTY_MAX) this.#empty.add(key);
      return;
    }
    if (this.#knownParts + found.partCount > MATCHES_MAX) {
      this.#known.clear();
      this.#knownParts = 0;
    }
    this.#known.set(keyOf(key), found);
    this.#knownParts += found.partCount;
  }

  #keyOf(candidate: Candidate, { id }: TreeReference): Uint8Array {
    if (!this.#search.isByPath) return id;
    return this.#repository.context.blake3.hash(Buffer.concat([id, candidate.path()]));
  }
}
